// Runs every kernel on odd sizes, for the sanitizers to watch (test_builds.py). The arrays that the
// caller owns are allocated to the byte, so that reading one float past them is seen.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "api.h"

namespace {

uint32_t state = 1;
float uniform() {  // in -0.5 ... 0.5
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / (1 << 24) - 0.5f;
}

#define NAME(name) name,
enum Operation : int32_t { PARIBUS_OPERATIONS(NAME) };
enum Family : int32_t { PARIBUS_TENSORS(NAME) };
#undef NAME

struct Shape {
  int32_t channels, height, width;
};

struct Case {
  Shape input;
  std::vector<paribus_record> program;
};

// clang-format off
const Case CASES[] = {
    {{1, 5, 5}, {{flatten}, {linear, 33}, {relu}, {linear, 5}}},
    {{1, 28, 28}, {{flatten}, {linear, 50}, {relu}, {linear, 5}}},
    {{1, 8, 8}, {{flatten}, {linear, 129}, {gelu}, {linear, 5}}},
    {{1, 8, 8},
     {{flatten}, {linear, 7}, {batch_norm}, {tanh}, {dropout, 0, 0, 0, 0.5}, {linear, 5}}},
    {{3, 7, 7},
     {{conv, 8, 3, 1}, {relu}, {max_pool, 0, 2}, {conv, 16, 3, 1}, {relu}, {flatten}, {linear, 5}}},
    {{2, 9, 6},
     {{conv, 6, 5, 1}, {sigmoid}, {average_pool, 0, 2}, {conv, 5, 1, 1}, {conv, 5, 3, 1}, {flatten},
      {linear, 5}}},
    {{2, 7, 9},
     {{silu}, {conv, 5, 3, 1}, {leaky_relu, 0, 0, 0, 0, 0.2}, {residual_begin}, {conv, 5, 3, 1}, {silu},
      {residual_end}, {flatten}, {linear, 5}}},
    {{2, 9, 8},
     {{conv, 8, 3, 1}, {batch_norm}, {residual_begin}, {conv, 6, 3, 2}, {relu}, {residual_skip},
      {conv, 6, 1, 2}, {residual_end}, {concat_begin}, {concat_next}, {conv, 5, 3, 1}, {relu},
      {concat_next}, {tanh}, {concat_end}, {relu}, {conv, 7, 3, 1}, {global_average_pool}, {linear, 5}}},
    {{1, 8, 8},
     {{flatten}, {residual_begin}, {linear, 64}, {residual_end}, {concat_begin}, {linear, 9},
      {concat_next}, {concat_end}, {linear, 5}}},
    {{2, 9, 8},
     {{conv, 9, 3, 1}, {group_norm, 0, 0, 0, 0, 0, 3}, {relu}, {conv, 20, 3, 2}, {group_norm, 0, 0, 0, 0, 0, 1},
      {flatten}, {linear, 7}, {group_norm, 0, 0, 0, 0, 0, 1}, {linear, 5}}},
    {{2, 9, 8},
     {{grouped_conv, 8, 3, 1, 0, 0, 2}, {batch_norm}, {relu}, {grouped_conv, 12, 5, 1, 0, 0, 4}, {relu},
      {residual_begin}, {relu}, {grouped_conv, 12, 3, 1, 0, 0, 12}, {residual_end},
      {grouped_conv, 6, 7, 2, 0, 0, 3}, {flatten}, {linear, 5}}},
    {{2, 9, 8},
     {{conv, 9, 7, 1}, {dropout, 0, 0, 0, 0.3}, {conv, 5, 3, 2}, {gelu}, {max_pool, 0, 3}, {flatten},
      {linear, 5}}},
    {{1, 28, 28},
     {{conv, 8, 3, 1}, {residual_begin}, {batch_norm}, {relu}, {conv, 8, 3, 1}, {residual_end},
      {max_pool, 0, 2}, {conv, 32, 3, 1}, {residual_begin}, {relu}, {conv, 32, 3, 1}, {residual_end},
      {max_pool, 0, 2}, {relu}, {flatten}, {linear, 5}}},
};
// clang-format on

bool run(const Case& test, int images, int batch, int threads, int method, bool mostly_zero) {
  paribus_settings settings = {};
  settings.channels = test.input.channels;
  settings.height = test.input.height;
  settings.width = test.input.width;
  settings.threads = threads;
  settings.method = method;
  settings.nesterov = 1;
  settings.momentum = settings.beta1 = 0.9;
  settings.beta2 = 0.999;
  settings.epsilon = 1e-8;
  settings.weight_decay = 0.01;
  settings.label_smoothing = 0.1;
  char error[200] = "";
  void* network = paribus_create(test.program.data(), static_cast<int32_t>(test.program.size()),
                                 &settings, error, sizeof error);
  if (!network) {
    std::printf("%s\n", error);
    return false;
  }
  for (int32_t family : {parameters, statistics})
    for (int32_t t = 0; paribus_tensor_size(network, family, t) >= 0; ++t) {
      std::vector<float> tensor(paribus_tensor_size(network, family, t));
      for (float& value : tensor) value = family == statistics ? 1.0f : 0.5f * uniform();
      paribus_write_tensor(network, family, t, tensor.data());
    }
  std::vector<float> pixels(static_cast<size_t>(images) * test.input.channels * test.input.height *
                            test.input.width);
  for (float& pixel : pixels) pixel = mostly_zero && uniform() < 0.3f ? 0.0f : uniform();
  std::vector<int64_t> labels(images), order(images);
  for (int n = 0; n < images; ++n) {
    labels[n] = n % 5;
    order[n] = images - 1 - n;
  }
  const paribus_images all = {pixels.data(), labels.data(), images};
  paribus_prepare(network, &all);
  const int steps = (images + batch - 1) / batch;
  std::vector<double> rates(steps, 0.01), losses(steps), image_losses(images);
  std::vector<int64_t> correct(steps);
  std::vector<float> shares(static_cast<size_t>(images) * paribus_classes(network));
  const paribus_steps epoch = {order.data(), images, 0, steps, batch, rates.data()};
  paribus_train(network, &all, &epoch, losses.data(), correct.data());
  paribus_evaluate(network, &all, shares.data(), image_losses.data());
  paribus_destroy(network);
  return std::isfinite(losses.back()) && std::isfinite(image_losses.back());
}

}  // namespace

int main() {
  for (const Case& test : CASES)
    for (int threads : {1, 3})
      for (int batch : {17, 40})  // of 43 images: the last one has 9 or 3
        for (bool mostly_zero : {false, true})
          if (!mostly_zero || test.program[0].operation == flatten)
            if (!run(test, 43, batch, threads, batch % 3, mostly_zero)) return 1;
  return 0;
}
