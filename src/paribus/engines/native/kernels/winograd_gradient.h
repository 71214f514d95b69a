// The gradient of 3 x 3 weights by the transpose of Winograd's F(4x4, 3x3) (winograd.h):
//
//     dg = G' [ sum over blocks and images of (A dY A') * (B' d B) ] G
//
// For each of the 36 frequencies the sum is a matrix product (in x images) (images x out). Were the
// image the lane here too, each pair of channels would need 36 vectors of partial sums; so the one
// operand is transposed first, to *lane = output channel*, and the other is read number by number.
// A vector holds the WIDTH output channels of one block, or, if WIDTH is half of LANES, of two.
//
// Whatever the width, each sum goes over the blocks in order, and within a block over the sixteen
// images.
#pragma once

#include "winograd.h"

namespace paribus {

// Whether the channels fit: they must fill half of a group.
constexpr bool gradient_fits(int out_channels) { return out_channels % (GROUP / 2) == 0; }

// How many lanes they fill.
constexpr int gradient_width(int out_channels) {
  return std::min(LANES, out_channels % GROUP == 0 ? GROUP : GROUP / 2);
}

namespace detail {

template <int WIDTH>
struct Channels {
  typedef float type __attribute__((vector_size(WIDTH * sizeof(float)), may_alias));

  static type load(const float* from) {
    type value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  static void store(float* to, type value) { std::memcpy(to, &value, sizeof value); }
};

// One dimension of A y.
inline void out_gradient_transform(const vec y[4], vec m[6]) {
  const vec even_near = fma(0.5f, y[2], y[0]), odd_near = fma(0.5f, y[3], y[1]);
  const vec even_far = fma(2.0f, y[2], y[0]), odd_far = fma(2.0f, y[3], y[1]);
  m[0] = y[0];
  m[1] = fma(NEAR, odd_near, even_near);
  m[2] = fma(-NEAR, odd_near, even_near);
  m[3] = fma(FAR, odd_far, even_far);
  m[4] = fma(-FAR, odd_far, even_far);
  m[5] = y[3];
}

// One dimension of G' u.
template <class T>
inline void gradient_transform(const T u[6], T g[3]) {
  const T even_near = (u[1] + u[2]) * (-2.0f / 3), even_far = (u[3] + u[4]) * (1.0f / 6);
  g[0] = u[0] + even_near + even_far;
  g[1] = (u[1] - u[2]) * (-2.0f / 3 * NEAR) + (u[3] - u[4]) * (1.0f / 6 * FAR);
  g[2] = even_near * 0.5f + even_far * 2.0f + u[5];
}

// Element p of the 4 x 4 gradients is from[p * from_stride]; frequency f goes to to[f * to_stride].
inline void transform_gradient_block(const vec* from, ptrdiff_t from_stride, vec* to,
                                     ptrdiff_t to_stride) {
  const auto at = [&](int y, int x) { return from[(y * 4 + x) * from_stride]; };
  const auto store_row = [&](int row, const vec half[4]) {
    vec transformed[6];
    out_gradient_transform(half, transformed);
#pragma GCC unroll 6
    for (int x = 0; x < 6; ++x) to[(row * 6 + x) * to_stride] = transformed[x];
  };
  const auto store_row_pair = [&](int row, float squared, float point) {
    vec sum[4], difference[4];
#pragma GCC unroll 6
    for (int x = 0; x < 4; ++x) {
      const vec even = fma(squared, at(2, x), at(0, x));
      const vec odd = fma(squared, at(3, x), at(1, x));
      sum[x] = fma(point, odd, even);
      difference[x] = fma(-point, odd, even);
    }
    store_row(row, sum);
    store_row(row + 1, difference);
  };
  const vec top[4] = {at(0, 0), at(0, 1), at(0, 2), at(0, 3)};
  store_row(0, top);
  store_row_pair(1, 0.5f, NEAR);
  store_row_pair(3, 2.0f, FAR);
  const vec bottom[4] = {at(3, 0), at(3, 1), at(3, 2), at(3, 3)};
  store_row(5, bottom);
}

// sums[i][WIDTH channels] (rows `row` floats apart) += sum over images of inputs[i] x gradients.
// inputs: a vector of images for each i, of one part after the other, `part_stride` vectors apart;
// gradients: for each image WIDTH channels, LANES floats apart.
template <int WIDTH, int INPUTS>
inline void accumulate_block(const vec* inputs, ptrdiff_t part_stride, const float* gradients,
                             float* sums, ptrdiff_t row, bool first) {
  using channels = typename Channels<WIDTH>::type;
  channels sum[INPUTS] = {};
  if (!first)
    for (int i = 0; i < INPUTS; ++i) sum[i] = Channels<WIDTH>::load(sums + i * row);
  for (int part = 0; part < PARTS; ++part) {
    const float* input = reinterpret_cast<const float*>(inputs + part * part_stride);
#pragma GCC unroll 4
    for (int image = 0; image < LANES; ++image) {
      const channels gradient = Channels<WIDTH>::load(gradients + (part * LANES + image) * LANES);
#pragma GCC unroll 16
      for (int i = 0; i < INPUTS; ++i)
        sum[i] = fma(input[i * LANES + image] - channels{}, gradient, sum[i]);
    }
  }
  for (int i = 0; i < INPUTS; ++i) Channels<WIDTH>::store(sums + i * row, sum[i]);
}

template <int WIDTH>
inline void accumulate(const vec* inputs, ptrdiff_t part_stride, int in_channels,
                       const float* gradients, float* sums, ptrdiff_t row, bool first) {
  int i = 0;
  if (REGISTERS >= 32)
    for (; i + 16 <= in_channels; i += 16)
      accumulate_block<WIDTH, 16>(inputs + i, part_stride, gradients, sums + i * row, row, first);
  for (; i + 8 <= in_channels; i += 8)
    accumulate_block<WIDTH, 8>(inputs + i, part_stride, gradients, sums + i * row, row, first);
  for (; i + 4 <= in_channels; i += 4)
    accumulate_block<WIDTH, 4>(inputs + i, part_stride, gradients, sums + i * row, row, first);
  for (; i < in_channels; ++i)
    accumulate_block<WIDTH, 1>(inputs + i, part_stride, gradients, sums + i * row, row, first);
}

// How the scratch is laid out, in vectors.
template <int WIDTH>
struct GradientScratch {
  static constexpr int BLOCKS = LANES / WIDTH;  // 4 x 4 blocks that share a vector of gradients
  int groups;  // vectors of output channels
  ptrdiff_t input_stride, input_part, inputs;  // [block][part][frequency][in]
  ptrdiff_t gradient_stride, gradients;  // [frequency][group][image]
  ptrdiff_t pixel_stride, pixels;  // [pixel][image], one group's gradients before the transform
  ptrdiff_t sums, sum_stride, size;  // [frequency][in][out], the stride in floats

  GradientScratch(int in_channels, int out_channels)
      : groups(out_channels / WIDTH),
        // An odd number of vectors between rows, so that they do not share a few cache sets.
        input_stride(in_channels | 1),
        input_part(FREQUENCIES * input_stride),
        inputs(0),
        gradient_stride(groups * GROUP + 1),
        gradients(inputs + BLOCKS * PARTS * input_part),
        pixel_stride(GROUP + 1),
        pixels(gradients + FREQUENCIES * gradient_stride),
        sums(pixels + WINOGRAD_OUT * WINOGRAD_OUT * pixel_stride),
        sum_stride(static_cast<ptrdiff_t>(in_channels) * out_channels + GROUP),
        size(sums + FREQUENCIES * (sum_stride / LANES + 1)) {}
};

struct Corner {
  int y, x;
};

// Transposes the gradients of a group of channels, in up to BLOCKS blocks, and transforms them.
// Returns their sum over images and positions, in the lanes of the channels.
template <int WIDTH>
inline vec transform_gradients(const Parts<Map>& out_gradient, const Corner* corner, int blocks,
                               int group, const GradientScratch<WIDTH>& at, vec* scratch) {
  vec* pixels = scratch + at.pixels;
  vec sum = zero();
  for (int y = 0; y < WINOGRAD_OUT; ++y)
    for (int x = 0; x < WINOGRAD_OUT; ++x) {
      vec* to = pixels + (y * WINOGRAD_OUT + x) * at.pixel_stride;
      vec over_images = zero();
      for (int part = 0; part < PARTS; ++part, to += LANES) {
        const Map& map = out_gradient[part];
        vec rows[LANES];
#pragma GCC unroll 4
        for (int b = 0; b < GradientScratch<WIDTH>::BLOCKS; ++b) {
          const vec* from = map.at(group * WIDTH, corner[b].y + y, corner[b].x + x);
#pragma GCC unroll 16
          for (int c = 0; c < WIDTH; ++c)
            rows[b * WIDTH + c] = b < blocks ? from[c * map.plane] : zero();
        }
        transpose(rows);
#pragma GCC unroll 16
        for (int image = 0; image < LANES; ++image) {
          to[image] = rows[image];
          over_images += rows[image];
        }
      }
      sum += over_images;
    }
  for (int image = 0; image < GROUP; ++image)
    transform_gradient_block(pixels + image, at.pixel_stride,
                             scratch + at.gradients + group * GROUP + image, at.gradient_stride);
  return sum;
}

// G' sums G, added to the gradient [in][3][3][out].
template <int WIDTH>
inline void finish_gradient(const float* sums, ptrdiff_t stride, int in_channels, int out_channels,
                            float* gradient_IKKO) {
  using channels = typename Channels<WIDTH>::type;
  for (int i = 0; i < in_channels; ++i)
    for (int o = 0; o < out_channels; o += WIDTH) {
      channels half[3][6];
#pragma GCC unroll 6
      for (int x = 0; x < 6; ++x) {
        channels column[6], transformed[3];
#pragma GCC unroll 6
        for (int y = 0; y < 6; ++y)
          column[y] = Channels<WIDTH>::load(sums + (y * 6 + x) * stride + i * out_channels + o);
        gradient_transform(column, transformed);
#pragma GCC unroll 6
        for (int y = 0; y < 3; ++y) half[y][x] = transformed[y];
      }
#pragma GCC unroll 6
      for (int y = 0; y < 3; ++y) {
        channels transformed[3];
        gradient_transform(half[y], transformed);
#pragma GCC unroll 6
        for (int x = 0; x < 3; ++x) {
          float* to = gradient_IKKO + (i * 9 + y * 3 + x) * out_channels + o;
          Channels<WIDTH>::store(to, Channels<WIDTH>::load(to) + transformed[x]);
        }
      }
    }
}

template <int WIDTH>
void winograd_gradient(const Parts<Map>& in, const Parts<Map>& out_gradient, float* gradient_IKKO,
                       float* bias_gradient_O, vec* scratch) {
  const int in_channels = in[0].channels, out_channels = out_gradient[0].channels;
  const GradientScratch<WIDTH> at(in_channels, out_channels);
  constexpr int BLOCKS = GradientScratch<WIDTH>::BLOCKS;
  const int across = (in[0].width + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
  const int blocks = across * ((in[0].height + WINOGRAD_OUT - 1) / WINOGRAD_OUT);
  float* sums = reinterpret_cast<float*>(scratch + at.sums);
  for (int first = 0; first < blocks; first += BLOCKS) {
    const int n = std::min(BLOCKS, blocks - first);
    Corner corner[BLOCKS] = {};
    for (int b = 0; b < n; ++b)
      corner[b] = {(first + b) / across * WINOGRAD_OUT, (first + b) % across * WINOGRAD_OUT};
    for (int group = 0; group < at.groups; ++group) {
      const vec sum = transform_gradients<WIDTH>(out_gradient, corner, n, group, at, scratch);
      for (int lane = 0; lane < LANES; ++lane)
        bias_gradient_O[group * WIDTH + lane % WIDTH] += sum[lane];
    }
    for (int b = 0; b < n; ++b) {
      vec* inputs = scratch + at.inputs + b * PARTS * at.input_part;
      for (int part = 0; part < PARTS; ++part)
        for (int i = 0; i < in_channels; ++i)
          transform_input_block(in[part].at(i, corner[b].y - 1, corner[b].x - 1), in[part].row,
                                inputs + part * at.input_part + i, at.input_stride);
      for (int f = 0; f < FREQUENCIES; ++f)
        for (int group = 0; group < at.groups; ++group) {
          const vec* gradients = scratch + at.gradients + f * at.gradient_stride + group * GROUP;
          accumulate<WIDTH>(inputs + f * at.input_stride, at.input_part, in_channels,
                            reinterpret_cast<const float*>(gradients) + b * WIDTH,
                            sums + f * at.sum_stride + group * WIDTH, out_channels, first + b == 0);
        }
    }
  }
  finish_gradient<WIDTH>(sums, at.sum_stride, in_channels, out_channels, gradient_IKKO);
}

}  // namespace detail

// Whether winograd_gradient can do these channels, and pays.
inline bool winograd_gradient_pays(int in_channels, int out_channels, int k) {
  return k == 3 && in_channels >= 4 && gradient_fits(out_channels);
}

inline int64_t winograd_gradient_scratch(int in_channels, int out_channels) {
  return gradient_width(out_channels) == LANES
             ? detail::GradientScratch<LANES>(in_channels, out_channels).size
             : detail::GradientScratch<LANES / 2>(in_channels, out_channels).size;
}

// Adds a tile's share to the gradients of weights, as [in][3][3][out], and bias.
inline void winograd_gradient(const Parts<Map>& in, const Parts<Map>& out_gradient,
                              float* gradient_IKKO, float* bias_gradient_O, vec* scratch) {
  if (gradient_width(out_gradient[0].channels) == LANES)
    detail::winograd_gradient<LANES>(in, out_gradient, gradient_IKKO, bias_gradient_O, scratch);
  else if constexpr (LANES == GROUP)
    detail::winograd_gradient<LANES / 2>(in, out_gradient, gradient_IKKO, bias_gradient_O, scratch);
}

}  // namespace paribus
