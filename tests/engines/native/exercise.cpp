// Runs every kernel on odd sizes, for the sanitizers to watch (test_builds.py). The arrays that the
// caller owns are allocated to the byte, so that reading one float past them is seen.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

extern "C" {
void* paribus_create(const int32_t*, int32_t, const int32_t*, int32_t, const int32_t*,
                     const double*, char*, int32_t);
void paribus_destroy(void*);
int32_t paribus_classes(void*);
int64_t paribus_tensor_size(void*, int32_t, int32_t);
void paribus_write_tensor(void*, int32_t, int32_t, const float*);
void paribus_prepare(void*, const float*, int64_t);
void paribus_train(void*, const float*, const int64_t*, const int64_t*, int64_t, int32_t, int64_t,
                   int32_t, const double*, double*, int64_t*);
void paribus_evaluate(void*, const float*, const int64_t*, int64_t, float*, double*);
}

namespace {

uint32_t state = 1;
float uniform() {  // in -0.5 ... 0.5
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / (1 << 24) - 0.5f;
}

struct Case {
  std::vector<int32_t> input;
  std::vector<int32_t> program;
};

enum { CONV, MAX_POOL, AVERAGE_POOL, RELU, TANH, SIGMOID, NORM, FLATTEN, LINEAR, BEGIN, END };

const Case CASES[] = {
    {{1, 5, 5}, {FLATTEN, 0, 0, LINEAR, 33, 0, RELU, 0, 0, LINEAR, 5, 0}},
    {{1, 28, 28}, {FLATTEN, 0, 0, LINEAR, 50, 0, RELU, 0, 0, LINEAR, 5, 0}},
    {{1, 8, 8}, {FLATTEN, 0, 0, LINEAR, 129, 0, RELU, 0, 0, LINEAR, 5, 0}},
    {{1, 8, 8}, {FLATTEN, 0, 0, LINEAR, 7, 0, NORM, 0, 0, TANH, 0, 0, LINEAR, 5, 0}},
    {{3, 7, 7},
     {CONV, 8, 3, RELU, 0, 0, MAX_POOL, 0, 0, CONV, 16, 3, RELU, 0, 0, FLATTEN, 0, 0,
      LINEAR, 5, 0}},
    {{2, 9, 6},
     {CONV, 6, 5, SIGMOID, 0, 0, AVERAGE_POOL, 0, 0, CONV, 5, 1, CONV, 5, 3, FLATTEN, 0, 0,
      LINEAR, 5, 0}},
    {{1, 28, 28},
     {CONV, 8, 3, BEGIN, 0, 0, NORM, 0, 0, RELU, 0, 0, CONV, 8, 3, END, 0, 0, MAX_POOL, 0, 0,
      CONV, 32, 3, BEGIN, 0, 0, RELU, 0, 0, CONV, 32, 3, END, 0, 0, MAX_POOL, 0, 0, RELU, 0, 0,
      FLATTEN, 0, 0, LINEAR, 5, 0}},
};

bool run(const Case& test, int images, int batch, int threads, int method, bool mostly_zero) {
  const int32_t optimizer[2] = {method, 1};
  const double settings[6] = {0.9, 0.9, 0.999, 1e-8, 0.01, 0.1};
  char error[200] = "";
  void* network = paribus_create(test.program.data(), static_cast<int32_t>(test.program.size() / 3),
                                 test.input.data(), threads, optimizer, settings, error, 200);
  if (!network) {
    std::printf("%s\n", error);
    return false;
  }
  for (int kind : {0, 2})
    for (int32_t t = 0; paribus_tensor_size(network, kind, t) >= 0; ++t) {
      std::vector<float> tensor(paribus_tensor_size(network, kind, t));
      for (float& value : tensor) value = kind == 2 ? 1.0f : 0.5f * uniform();
      paribus_write_tensor(network, kind, t, tensor.data());
    }
  std::vector<float> pixels(static_cast<size_t>(images) * test.input[0] * test.input[1] *
                            test.input[2]);
  for (float& pixel : pixels) pixel = mostly_zero && uniform() < 0.3f ? 0.0f : uniform();
  paribus_prepare(network, pixels.data(), images);
  std::vector<int64_t> labels(images), order(images);
  for (int n = 0; n < images; ++n) {
    labels[n] = n % 5;
    order[n] = images - 1 - n;
  }
  const int steps = (images + batch - 1) / batch;
  std::vector<double> rates(steps, 0.01), losses(steps), image_losses(images);
  std::vector<int64_t> correct(steps);
  std::vector<float> shares(static_cast<size_t>(images) * paribus_classes(network));
  paribus_train(network, pixels.data(), labels.data(), order.data(), images, batch, 0, steps,
                rates.data(), losses.data(), correct.data());
  paribus_evaluate(network, pixels.data(), labels.data(), images, shares.data(),
                   image_losses.data());
  paribus_destroy(network);
  return std::isfinite(losses.back()) && std::isfinite(image_losses.back());
}

}  // namespace

int main() {
  for (const Case& test : CASES)
    for (int threads : {1, 3})
      for (int batch : {3, 17, 40})
        for (bool mostly_zero : {false, true})
          if (!run(test, 43, batch, threads, batch % 3, mostly_zero)) return 1;
  return 0;
}
