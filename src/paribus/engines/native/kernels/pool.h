// Pooling of square windows, as far apart as they are wide; rows and columns left over are left out
// (PyTorch's floor).
#pragma once

#include "arithmetic.h"
#include "map.h"

namespace paribus {

namespace detail {

// Gradients outside all windows are zero.
inline void clear_left_over(const Map& gradient, int size) {
  const int rows = gradient.height / size * size, columns = gradient.width / size * size;
  for (int c = 0; c < gradient.channels; ++c)
    for (int y = 0; y < gradient.height; ++y)
      for (int x = y < rows ? columns : 0; x < gradient.width; ++x) *gradient.at(c, y, x) = zero();
}

// SIZE: of a window, if it is known as this is compiled; else 0, and `size` is used.
template <int SIZE>
inline vec largest(const vec* window, ptrdiff_t row, int size) {
  const int n = SIZE ? SIZE : size;
  vec top = window[0];
  for (int y = 0; y < n; ++y)
    for (int x = y == 0; x < n; ++x) top = larger(top, window[y * row + x]);
  return top;
}

template <int SIZE>
void max_pool(const Map& in, int size, const Map& out) {
  const int n = SIZE ? SIZE : size;
  for (int c = 0; c < out.channels; ++c)
    for (int y = 0; y < out.height; ++y) {
      const vec* from = in.at(c, n * y, 0);
      vec* to = out.at(c, y, 0);
      for (int x = 0; x < out.width; ++x) to[x] = largest<SIZE>(from + n * x, in.row, size);
    }
}

// What a convolution makes of equal neighborhoods (an empty background, say) may differ in the last
// digits, and rounding must not decide where the gradient goes: values this close count as equal.
constexpr float POOL_TIE = 1e-6f;

template <int SIZE>
void max_pool_backward(const Map& in, int size, const Map& out_gradient, const Map& in_gradient,
                       bool gated) {
  const int n = SIZE ? SIZE : size;
  for (int c = 0; c < out_gradient.channels; ++c)
    for (int y = 0; y < out_gradient.height; ++y) {
      const vec* gradient = out_gradient.at(c, y, 0);
      for (int x = 0; x < out_gradient.width; ++x) {
        const vec* window = in.at(c, n * y, n * x);
        vec* to = in_gradient.at(c, n * y, n * x);
        const vec top = largest<SIZE>(window, in.row, size);
        const vec enough = fma(-POOL_TIE, larger(top, -top), top);
        vec rest = gradient[x];
        if (gated) rest = select(top > 0.0f, rest, zero());
        for (int j = 0; j < n; ++j)
          for (int i = 0; i < n; ++i) {
            const mask is_it = window[j * in.row + i] >= enough;
            to[j * in_gradient.row + i] = select(is_it, rest, zero());
            rest = select(is_it, zero(), rest);
          }
      }
    }
  clear_left_over(in_gradient, n);
}

template <int SIZE>
void average_pool(const Map& in, int size, const Map& out) {
  const int n = SIZE ? SIZE : size;
  const float share = 1.0f / static_cast<float>(n * n);
  for (int c = 0; c < out.channels; ++c)
    for (int y = 0; y < out.height; ++y) {
      vec* to = out.at(c, y, 0);
      for (int x = 0; x < out.width; ++x) {
        const vec* window = in.at(c, n * y, n * x);
        vec sum = zero();
        for (int j = 0; j < n; ++j)
          for (int i = 0; i < n; ++i) sum += window[j * in.row + i];
        to[x] = share * sum;
      }
    }
}

template <int SIZE>
void average_pool_backward(int size, const Map& out_gradient, const Map& in_gradient) {
  const int n = SIZE ? SIZE : size;
  const float share = 1.0f / static_cast<float>(n * n);
  for (int c = 0; c < out_gradient.channels; ++c)
    for (int y = 0; y < out_gradient.height; ++y) {
      const vec* gradient = out_gradient.at(c, y, 0);
      for (int x = 0; x < out_gradient.width; ++x) {
        vec* to = in_gradient.at(c, n * y, n * x);
        const vec each = share * gradient[x];
        for (int j = 0; j < n; ++j)
          for (int i = 0; i < n; ++i) to[j * in_gradient.row + i] = each;
      }
    }
  clear_left_over(in_gradient, n);
}

// Calls body(SIZE) with the size as a constant if it is a common one.
template <class Body>
inline void with_size(int size, Body body) {
  if (size == 2)
    body(std::integral_constant<int, 2>());
  else if (size == 3)
    body(std::integral_constant<int, 3>());
  else
    body(std::integral_constant<int, 0>());
}

}  // namespace detail

inline void max_pool(const Map& in, int size, const Map& out) {
  detail::with_size(size, [&](auto known) { detail::max_pool<known>(in, size, out); });
}

// The gradient goes to the largest of the window, the first of equals in reading order (as in
// PyTorch). With `gated`, `in` is the output of a ReLU, whose own backward step is done along with
// this one: nothing goes to a window whose largest is zero.
inline void max_pool_backward(const Map& in, int size, const Map& out_gradient,
                              const Map& in_gradient, bool gated) {
  detail::with_size(size, [&](auto known) {
    detail::max_pool_backward<known>(in, size, out_gradient, in_gradient, gated);
  });
}

// The mean of each channel; sums go along the rows first.
inline void global_average_pool(const Map& in, vec* out_C) {
  const float share = 1.0f / static_cast<float>(in.height * in.width);
  for (int c = 0; c < in.channels; ++c) {
    vec total = zero();
    for (int y = 0; y < in.height; ++y) {
      const vec* row = in.at(c, y, 0);
      vec sum = zero();
      for (int x = 0; x < in.width; ++x) sum += row[x];
      total += sum;
    }
    out_C[c] = share * total;
  }
}

inline void global_average_pool_backward(const vec* out_gradient_C, const Map& in_gradient) {
  const float share = 1.0f / static_cast<float>(in_gradient.height * in_gradient.width);
  for (int c = 0; c < in_gradient.channels; ++c) {
    const vec each = flush(share * out_gradient_C[c]);
    for (int y = 0; y < in_gradient.height; ++y) {
      vec* row = in_gradient.at(c, y, 0);
      for (int x = 0; x < in_gradient.width; ++x) row[x] = each;
    }
  }
}

inline void average_pool(const Map& in, int size, const Map& out) {
  detail::with_size(size, [&](auto known) { detail::average_pool<known>(in, size, out); });
}

inline void average_pool_backward(int size, const Map& out_gradient, const Map& in_gradient) {
  detail::with_size(size, [&](auto known) {
    detail::average_pool_backward<known>(size, out_gradient, in_gradient);
  });
}

}  // namespace paribus
