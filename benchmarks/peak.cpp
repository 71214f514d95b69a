// What a loop of nothing but multiply-adds reaches on one core, in GFLOP/s: the peak that
// benchmarks/epoch.py gives shares of.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "simd.h"

using namespace paribus;

volatile float seed = 0.5f;
vec sink[32];

int main() {
  constexpr int CHAINS = REGISTERS - 4, LENGTH = 200000;
  using clock = std::chrono::steady_clock;
  double best = 1e9;
  for (int turn = 0; turn < 50; ++turn) {
    vec sum[CHAINS];
    for (int j = 0; j < CHAINS; ++j) sum[j] = splat(seed + static_cast<float>(j));
    const vec factor = splat(0.999f * seed), term = splat(0.001f + seed);
    const auto start = clock::now();
    for (int k = 0; k < LENGTH; ++k)
      for (int j = 0; j < CHAINS; ++j) sum[j] = sum[j] * factor + term;
    for (int j = 0; j < CHAINS; ++j) sink[j] = sum[j];
    best = std::min(best, std::chrono::duration<double>(clock::now() - start).count());
  }
  std::printf("%.1f\n", 2.0 * LANES * CHAINS * LENGTH / best / 1e9);
}
