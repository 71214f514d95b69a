// Direct convolution: odd kernel, stride 1, same padding (as cross-correlation, like everyone).
//
// The gradient of the input is itself such a convolution, of the output's gradient with the kernel
// turned by 180 degrees and its channels exchanged; so there are two kernels here: `convolve`,
// which serves forward and backward, and `convolve_weight_gradient`.
#pragma once

#include "map.h"

namespace paribus {

// What happens to a freshly summed output before it is stored, in this order:
//   + bias[channel];  + addend (a skip connection, or a gradient summed before);
//   rectify (a ReLU that follows);
// or, for gradients:  zero where `gate` is not positive (the ReLU that made `gate`);  + addend.
// `addend` may be the output itself. All maps have the output's layout.
struct Finish {
  const float* bias = nullptr;
  const vec* addend = nullptr;
  const vec* gate = nullptr;
  bool rectified = false;

  // For N neighbors of one channel, so that the questions are asked once a row.
  template <int N>
  void row(const vec (&sum)[N], int channel, ptrdiff_t offset, vec* out) const {
    vec value[N];
    for (int j = 0; j < N; ++j) value[j] = sum[j];
    if (bias)
      for (int j = 0; j < N; ++j) value[j] += bias[channel];
    if (gate)
      for (int j = 0; j < N; ++j) value[j] = select(gate[offset + j] > 0.0f, value[j], zero());
    if (addend)
      for (int j = 0; j < N; ++j) value[j] += addend[offset + j];
    if (rectified)
      for (int j = 0; j < N; ++j) value[j] = rectify(value[j]);
    for (int j = 0; j < N; ++j) out[offset + j] = value[j];
  }

  // Sends for what row() will read and write.
  template <int N>
  void prefetch(ptrdiff_t offset, const vec* out) const {
    for (const vec* data : {out, gate, addend})
      if (data)
        for (int j = 0; j < N; ++j) paribus::prefetch(data + offset + j);
  }

  void operator()(vec sum, int channel, ptrdiff_t offset, vec* out) const {
    row<1>({sum}, channel, offset, out);
  }
};

// Weights as the kernels want them: [in][ky][kx][out], so that the weights of neighboring output
// channels, which one block of accumulators uses together, lie together.
inline void pack_weights(const float* weights_OIKK, int out, int in, int k, float* packed) {
  for (int o = 0; o < out; ++o)
    for (int i = 0; i < in; ++i)
      for (int at = 0; at < k * k; ++at)
        packed[(i * k * k + at) * out + o] = weights_OIKK[(o * in + i) * k * k + at];
}

// And back, for gradients.
inline void unpack_weights(const float* packed, int out, int in, int k, float* weights_OIKK) {
  for (int o = 0; o < out; ++o)
    for (int i = 0; i < in; ++i)
      for (int at = 0; at < k * k; ++at)
        weights_OIKK[(o * in + i) * k * k + at] = packed[(i * k * k + at) * out + o];
}

// As pack_weights, for the gradient of the input: channels exchanged, kernel turned by 180 degrees.
inline void pack_weights_turned(const float* weights_OIKK, int out, int in, int k, float* packed) {
  for (int o = 0; o < out; ++o)
    for (int at = 0; at < k * k; ++at)
      for (int i = 0; i < in; ++i)
        packed[(o * k * k + k * k - 1 - at) * in + i] = weights_OIKK[(o * in + i) * k * k + at];
}

namespace detail {

// One row's outputs (CHANNELS output channels x COLUMNS columns), held in registers while all
// inputs pass by.
template <int K, int CHANNELS, int COLUMNS>
inline void convolve_block(const Map& in, const float* packed, const Map& out, int channel, int y,
                           int x, const Finish& finish) {
  vec sum[CHANNELS][COLUMNS] = {};
  const float* weight = packed + channel;
  for (int i = 0; i < in.channels; ++i)
    for (int ky = 0; ky < K; ++ky) {
      const vec* input = in.at(i, y + ky - K / 2, x - K / 2);
#pragma GCC unroll 5
      for (int kx = 0; kx < K; ++kx, weight += out.channels)
#pragma GCC unroll 16
        for (int column = 0; column < COLUMNS; ++column) {
          const vec value = input[column + kx];
#pragma GCC unroll 8
          for (int c = 0; c < CHANNELS; ++c) sum[c][column] = fma(weight[c], value, sum[c][column]);
        }
    }
#pragma GCC unroll 8
  for (int c = 0; c < CHANNELS; ++c)
    finish.row(sum[c], channel + c, out.offset(channel + c, y, x), out.data);
}

template <int K, int CHANNELS, int COLUMNS>
inline void convolve_columns(const Map& in, const float* packed, const Map& out, int channel, int y,
                             int& x, const Finish& finish) {
  for (; x + COLUMNS <= out.width; x += COLUMNS)
    convolve_block<K, CHANNELS, COLUMNS>(in, packed, out, channel, y, x, finish);
}

template <int K, int CHANNELS>
inline void convolve_channels(const Map& in, const float* packed, const Map& out, int& channel,
                              const Finish& finish) {
  // Accumulators for 7 columns (28, 14 and 7 are the widths of MNIST's maps) where they fit.
  constexpr int WIDE = CHANNELS * 7 <= REGISTERS - 4 ? 7 : (REGISTERS - 4) / CHANNELS;
  for (; channel + CHANNELS <= out.channels; channel += CHANNELS)
    for (int y = 0; y < out.height; ++y) {
      int x = 0;
      convolve_columns<K, CHANNELS, WIDE>(in, packed, out, channel, y, x, finish);
      convolve_columns<K, CHANNELS, 2>(in, packed, out, channel, y, x, finish);
      convolve_columns<K, CHANNELS, 1>(in, packed, out, channel, y, x, finish);
    }
}

template <int K>
void convolve(const Map& in, const float* packed, const Map& out, const Finish& finish) {
  int channel = 0;
  convolve_channels<K, 4>(in, packed, out, channel, finish);
  convolve_channels<K, 2>(in, packed, out, channel, finish);
  convolve_channels<K, 1>(in, packed, out, channel, finish);
}

// CHANNELS x K accumulators that stay in registers over one part's whole image.
template <int K, int CHANNELS>
inline void weight_gradient_part(const Map& in, const Map& out_gradient, int channel, int i, int ky,
                                 vec* to) {
  vec sum[CHANNELS][K] = {};
  for (int y = 0; y < out_gradient.height; ++y) {
    const vec* input = in.at(i, y + ky - K / 2, -(K / 2));
    const vec* gradient = out_gradient.at(channel, y, 0);
    for (int x = 0; x < out_gradient.width; ++x)
#pragma GCC unroll 8
      for (int c = 0; c < CHANNELS; ++c) {
        const vec s = gradient[c * out_gradient.plane + x];
#pragma GCC unroll 5
        for (int kx = 0; kx < K; ++kx) sum[c][kx] = fma(s, input[x + kx], sum[c][kx]);
      }
  }
  for (int c = 0; c < CHANNELS; ++c)
    for (int kx = 0; kx < K; ++kx) to[c * K + kx] = sum[c][kx];
}

// Gradients for CHANNELS output channels, one input channel and one row of the kernel.
template <int K, int CHANNELS>
inline void weight_gradient_block(const Parts<Map>& in, const Parts<Map>& out_gradient, int channel,
                                  int i, int ky, float* gradient_OIKK) {
  vec sums[PARTS][CHANNELS * K];
  for (int part = 0; part < PARTS; ++part)
    weight_gradient_part<K, CHANNELS>(in[part], out_gradient[part], channel, i, ky, sums[part]);
  for (int first = 0; first < CHANNELS * K; first += LANES) {
    const int n = std::min(LANES, CHANNELS * K - first);
    vec rows[LANES] = {};
    for (int j = 0; j < n; ++j) rows[j] = sum_parts(&sums[0][first + j], CHANNELS * K);
    const vec total = sum_lanes(rows);
    for (int j = 0; j < n; ++j) {
      const int o = channel + (first + j) / K, kx = (first + j) % K;
      gradient_OIKK[((o * in[0].channels + i) * K + ky) * K + kx] += total[j];
    }
  }
}

template <int K, int CHANNELS>
inline void weight_gradient_channels(const Parts<Map>& in, const Parts<Map>& out_gradient,
                                     int& channel, float* gradient_OIKK) {
  for (; channel + CHANNELS <= out_gradient[0].channels; channel += CHANNELS)
    for (int i = 0; i < in[0].channels; ++i)
      for (int ky = 0; ky < K; ++ky)
        weight_gradient_block<K, CHANNELS>(in, out_gradient, channel, i, ky, gradient_OIKK);
}

template <int K>
void weight_gradient(const Parts<Map>& in, const Parts<Map>& out_gradient, float* gradient_OIKK) {
  constexpr int MOST = (REGISTERS - 4) / K >= 8 ? 8 : (REGISTERS - 4) / K >= 4 ? 4 : 2;
  int channel = 0;
  weight_gradient_channels<K, MOST>(in, out_gradient, channel, gradient_OIKK);
  weight_gradient_channels<K, 2>(in, out_gradient, channel, gradient_OIKK);
  weight_gradient_channels<K, 1>(in, out_gradient, channel, gradient_OIKK);
}

}  // namespace detail

// out = finish(in convolved with the packed weights), for a part of a tile.
inline void convolve(const Map& in, const float* packed, int k, const Map& out,
                     const Finish& finish) {
  if (k == 1) detail::convolve<1>(in, packed, out, finish);
  if (k == 3) detail::convolve<3>(in, packed, out, finish);
  if (k == 5) detail::convolve<5>(in, packed, out, finish);
}

// Adds a tile's share to the gradient of the weights (out, in, k, k).
inline void convolve_weight_gradient(const Parts<Map>& in, const Parts<Map>& out_gradient, int k,
                                     float* gradient_OIKK) {
  if (k == 1) detail::weight_gradient<1>(in, out_gradient, gradient_OIKK);
  if (k == 3) detail::weight_gradient<3>(in, out_gradient, gradient_OIKK);
  if (k == 5) detail::weight_gradient<5>(in, out_gradient, gradient_OIKK);
}

// Adds a tile's share to the gradient of the bias: the sum over images and positions.
inline void bias_gradient(const Parts<Map>& out_gradient, float* gradient_O) {
  const Map& shape = out_gradient[0];
  for (int first = 0; first < shape.channels; first += LANES) {
    const int n = std::min(LANES, shape.channels - first);
    vec rows[LANES] = {};
    for (int c = 0; c < n; ++c) {
      vec sums[PARTS] = {};
      for (int part = 0; part < PARTS; ++part)
        for (int y = 0; y < shape.height; ++y) {
          const vec* gradient = out_gradient[part].at(first + c, y, 0);
          vec sum = zero();
          for (int x = 0; x < shape.width; ++x) sum += gradient[x];
          sums[part] += sum;
        }
      rows[c] = sum_parts(sums);
    }
    const vec total = sum_lanes(rows);
    for (int c = 0; c < n; ++c) gradient_O[first + c] += total[c];
  }
}

}  // namespace paribus
