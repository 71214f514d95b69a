// What a loop of nothing but multiply-adds reaches on one core, in GFLOP/s: the peak that
// benchmarks/epoch.py gives shares of.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "simd.h"

using namespace paribus;

volatile float seed = 0.5f;
vec sink[REGISTERS];

constexpr int CHAINS = REGISTERS - 4, LENGTH = 200000;

// A multiply-add in each of the chains. Written out for each, as no compiler need unroll a loop, and
// sums that lie in memory would halve the figure.
template <std::size_t... J>
inline void step(vec (&sum)[CHAINS], vec factor, vec term, std::index_sequence<J...>) {
  ((sum[J] = fma(factor, sum[J], term)), ...);
}

int main() {
  using clock = std::chrono::steady_clock;
  double best = 1e9;
  for (int turn = 0; turn < 50; ++turn) {
    vec sum[CHAINS];
    for (int j = 0; j < CHAINS; ++j) sum[j] = splat(seed + static_cast<float>(j));
    const vec factor = splat(0.999f * seed), term = splat(0.001f + seed);
    const auto start = clock::now();
    for (int k = 0; k < LENGTH; ++k) step(sum, factor, term, std::make_index_sequence<CHAINS>{});
    for (int j = 0; j < CHAINS; ++j) sink[j] = sum[j];
    best = std::min(best, std::chrono::duration<double>(clock::now() - start).count());
  }
  std::printf("%.1f\n", 2.0 * LANES * CHAINS * LENGTH / best / 1e9);
}
