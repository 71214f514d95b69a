// Vectors whose lane is the image: the one idea that all kernels here share.
//
// Sixteen images (GROUP of them) form a *tile*, and travel through the whole network together. A vector
// register holds LANES of them: all sixteen with AVX-512, eight with AVX2, four with NEON. So a tile has
// PARTS parts, and an activation is stored as
//
//     [part][channel][row][column][LANES images]
//
// Every element of a feature map is one vector, and a layer is written as if for one image: a
// convolution is a loop of  accumulator += scalar weight * vector of activations.  The vectors are full
// whatever the number of channels or the width of the map, no lane ever needs its neighbor, and
// transforms (Winograd's, pooling's) are plain additions and maxima. Only two operations look across
// lanes: sums over the images (gradients of weights), and transpositions between a tile and images in
// memory.
//
// Results do not depend on the width: what is done for each image is the same, and sums over images go
// over all sixteen of a tile in one order (see sum_lanes, and arithmetic.h).
//
// Maps carry a border of zeros (see map.h), so that convolution needs no special case at the edge.
// A batch whose size is no multiple of GROUP ends in a tile with *dead* lanes: they hold zeros on
// the way in, and their gradient is zero, so they add nothing to any sum.
//
// Of intrinsics only the multiply-add is used: all else are the compiler's vector types.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__))
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#else
#error "The kernels need AVX-512, AVX2 with FMA, or NEON: see build.py"
#endif

namespace paribus {

constexpr int GROUP = 16;

#if defined(__AVX512F__)
constexpr int LANES = 16;
constexpr int REGISTERS = 32;
#elif defined(__AVX2__)
constexpr int LANES = 8;
constexpr int REGISTERS = 16;
#else
constexpr int LANES = 4;
constexpr int REGISTERS = 32;
#endif

constexpr int PARTS = GROUP / LANES;
constexpr int VECTOR_BYTES = LANES * static_cast<int>(sizeof(float));

typedef float vec __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int32_t mask __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef float unaligned_vec
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(float)), may_alias));

inline vec splat(float value) { return value - vec{}; }
inline mask splat_int(int32_t value) { return value - mask{}; }
inline vec zero() { return vec{}; }

// a * b + c, rounded once. For one number, or a vector of any width that the processor has.
template <class T>
inline T fma(T a, T b, T c) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return __builtin_fmaf(a, b, c);
#if defined(__aarch64__)
  } else {
    static_assert(sizeof(T) == 16);
    return (T)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
  }
#else
  } else if constexpr (sizeof(T) == 16) {
    return (T)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#if defined(__AVX512F__)
  } else if constexpr (sizeof(T) == 64) {
    return (T)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#endif
  } else {
    static_assert(sizeof(T) == 32);
    return (T)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
  }
#endif
}
inline vec fma(float a, vec b, vec c) { return fma(splat(a), b, c); }

// One of something for each part of a tile.
template <class T>
struct Parts {
  T part[PARTS];

  T& operator[](int p) { return part[p]; }
  const T& operator[](int p) const { return part[p]; }
};

// How many of the first `live` images of a tile lie in a part.
inline int live_in_part(int live, int part) {
  return std::min(std::max(live - part * LANES, 0), LANES);
}

inline vec load(const float* from) { return *reinterpret_cast<const unaligned_vec*>(from); }
inline void store(float* to, vec value) { *reinterpret_cast<unaligned_vec*>(to) = value; }

// Sends for a vector that will be needed, as far as the second-level cache: the first holds what is
// being worked on.
inline void prefetch(const void* from) { __builtin_prefetch(from, 0, 2); }

// Whether so many vectors' worth of floats are all +0 (a -0 among them does not count as one).
template <int VECTORS>
inline bool all_zero(const void* floats) {
  constexpr int WORDS = VECTORS * VECTOR_BYTES / 8;
  uint64_t words[WORDS], any = 0;
  std::memcpy(words, floats, sizeof words);
  for (int i = 0; i < WORDS; ++i) any |= words[i];
  return any == 0;
}

// Floats that fill whole groups of 16, and so whole vectors, and hold at least n.
constexpr int whole_groups(int n) { return (n + GROUP - 1) / GROUP * GROUP; }

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

// Sums over the sixteen images of a tile are made in one order: image l with image l + 8, those sums l
// with l + 4, and so on. The first rounds are between the parts of the tile
// (`x`: of each part, so many vectors apart).
inline vec sum_parts(const vec* x, ptrdiff_t stride = 1) {
  vec sum[PARTS];
  for (int p = 0; p < PARTS; ++p) sum[p] = x[p * stride];
  for (int half = PARTS / 2; half > 0; half /= 2)
    for (int p = 0; p < half; ++p) sum[p] += sum[p + half];
  return sum[0];
}

// And the others: lane j of the result is the sum over the lanes of rows[j]. Destroys rows.
inline vec sum_lanes(vec rows[LANES]) {
#pragma GCC unroll 4
  for (int half = LANES / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i)
      rows[i] = interleave_low(rows[i], rows[i + half]) + interleave_high(rows[i], rows[i + half]);
  return rows[0];
}

}  // namespace paribus
