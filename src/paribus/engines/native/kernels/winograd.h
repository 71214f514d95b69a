// 3 x 3 convolution by Winograd's minimal filtering, F(4x4, 3x3) (Lavin and Gray 2016): 36
// multiplications for a block of 4 x 4 outputs where the direct way takes 144.
//
//     Y = A' [ (G g G') * (B' d B) ] A        d: 6 x 6 inputs, g: 3 x 3 weights, Y: 4 x 4 outputs
//
// where * is elementwise, and summed over the input channels. Here every element of d and Y is a
// vector of images, so the transforms are additions of whole vectors, with no shuffling; and for
// each of the 36 frequencies the sum over channels is a small matrix product, weights x vectors.
//
// The interpolation points are 0, +-1/sqrt(2), +-sqrt(2) and infinity. With the usual 0, +-1, +-2 and
// infinity the result has about four times the rounding error (Barabasz et al. 2020 study the
// choice); with these it has two to three times that of direct convolution.
#pragma once

#include "conv.h"

namespace paribus {

constexpr int WINOGRAD_OUT = 4, WINOGRAD_IN = 6, FREQUENCIES = WINOGRAD_IN * WINOGRAD_IN;

namespace detail {

constexpr float NEAR = 0.70710678118654752f, FAR = 1.41421356237309505f;  // the points

// One dimension of B'd.
inline void input_transform(const vec d[6], vec v[6]) {
  const vec even_near = fma(-2.0f, d[2], d[4]), odd_near = fma(-2.0f, d[1], d[3]);
  const vec even_far = fma(-0.5f, d[2], d[4]), odd_far = fma(-0.5f, d[1], d[3]);
  v[0] = fma(-2.5f, d[2], d[0]) + d[4];
  v[1] = fma(NEAR, odd_near, even_near);
  v[2] = fma(-NEAR, odd_near, even_near);
  v[3] = fma(FAR, odd_far, even_far);
  v[4] = fma(-FAR, odd_far, even_far);
  v[5] = fma(-2.5f, d[3], d[1]) + d[5];
}

// One dimension of G g. T: a number, or a vector of them.
template <class T>
inline void weight_transform(const T g[3], T u[6]) {
  const T even_near = (g[0] + g[2] * 0.5f) * (-2.0f / 3), odd_near = g[1] * (-2.0f / 3 * NEAR);
  const T even_far = (g[0] + g[2] * 2.0f) * (1.0f / 6), odd_far = g[1] * (1.0f / 6 * FAR);
  u[0] = g[0];
  u[1] = even_near + odd_near;
  u[2] = even_near - odd_near;
  u[3] = even_far + odd_far;
  u[4] = even_far - odd_far;
  u[5] = g[2];
}

// One dimension of A'm.
inline void output_transform(const vec m[6], vec y[4]) {
  const vec even_near = m[1] + m[2], odd_near = m[1] - m[2];
  const vec even_far = m[3] + m[4], odd_far = m[3] - m[4];
  y[0] = m[0] + even_near + even_far;
  y[1] = fma(NEAR, odd_near, FAR * odd_far);
  y[2] = fma(0.5f, even_near, 2.0f * even_far);
  y[3] = fma(0.5f * NEAR, odd_near, fma(2.0f * FAR, odd_far, m[5]));
}

// One dimension of B'd for six columns at once, for one row of frequencies or for the two that share
// their halves: so few that the columns stay in registers for the other dimension.
inline void input_row(const vec* in, ptrdiff_t row, vec v[6]) {
#pragma GCC unroll 6
  for (int x = 0; x < 6; ++x) v[x] = fma(-2.5f, in[2 * row + x], in[x]) + in[4 * row + x];
}

inline void input_row_pair(const vec* in, ptrdiff_t row, float other_squared, float point,
                           vec sum[6], vec difference[6]) {
#pragma GCC unroll 6
  for (int x = 0; x < 6; ++x) {
    const vec even = fma(-other_squared, in[2 * row + x], in[4 * row + x]);
    const vec odd = fma(-other_squared, in[row + x], in[3 * row + x]);
    sum[x] = fma(point, odd, even);
    difference[x] = fma(-point, odd, even);
  }
}

inline void store_frequencies(const vec half[6], vec* to, ptrdiff_t stride) {
  vec transformed[6];
  input_transform(half, transformed);
#pragma GCC unroll 6
  for (int x = 0; x < 6; ++x) to[x * stride] = transformed[x];
}

// Sends for the inputs that the block to the right has besides.
inline void prefetch_next_block(const vec* in, ptrdiff_t row) {
  for (int y = 0; y < WINOGRAD_IN; ++y)
    for (int x = WINOGRAD_IN; x < WINOGRAD_IN + WINOGRAD_OUT; ++x) prefetch(in + y * row + x);
}

// Element (row, column) of the 6 x 6 frequencies goes to to[(row * 6 + column) * stride].
inline void transform_input_block(const vec* in, ptrdiff_t row, vec* to, ptrdiff_t stride) {
  vec a[6], b[6];
  prefetch_next_block(in, row);
  input_row(in, row, a);
  store_frequencies(a, to, stride);
  input_row_pair(in, row, 2.0f, NEAR, a, b);
  store_frequencies(a, to + 6 * stride, stride);
  store_frequencies(b, to + 12 * stride, stride);
  input_row_pair(in, row, 0.5f, FAR, a, b);
  store_frequencies(a, to + 18 * stride, stride);
  store_frequencies(b, to + 24 * stride, stride);
  input_row(in + row, row, a);
  store_frequencies(a, to + 30 * stride, stride);
}

template <class T>
inline void transform_weight(const T* const g[9], T u[FREQUENCIES]) {
  T half[6][3];
#pragma GCC unroll 6
  for (int x = 0; x < 3; ++x) {
    const T column[3] = {*g[x], *g[3 + x], *g[6 + x]};
    T transformed[6];
    weight_transform(column, transformed);
#pragma GCC unroll 6
    for (int y = 0; y < 6; ++y) half[y][x] = transformed[y];
  }
#pragma GCC unroll 6
  for (int y = 0; y < 6; ++y) weight_transform(half[y], u + 6 * y);
}

// sums[o] for CHANNELS output channels at a time, of one frequency.
template <int CHANNELS>
inline void multiply_channels(const vec* inputs, const float* weights, int in_channels,
                              int out_channels, int& channel, vec* sums) {
  for (; channel + CHANNELS <= out_channels; channel += CHANNELS) {
    vec sum[CHANNELS] = {};
    const float* weight = weights + channel;
    for (int i = 0; i < in_channels; ++i, weight += out_channels) {
      const vec value = inputs[i];
#pragma GCC unroll 16
      for (int c = 0; c < CHANNELS; ++c) sum[c] = fma(weight[c], value, sum[c]);
    }
    for (int c = 0; c < CHANNELS; ++c) sums[channel + c] = sum[c];
  }
}

inline void multiply_frequency(const vec* inputs, const float* weights, int in_channels,
                               int out_channels, vec* sums) {
  int channel = 0;
  if (REGISTERS >= 32)
    multiply_channels<16>(inputs, weights, in_channels, out_channels, channel, sums);
  multiply_channels<8>(inputs, weights, in_channels, out_channels, channel, sums);
  multiply_channels<4>(inputs, weights, in_channels, out_channels, channel, sums);
  multiply_channels<1>(inputs, weights, in_channels, out_channels, channel, sums);
}

// Element (row, column) of the 6 x 6 frequencies is from[(row * 6 + column) * stride].
inline void transform_output_block(const vec* from, ptrdiff_t stride, const Map& out, int channel,
                                   int y0, int x0, const Finish& finish) {
  vec half[4][6];
#pragma GCC unroll 6
  for (int x = 0; x < 6; ++x) {
    vec column[6], transformed[4];
#pragma GCC unroll 6
    for (int y = 0; y < 6; ++y) column[y] = from[(y * 6 + x) * stride];
    output_transform(column, transformed);
#pragma GCC unroll 6
    for (int y = 0; y < 4; ++y) half[y][x] = transformed[y];
  }
  const int rows = std::min(4, out.height - y0), columns = std::min(4, out.width - x0);
  for (int y = 0; y < rows; ++y) {
    vec transformed[4];
    output_transform(half[y], transformed);
    const ptrdiff_t at = out.offset(channel, y0 + y, x0);
    if (columns == 4)
      finish.row(transformed, channel, at, out.data);
    else
      for (int x = 0; x < columns; ++x) finish(transformed[x], channel, at + x, out.data);
  }
}

}  // namespace detail

// Whether it pays: each channel's transforms must serve several channels on the other side.
inline bool winograd_pays(int in_channels, int out_channels, int k) {
  return k == 3 && in_channels >= 4 && out_channels >= 4;
}

// Weights packed as in conv.h, [in][3][3][out], to [frequency][in][out].
inline void winograd_weights(const float* packed, int in_channels, int out_channels,
                             float* transformed) {
  const ptrdiff_t stride = static_cast<ptrdiff_t>(in_channels) * out_channels;
  for (int i = 0; i < in_channels; ++i) {
    const float* from = packed + static_cast<ptrdiff_t>(i) * 9 * out_channels;
    float* to = transformed + static_cast<ptrdiff_t>(i) * out_channels;
    int o = 0;
    for (; o + LANES <= out_channels; o += LANES) {
      const unaligned_vec* g[9];
      vec u[FREQUENCIES], values[9];
      const vec* pointers[9];
      for (int at = 0; at < 9; ++at) {
        g[at] = reinterpret_cast<const unaligned_vec*>(from + at * out_channels + o);
        values[at] = *g[at];
        pointers[at] = &values[at];
      }
      detail::transform_weight<vec>(pointers, u);
      for (int f = 0; f < FREQUENCIES; ++f) store(to + f * stride + o, u[f]);
    }
    for (; o < out_channels; ++o) {
      const float* g[9];
      float u[FREQUENCIES];
      for (int at = 0; at < 9; ++at) g[at] = from + at * out_channels + o;
      detail::transform_weight<float>(g, u);
      for (int f = 0; f < FREQUENCIES; ++f) to[f * stride + o] = u[f];
    }
  }
}

// One more vector than channels: rows of a power of two vectors would share a few cache sets.
inline ptrdiff_t winograd_stride(int channels) { return channels + 1; }
// For the larger of the numbers of channels on either side. Vectors.
inline int64_t winograd_scratch(int channels) {
  return (FREQUENCIES + 1) * winograd_stride(channels);
}

// out = finish(in convolved with 3 x 3 weights, transformed by winograd_weights), for a part of a
// tile.
// Reads the border, up to the next multiple of four rows and columns.
inline void winograd_convolve(const Map& in, const float* weights, const Map& out,
                              const Finish& finish, vec* scratch) {
  const ptrdiff_t stride = winograd_stride(std::max(in.channels, out.channels));
  const ptrdiff_t size = static_cast<ptrdiff_t>(in.channels) * out.channels;
  // The sums of a frequency take the place of the inputs of the one before it, which are no longer
  // needed: so half as much goes through the cache.
  vec *sums = scratch, *inputs = scratch + stride;
  for (int y = 0; y < out.height; y += WINOGRAD_OUT)
    for (int x = 0; x < out.width; x += WINOGRAD_OUT) {
      for (int i = 0; i < in.channels; ++i)
        detail::transform_input_block(in.at(i, y - 1, x - 1), in.row, inputs + i, stride);
      for (int channel = 0; channel < out.channels; ++channel)
        for (int row = y; row < y + WINOGRAD_OUT; ++row)
          finish.prefetch<WINOGRAD_OUT>(out.offset(channel, row, x), out.data);
      for (int f = 0; f < FREQUENCIES; ++f)
        detail::multiply_frequency(inputs + f * stride, weights + f * size, in.channels,
                                   out.channels, sums + f * stride);
      for (int channel = 0; channel < out.channels; ++channel)
        detail::transform_output_block(sums + channel, stride, out, channel, y, x, finish);
    }
}

}  // namespace paribus
