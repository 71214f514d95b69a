// Direct convolution with any odd kernel and any stride: what conv.h, whose sizes are known as it is
// compiled, does not do. Everything has the same order of sums as there.
#pragma once

#include "conv.h"

namespace paribus {
namespace detail {

template <int CHANNELS, int COLUMNS>
inline void convolve_general_block(const Map& in, const float* packed, int k, int stride,
                                   const Map& out, int channel, int y, int x,
                                   const Finish& finish) {
  vec sum[CHANNELS][COLUMNS] = {};
  const float* weight = packed + channel;
  for (int i = 0; i < in.channels; ++i)
    for (int ky = 0; ky < k; ++ky) {
      const vec* input = in.at(i, y * stride + ky - k / 2, x * stride - k / 2);
      for (int kx = 0; kx < k; ++kx, weight += out.channels)
#pragma GCC unroll 16
        for (int column = 0; column < COLUMNS; ++column) {
          const vec value = input[column * stride + kx];
#pragma GCC unroll 8
          for (int c = 0; c < CHANNELS; ++c) sum[c][column] = fma(weight[c], value, sum[c][column]);
        }
    }
#pragma GCC unroll 8
  for (int c = 0; c < CHANNELS; ++c)
    finish.row(sum[c], channel + c, out.offset(channel + c, y, x), out.data);
}

template <int CHANNELS>
inline void convolve_general_channels(const Map& in, const float* packed, int k, int stride,
                                      const Map& out, int& channel, const Finish& finish) {
  constexpr int WIDE = std::min(7, (REGISTERS - 4) / CHANNELS);
  for (; channel + CHANNELS <= out.channels; channel += CHANNELS)
    for (int y = 0; y < out.height; ++y) {
      int x = 0;
      for (; x + WIDE <= out.width; x += WIDE)
        convolve_general_block<CHANNELS, WIDE>(in, packed, k, stride, out, channel, y, x, finish);
      for (; x < out.width; ++x)
        convolve_general_block<CHANNELS, 1>(in, packed, k, stride, out, channel, y, x, finish);
    }
}

// Gradients of the input for CHANNELS of its channels at one place: from the places of the kernel that
// cover it, which are those whose distance is a multiple of the stride.
template <int CHANNELS>
inline void input_gradient_block(const Map& out_gradient, const float* packed_turned, int k,
                                 int stride, const Map& to, int channel, int y, int x,
                                 const Finish& finish) {
  vec sum[CHANNELS] = {};
  for (int o = 0; o < out_gradient.channels; ++o)
    for (int ky = (y + k / 2) % stride; ky < k; ky += stride) {
      const int out_y = (y + k / 2 - ky) / stride;
      if (out_y < 0 || out_y >= out_gradient.height || y + k / 2 < ky) continue;
      for (int kx = (x + k / 2) % stride; kx < k; kx += stride) {
        const int out_x = (x + k / 2 - kx) / stride;
        if (out_x < 0 || out_x >= out_gradient.width || x + k / 2 < kx) continue;
        const vec gradient = *out_gradient.at(o, out_y, out_x);
        const float* weight =
            packed_turned +
            (static_cast<ptrdiff_t>(o) * k * k + (k * k - 1 - (ky * k + kx))) * to.channels +
            channel;
#pragma GCC unroll 8
        for (int c = 0; c < CHANNELS; ++c) sum[c] = fma(weight[c], gradient, sum[c]);
      }
    }
  for (int c = 0; c < CHANNELS; ++c)
    finish(sum[c], channel + c, to.offset(channel + c, y, x), to.data);
}

// Gradients for one output and one input channel, one row of the kernel, and COLUMNS of its columns.
template <int COLUMNS>
inline void weight_gradient_general_block(const Parts<Map>& in, const Parts<Map>& out_gradient,
                                          int k, int stride, int o, int i, int ky, int kx,
                                          float* gradient_OIKK) {
  vec sums[PARTS][COLUMNS];
  for (int part = 0; part < PARTS; ++part) {
    const Map& gradients = out_gradient[part];
    vec sum[COLUMNS] = {};
    for (int y = 0; y < gradients.height; ++y) {
      const vec* input = in[part].at(i, y * stride + ky - k / 2, kx - k / 2);
      const vec* gradient = gradients.at(o, y, 0);
      for (int x = 0; x < gradients.width; ++x)
#pragma GCC unroll 8
        for (int c = 0; c < COLUMNS; ++c) sum[c] = fma(gradient[x], input[x * stride + c], sum[c]);
    }
    for (int c = 0; c < COLUMNS; ++c) sums[part][c] = sum[c];
  }
  for (int c = 0; c < COLUMNS; ++c) {
    vec rows[LANES] = {sum_parts(&sums[0][c], COLUMNS)};
    const vec total = sum_lanes(rows);
    gradient_OIKK[((static_cast<ptrdiff_t>(o) * in[0].channels + i) * k + ky) * k + kx + c] +=
        total[0];
  }
}

}  // namespace detail

// out = finish(in convolved with the packed weights), for a part of a tile.
inline void convolve_general(const Map& in, const float* packed, int k, int stride, const Map& out,
                             const Finish& finish) {
  int channel = 0;
  detail::convolve_general_channels<4>(in, packed, k, stride, out, channel, finish);
  detail::convolve_general_channels<1>(in, packed, k, stride, out, channel, finish);
}

// to = finish(the gradient of the input), for a part of a tile; weights as pack_weights_turned has them.
inline void input_gradient_general(const Map& out_gradient, const float* packed_turned, int k,
                                   int stride, const Map& to, const Finish& finish) {
  int channel = 0;
  const auto channels = [&](auto count) {
    for (; channel + count <= to.channels; channel += count)
      for (int y = 0; y < to.height; ++y)
        for (int x = 0; x < to.width; ++x)
          detail::input_gradient_block<count>(out_gradient, packed_turned, k, stride, to, channel,
                                              y, x, finish);
  };
  channels(std::integral_constant<int, 8>());
  channels(std::integral_constant<int, 1>());
}

// Adds a tile's share to the gradient of the weights (out, in, k, k).
inline void weight_gradient_general(const Parts<Map>& in, const Parts<Map>& out_gradient, int k,
                                    int stride, float* gradient_OIKK) {
  for (int o = 0; o < out_gradient[0].channels; ++o)
    for (int i = 0; i < in[0].channels; ++i)
      for (int ky = 0; ky < k; ++ky) {
        int kx = 0;
        for (; kx + 4 <= k; kx += 4)
          detail::weight_gradient_general_block<4>(in, out_gradient, k, stride, o, i, ky, kx,
                                                   gradient_OIKK);
        for (; kx < k; ++kx)
          detail::weight_gradient_general_block<1>(in, out_gradient, k, stride, o, i, ky, kx,
                                                   gradient_OIKK);
      }
}

}  // namespace paribus
