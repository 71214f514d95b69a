// Each kernel of the native engine at the sizes of the built-in study's networks, on one core, as a
// share of what a loop of nothing but multiply-adds reaches in the same process. Run by
// native_kernels.py. "Effective" GFLOP/s count the multiplications of direct convolution, so
// Winograd's kernels may pass the peak.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "linear.h"
#include "pool.h"
#include "winograd_gradient.h"

using namespace paribus;

namespace {

double seconds() {
  using clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
}

// The best of many short turns: what the processor can do when left alone.
double time_of(const std::function<void()>& work) {
  work();
  double best = 1e9;
  for (int turn = 0; turn < 25; ++turn) {
    const double start = seconds();
    for (int repeat = 0; repeat < 10; ++repeat) work();
    best = std::min(best, (seconds() - start) / 10);
  }
  return best;
}

vec sink[32];

double peak_flops() {
  constexpr int CHAINS = REGISTERS / 2 - 2, LENGTH = 20000;
  const double time = time_of([] {
    vec sum[CHAINS];
    for (int j = 0; j < CHAINS; ++j) sum[j] = sink[j] + static_cast<float>(j);
    const vec factor = splat(0.999f) + sink[0], term = splat(0.001f) + sink[0];
    for (int k = 0; k < LENGTH; ++k)
      for (int j = 0; j < CHAINS; ++j) sum[j] = sum[j] * factor + term;
    for (int j = 0; j < CHAINS; ++j) sink[j] = sum[j] * 0.0f;
  });
  return 2.0 * LANES * CHAINS * LENGTH / time;
}

class Buffer {
 public:
  explicit Buffer(ptrdiff_t vectors) : floats_(vectors * LANES + LANES) {
    static std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (float& value : floats_) value = normal(random);
  }
  vec* vectors() {
    void* start = floats_.data();
    size_t space = floats_.size() * sizeof(float);
    return static_cast<vec*>(std::align(VECTOR_BYTES, sizeof(vec), start, space));
  }

 private:
  std::vector<float> floats_;
};

// A map with its border of zeros.
struct MapBuffer : Buffer {
  MapBuffer(int channels, int size)
      : Buffer(Layout({channels, size, size}, 1).vectors()),
        map(vectors(), Layout({channels, size, size}, 1)) {
    for (int c = 0; c < channels; ++c)
      for (int y = -1; y < map.plane / map.row - 1; ++y)
        for (int x = -1; x < map.row - 1; ++x)
          if (y < 0 || y >= size || x < 0 || x >= size) *map.at(c, y, x) = zero();
  }
  Map map;
};

double peak;

void report(const char* kernel, double flops, double time) {
  std::printf("  %-30s %7.1f GFLOP/s  %3.0f %% of peak\n", kernel, flops / time * 1e-9,
              100 * flops / time / peak);
}

// Largest difference between a and b relative to the largest of b.
double difference(const std::vector<float>& a, const std::vector<double>& b) {
  double most = 0, scale = 0;
  for (size_t j = 0; j < a.size(); ++j) {
    most = std::max(most, std::abs(a[j] - b[j]));
    scale = std::max(scale, std::abs(b[j]));
  }
  return most / scale;
}

std::vector<float> values(const Map& map) {
  std::vector<float> all;
  for (int c = 0; c < map.channels; ++c)
    for (int y = 0; y < map.height; ++y)
      for (int x = 0; x < map.width; ++x)
        for (int lane = 0; lane < LANES; ++lane) all.push_back((*map.at(c, y, x))[lane]);
  return all;
}

std::vector<double> exact_convolution(const Map& in, const std::vector<float>& w, int out) {
  std::vector<double> all;
  for (int o = 0; o < out; ++o)
    for (int y = 0; y < in.height; ++y)
      for (int x = 0; x < in.width; ++x)
        for (int lane = 0; lane < LANES; ++lane) {
          double sum = 0;
          for (int i = 0; i < in.channels; ++i)
            for (int k = 0; k < 9; ++k)
              sum += static_cast<double>(w[(o * in.channels + i) * 9 + k]) *
                     (*in.at(i, y + k / 3 - 1, x + k % 3 - 1))[lane];
          all.push_back(sum);
        }
  return all;
}

std::vector<double> exact_gradient(const Map& in, const Map& slope) {
  std::vector<double> all;
  for (int o = 0; o < slope.channels; ++o)
    for (int i = 0; i < in.channels; ++i)
      for (int k = 0; k < 9; ++k) {
        double sum = 0;
        for (int y = 0; y < in.height; ++y)
          for (int x = 0; x < in.width; ++x)
            for (int lane = 0; lane < LANES; ++lane)
              sum += static_cast<double>((*in.at(i, y + k / 3 - 1, x + k % 3 - 1))[lane]) *
                     (*slope.at(o, y, x))[lane];
        all.push_back(sum);
      }
  return all;
}

void convolution(int in, int out, int size) {
  std::printf("3 x 3 convolution, %d to %d channels, %d x %d\n", in, out, size, size);
  MapBuffer input(in, size), output(out, size);
  const size_t weights = static_cast<size_t>(in) * out * 9;
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  std::vector<float> weight(weights), packed(weights), gradient(weights), unpacked(weights);
  std::vector<float> transformed(weights * 4), bias(out);
  for (float& w : weight) w = normal(random);
  pack_weights(weight.data(), out, in, 3, packed.data());
  winograd_weights(packed.data(), in, out, transformed.data());
  Finish finish;
  finish.bias = bias.data();
  const double flops = 2.0 * LANES * weights * size * size;
  const std::vector<double> sums = exact_convolution(input.map, weight, out);
  const std::vector<double> slopes = exact_gradient(input.map, output.map);

  const bool winograd = winograd_gradient_pays(in, out, 3);
  Buffer scratch(winograd ? std::max(winograd_scratch(in), winograd_gradient_scratch(in, out)) : 1);
  double error[4] = {};
  std::fill(gradient.begin(), gradient.end(), 0.0f);
  convolve_weight_gradient(input.map, output.map, 3, gradient.data());
  error[1] = difference(gradient, slopes);
  if (winograd) {
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    winograd_gradient(input.map, output.map, gradient.data(), bias.data(), scratch.vectors());
    unpack_weights(gradient.data(), out, in, 3, unpacked.data());
    error[3] = difference(unpacked, slopes);
  }
  std::fill(bias.begin(), bias.end(), 0.0f);
  convolve(input.map, packed.data(), 3, output.map, finish);
  error[0] = difference(values(output.map), sums);
  report("direct", flops, time_of([&] {
           convolve(input.map, packed.data(), 3, output.map, finish);
         }));
  report("direct, weight gradient", flops, time_of([&] {
           convolve_weight_gradient(input.map, output.map, 3, gradient.data());
         }));
  if (winograd) {
    winograd_convolve(input.map, transformed.data(), output.map, finish, scratch.vectors());
    error[2] = difference(values(output.map), sums);
    report("Winograd, effective", flops, time_of([&] {
             winograd_convolve(input.map, transformed.data(), output.map, finish,
                               scratch.vectors());
           }));
    report("Winograd, gradient, effective", flops, time_of([&] {
             winograd_gradient(input.map, output.map, gradient.data(), bias.data(),
                               scratch.vectors());
           }));
  }
  std::printf("  error against float64: direct %.1e, gradient %.1e", error[0], error[1]);
  if (winograd) std::printf("; Winograd %.1e, gradient %.1e", error[2], error[3]);
  std::printf("\n");
}

void linear(int in, int out) {
  constexpr int IMAGES = 128;
  std::printf("linear, %d to %d\n", in, out);
  Buffer input(in), output(IMAGES / LANES * out), matrix((in + LANES) * out / LANES + 1);
  Buffer images(static_cast<ptrdiff_t>(IMAGES) * (in / LANES + 1));
  const float* weights = reinterpret_cast<const float*>(matrix.vectors());
  const double flops = 2.0 * LANES * in * out;
  report("forward", flops, time_of([&] {
           multiply(weights, input.vectors(), in, output.vectors(), out, Finish());
         }));
  report("input gradient", flops, time_of([&] {
           multiply(weights, output.vectors(), out, input.vectors(), in, Finish());
         }));
  std::vector<const float*> rows(IMAGES);
  for (int n = 0; n < IMAGES; ++n)
    rows[n] = reinterpret_cast<const float*>(images.vectors() + n * (in / LANES + 1));
  std::vector<float> gradient(static_cast<size_t>(in) * out);
  report("weight gradient", flops * IMAGES / LANES, time_of([&] {
           matrix_gradient({rows.data(), IMAGES, in}, output.vectors(), out, 0, in,
                           gradient.data());
         }));
}

}  // namespace

int main() {
  peak = peak_flops();
  std::printf("%d lanes; multiply-adds alone: %.1f GFLOP/s\n", LANES, peak * 1e-9);
  convolution(1, 8, 28);
  convolution(8, 16, 14);
  convolution(16, 32, 7);
  convolution(8, 8, 28);
  convolution(16, 16, 14);
  convolution(32, 32, 7);
  linear(784, 50);
  linear(1568, 10);
  return 0;
}
