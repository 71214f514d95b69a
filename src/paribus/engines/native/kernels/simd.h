// Vectors whose lane is the image: the one idea that all kernels here share.
//
// Sixteen images (LANES of them, as many as one vector register holds) form a *tile*, and travel
// through the whole network together. An activation is stored as
//
//     [channel][row][column][LANES images]
//
// so every element of a feature map is one vector, and a layer is written as if for one image:
// a convolution is a loop of  accumulator += scalar weight * vector of sixteen activations.  The
// vectors are full whatever the number of channels or the width of the map, no lane ever needs its
// neighbour, and transforms (Winograd's, pooling's) are plain additions and maxima. Only two
// operations look across lanes: sums over the images (gradients of weights), and transpositions
// between a tile and images in memory.
//
// Maps carry a border of zeros (see map.h), so that convolution needs no special case at the edge.
// A batch whose size is no multiple of LANES ends in a tile with *dead* lanes: they hold zeros on
// the way in, and their gradient is zero, so they add nothing to any sum.
//
// Only the compiler's vector types are used, no intrinsics: AVX-512, AVX2, SSE and NEON differ in
// the two constants below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace paribus {

#if defined(__AVX512F__)
constexpr int LANES = 16;
constexpr int REGISTERS = 32;
#elif defined(__AVX__)
constexpr int LANES = 8;
constexpr int REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int LANES = 4;
constexpr int REGISTERS = 32;
#else
constexpr int LANES = 4;
constexpr int REGISTERS = 16;
#endif

constexpr int VECTOR_BYTES = LANES * static_cast<int>(sizeof(float));

typedef float vec __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int32_t mask __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef float unaligned_vec
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(float)), may_alias));

inline vec splat(float value) { return value - vec{}; }
inline mask splat_int(int32_t value) { return value - mask{}; }
inline vec zero() { return vec{}; }

inline vec load(const float* from) { return *reinterpret_cast<const unaligned_vec*>(from); }
inline void store(float* to, vec value) { *reinterpret_cast<unaligned_vec*>(to) = value; }

// Whether so many vectors' worth of floats are all +0 (a -0 among them does not count as one).
template <int VECTORS>
inline bool all_zero(const void* floats) {
  constexpr int WORDS = VECTORS * VECTOR_BYTES / 8;
  uint64_t words[WORDS], any = 0;
  std::memcpy(words, floats, sizeof words);
  for (int i = 0; i < WORDS; ++i) any |= words[i];
  return any == 0;
}

// Floats that fill whole vectors and hold at least n.
constexpr int whole_vectors(int n) { return (n + LANES - 1) / LANES * LANES; }

inline vec select(mask where, vec yes, vec no) { return where ? yes : no; }

// NaN stays NaN: a diverged network must not look healthy.
inline vec rectify(vec x) { return x < 0.0f ? zero() : x; }
inline vec larger(vec a, vec b) { return a > b ? a : b; }

namespace detail {

// The lower (HALF = 0) or upper halves of a and b, interleaved: a0 b0 a1 b1 ...
template <int HALF, size_t... lane>
inline vec interleave(vec a, vec b, std::index_sequence<lane...>) {
  return __builtin_shufflevector(
      a, b, (HALF * LANES / 2 + static_cast<int>(lane) / 2 + (lane % 2 ? LANES : 0))...);
}

}  // namespace detail

inline vec interleave_low(vec a, vec b) {
  return detail::interleave<0>(a, b, std::make_index_sequence<LANES>());
}
inline vec interleave_high(vec a, vec b) {
  return detail::interleave<1>(a, b, std::make_index_sequence<LANES>());
}

// Transposes a LANES x LANES block in place: log2(LANES) rounds of interleaving the first half of
// the rows with the second.
inline void transpose(vec rows[LANES]) {
  vec other[LANES];
#pragma GCC unroll 4
  for (int width = 1; width < LANES; width *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < LANES / 2; ++i) {
      other[2 * i] = interleave_low(rows[i], rows[i + LANES / 2]);
      other[2 * i + 1] = interleave_high(rows[i], rows[i + LANES / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < LANES; ++i) rows[i] = other[i];
  }
}

// Lane j of the result is the sum over the lanes of rows[j]. Destroys rows.
inline vec sum_lanes(vec rows[LANES]) {
#pragma GCC unroll 4
  for (int half = LANES / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i)
      rows[i] = interleave_low(rows[i], rows[i + half]) + interleave_high(rows[i], rows[i + half]);
  return rows[0];
}

inline float sum_lanes(vec x) {
  float total = 0;
  for (int lane = 0; lane < LANES; ++lane) total += x[lane];
  return total;
}

}  // namespace paribus
