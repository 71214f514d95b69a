// Fully connected layers on a tile: features are a map of shape (n, 1, 1), one vector each in a part.
#pragma once

#include <vector>

#include "conv.h"

namespace paribus {

// to[column][row] = from[row][column]; strides: floats from a row of each matrix to its next.
inline void transpose_matrix(const float* from, int rows, int columns, ptrdiff_t from_stride,
                             float* to, ptrdiff_t to_stride) {
  int row = 0;
  for (; row + LANES <= rows; row += LANES) {
    int column = 0;
    for (; column + LANES <= columns; column += LANES) {
      vec block[LANES];
      for (int j = 0; j < LANES; ++j) block[j] = load(from + (row + j) * from_stride + column);
      transpose(block);
      for (int j = 0; j < LANES; ++j) store(to + (column + j) * to_stride + row, block[j]);
    }
    for (; column < columns; ++column)
      for (int j = 0; j < LANES; ++j)
        to[column * to_stride + row + j] = from[(row + j) * from_stride + column];
  }
  for (; row < rows; ++row)
    for (int column = 0; column < columns; ++column)
      to[column * to_stride + row] = from[row * from_stride + column];
}

namespace detail {

// OUTPUTS sums in registers:  out[j] = sum over k of matrix[k * stride + j] * in[k], for the inputs
// k that are not 0 in every image.
template <int OUTPUTS>
void multiply_block(const float* matrix, int stride, const vec* in, const int* used, int count,
                    int first, vec* out, const Finish& finish) {
  vec sum[OUTPUTS] = {};
  for (int n = 0; n < count; ++n) {
    const vec value = in[used[n]];
    const float* weight = matrix + static_cast<ptrdiff_t>(used[n]) * stride + first;
#pragma GCC unroll 32
    for (int j = 0; j < OUTPUTS; ++j) sum[j] = fma(weight[j], value, sum[j]);
  }
  for (int j = 0; j < OUTPUTS; ++j) finish(sum[j], first + j, first + j, out);
}

using Multiply = void (*)(const float*, int, const vec*, const int*, int, int, vec*, const Finish&);

constexpr int MOST_OUTPUTS = REGISTERS - 4;

template <class Sizes>
struct MultiplyBlocks;

template <size_t... n>
struct MultiplyBlocks<std::index_sequence<n...>> {
  static constexpr Multiply WITH[] = {nullptr, multiply_block<static_cast<int>(n) + 1>...};
};

}  // namespace detail

// The inputs that are not 0 in all images of a tile. (Most pixels at the edge of a digit are; adding 0
// changes no sum.)
inline const std::vector<int>& used_inputs(const Parts<Map>& in) {
  thread_local std::vector<int> used;
  const int inputs = in[0].channels;
  used.resize(inputs);
  size_t count = 0;
  for (int k = 0; k < inputs; ++k) {
    used[count] = k;
    bool all = true;
    for (int part = 0; part < PARTS; ++part) all = all && all_zero<1>(in[part].data + k);
    count += !all;
  }
  used.resize(count);
  return used;
}

// out[j] = finish(sum over k of matrix[k][j] * in[k]) for a part of a tile and the inputs k that are
// used; matrix (inputs, outputs), its rows `stride` floats apart.
// Outputs are shared out evenly over blocks that fit the registers.
inline void multiply(const float* matrix, int stride, const Map& in, const std::vector<int>& used,
                     const Map& out, const Finish& finish) {
  using Blocks = detail::MultiplyBlocks<std::make_index_sequence<detail::MOST_OUTPUTS>>;
  const int outputs = out.channels, count = static_cast<int>(used.size());
  const int blocks = (outputs + detail::MOST_OUTPUTS - 1) / detail::MOST_OUTPUTS;
  for (int b = 0; b < blocks; ++b) {
    const int first = outputs * b / blocks, end = outputs * (b + 1) / blocks;
    Blocks::WITH[end - first](matrix, stride, in.data, used.data(), count, first, out.data, finish);
  }
}

// Images of a batch as rows of floats: what the gradient of a matrix wants, whose lanes are the
// features. Row n holds `features` floats, readable up to the next multiple of GROUP.
struct Rows {
  const float* const* row;
  int images;
  int features;
};

// Writes a part of a tile of flat features as rows (LANES of them, `stride` floats apart, padded with
// zeros).
inline void write_rows(const vec* features, int count, float* rows, int stride) {
  for (int first = 0; first < count; first += LANES) {
    vec block[LANES] = {};
    for (int j = 0; j < std::min(LANES, count - first); ++j) block[j] = features[first + j];
    transpose(block);
    for (int lane = 0; lane < LANES; ++lane) store(rows + lane * stride + first, block[lane]);
  }
}

// And back: `count` flat features from rows.
inline void read_rows(const float* rows, int count, int stride, vec* features) {
  for (int first = 0; first < count; first += LANES) {
    vec block[LANES];
    for (int lane = 0; lane < LANES; ++lane) block[lane] = load(rows + lane * stride + first);
    transpose(block);
    for (int j = 0; j < std::min(LANES, count - first); ++j) features[first + j] = block[j];
  }
}

namespace detail {

// OUTPUTS x VECTORS block of the gradient, held in registers over the whole batch: over those of
// its images whose features there are not all 0. `gradient` is where the block begins.
template <int OUTPUTS, int VECTORS>
inline void matrix_gradient_block(const Rows& in, const int* used, int count,
                                  const vec* out_gradients, int outputs, int o, int feature,
                                  float* gradient, int stride) {
  vec sum[OUTPUTS][VECTORS] = {};
  for (int n = 0; n < count; ++n) {
    const int image = used[n];
    const float* gradients =
        reinterpret_cast<const float*>(out_gradients + image / LANES * outputs + o) + image % LANES;
    const float* row = in.row[image] + feature;
    vec value[VECTORS];
    for (int v = 0; v < VECTORS; ++v) value[v] = load(row + v * LANES);
#pragma GCC unroll 8
    for (int j = 0; j < OUTPUTS; ++j)
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; ++v) sum[j][v] = fma(gradients[j * LANES], value[v], sum[j][v]);
  }
  for (int j = 0; j < OUTPUTS; ++j)
    for (int v = 0; v < VECTORS; ++v) {
      const int at = feature + v * LANES;
      float* to = gradient + static_cast<ptrdiff_t>(j) * stride + v * LANES;
      if (at + LANES <= in.features)
        store(to, sum[j][v]);
      else
        for (int lane = 0; at + lane < in.features; ++lane) to[lane] = sum[j][v][lane];
    }
}

// FEATURES features (whole vectors) of all outputs, for images that are not 0 there. VECTORS: that are
// taken at once. The last vector may be partly filled.
template <int FEATURES>
inline void matrix_gradient_columns(const Rows& in, const vec* out_gradients, int outputs,
                                    int feature, float* gradient_OI, int stride) {
  constexpr int VECTORS = std::min(FEATURES / LANES, REGISTERS >= 32 ? 4 : 2);
  constexpr int MANY = std::min((REGISTERS - 6) / VECTORS, 6);
  thread_local std::vector<int> used;
  used.resize(in.images);
  int count = 0;
  for (int image = 0; image < in.images; ++image) {
    used[count] = image;
    count += !all_zero<FEATURES / LANES>(in.row[image] + feature);
  }
  for (int first = 0; first < FEATURES; first += VECTORS * LANES) {
    const auto block = [&](auto outputs_at_once, int o) {
      matrix_gradient_block<outputs_at_once, VECTORS>(
          in, used.data(), count, out_gradients, outputs, o, feature + first,
          gradient_OI + static_cast<ptrdiff_t>(o) * stride + first, stride);
    };
    int o = 0;
    for (; o + MANY <= outputs; o += MANY) block(std::integral_constant<int, MANY>(), o);
    for (; o + 2 <= outputs; o += 2) block(std::integral_constant<int, 2>(), o);
    for (; o < outputs; ++o) block(std::integral_constant<int, 1>(), o);
  }
}

}  // namespace detail

// The gradient of a matrix (outputs, features) over a whole batch, for features first <= f < end
// (first a multiple of GROUP). out_gradients: [part of a tile][output], vectors of images. gradient_OI
// begins at feature `first` of output 0; its rows are `stride` floats apart.
inline void matrix_gradient(const Rows& in, const vec* out_gradients, int outputs, int first,
                            int end, float* gradient_OI, int stride) {
  int feature = first;
  for (; feature + 4 * GROUP <= end; feature += 4 * GROUP)
    detail::matrix_gradient_columns<4 * GROUP>(in, out_gradients, outputs, feature,
                                               gradient_OI + (feature - first), stride);
  for (; feature < end; feature += GROUP)
    detail::matrix_gradient_columns<GROUP>(in, out_gradients, outputs, feature,
                                           gradient_OI + (feature - first), stride);
}

}  // namespace paribus
