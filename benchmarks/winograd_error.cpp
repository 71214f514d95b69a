// How far the kernels' convolutions are from float64: direct ones, and Winograd's F(4x4, 3x3).
//
//     g++ -std=c++17 -O3 -march=native -ffp-contract=fast -Isrc/paribus/engines/native/kernels
//         benchmarks/winograd_error.cpp src/paribus/engines/native/kernels/array.cpp -o build/error
//     build/error
//
// Normal inputs, weights uniform in +-1 / sqrt(fan-in), maps of 28 x 28. For each number of channels:
// the root mean square error of an output, and the largest, as shares of the outputs' own root mean
// square.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "array.h"
#include "winograd.h"

using namespace paribus;

int main() {
  std::printf("channels  direct: rms, largest    Winograd: rms, largest    rms ratio\n");
  for (int channels : {8, 16, 32}) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> uniform(-1, 1);
    const Layout layout({channels, 28, 28}, 1);
    Array from = make_vectors(layout.vectors()), direct = make_vectors(layout.vectors()),
          fast = make_vectors(layout.vectors()), scratch = make_vectors(winograd_scratch(channels));
    const Map in(vectors(from), layout), slow_out(vectors(direct), layout),
        fast_out(vectors(fast), layout);
    for (int c = 0; c < channels; ++c)
      for (int y = 0; y < 28; ++y)
        for (int x = 0; x < 28; ++x)
          for (int lane = 0; lane < LANES; ++lane) (*in.at(c, y, x))[lane] = normal(random);
    const size_t size = static_cast<size_t>(channels) * channels * 9;
    std::vector<float> weights(size), packed(size);
    for (float& w : weights) w = uniform(random) / std::sqrt(9.0f * static_cast<float>(channels));
    Array transformed = make_array(static_cast<int64_t>(FREQUENCIES) * channels * channels);
    pack_weights(weights.data(), channels, channels, 3, packed.data());
    winograd_weights(packed.data(), channels, channels, transformed.get());
    convolve(in, packed.data(), 3, slow_out, Finish());
    winograd_convolve(in, transformed.get(), fast_out, Finish(), vectors(scratch));

    double squares = 0, error[2] = {}, largest[2] = {};
    int64_t count = 0;
    for (int o = 0; o < channels; ++o)
      for (int y = 0; y < 28; ++y)
        for (int x = 0; x < 28; ++x)
          for (int lane = 0; lane < LANES; ++lane, ++count) {
            double exact = 0;
            for (int i = 0; i < channels; ++i)
              for (int at = 0; at < 9; ++at)
                exact += static_cast<double>(weights[(o * channels + i) * 9 + at]) *
                         (*in.at(i, y + at / 3 - 1, x + at % 3 - 1))[lane];
            squares += exact * exact;
            const Map* out[2] = {&slow_out, &fast_out};
            for (int way = 0; way < 2; ++way) {
              const double off = std::abs((*out[way]->at(o, y, x))[lane] - exact);
              error[way] += off * off;
              largest[way] = std::max(largest[way], off);
            }
          }
    const double scale = std::sqrt(squares / static_cast<double>(count));
    const double n = static_cast<double>(count);
    std::printf("%8d  %.1e, %.1e        %.1e, %.1e          %.1f\n", channels,
                std::sqrt(error[0] / n) / scale, largest[0] / scale,
                std::sqrt(error[1] / n) / scale, largest[1] / scale,
                std::sqrt(error[1] / error[0]));
  }
}
