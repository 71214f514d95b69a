// Pooling of 2 x 2 windows, stride 2; an odd last row or column is left out (PyTorch's floor).
#pragma once

#include "map.h"

namespace paribus {

namespace detail {

// Gradients outside all windows (odd sizes) are zero.
inline void clear_left_over(const Map& gradient) {
  for (int c = 0; c < gradient.channels; ++c) {
    if (gradient.height % 2)
      for (int x = 0; x < gradient.width; ++x) *gradient.at(c, gradient.height - 1, x) = zero();
    if (gradient.width % 2)
      for (int y = 0; y < gradient.height; ++y) *gradient.at(c, y, gradient.width - 1) = zero();
  }
}

}  // namespace detail

inline void max_pool(const Map& in, const Map& out) {
  for (int c = 0; c < out.channels; ++c)
    for (int y = 0; y < out.height; ++y) {
      const vec* upper = in.at(c, 2 * y, 0);
      const vec* lower = upper + in.row;
      vec* to = out.at(c, y, 0);
      for (int x = 0; x < out.width; ++x)
        to[x] =
            larger(larger(upper[2 * x], upper[2 * x + 1]), larger(lower[2 * x], lower[2 * x + 1]));
    }
}

// What a convolution makes of equal neighbourhoods (an empty background, say) may differ in the last
// digits, and rounding must not decide where the gradient goes: values this close count as equal.
constexpr float POOL_TIE = 1e-6f;

// The gradient goes to the largest of the window, the first of equals in reading order (as in
// PyTorch). With `gated`, `in` is the output of a ReLU, whose own backward step is done along with
// this one: nothing goes to a window whose largest is zero.
inline void max_pool_backward(const Map& in, const Map& out_gradient, const Map& in_gradient,
                              bool gated) {
  for (int c = 0; c < out_gradient.channels; ++c)
    for (int y = 0; y < out_gradient.height; ++y) {
      const vec* upper = in.at(c, 2 * y, 0);
      const vec* lower = upper + in.row;
      const vec* slope = out_gradient.at(c, y, 0);
      vec* to_upper = in_gradient.at(c, 2 * y, 0);
      vec* to_lower = to_upper + in_gradient.row;
      for (int x = 0; x < out_gradient.width; ++x) {
        const vec a = upper[2 * x], b = upper[2 * x + 1];
        const vec d = lower[2 * x], e = lower[2 * x + 1];
        const vec top = larger(larger(a, b), larger(d, e));
        const vec enough = fma(-POOL_TIE, larger(top, -top), top);
        vec rest = slope[x];
        if (gated) rest = select(top > 0.0f, rest, zero());
        to_upper[2 * x] = select(a >= enough, rest, zero());
        rest = select(a >= enough, zero(), rest);
        to_upper[2 * x + 1] = select(b >= enough, rest, zero());
        rest = select(b >= enough, zero(), rest);
        to_lower[2 * x] = select(d >= enough, rest, zero());
        to_lower[2 * x + 1] = select(d >= enough, zero(), rest);
      }
    }
  detail::clear_left_over(in_gradient);
}

inline void average_pool(const Map& in, const Map& out) {
  for (int c = 0; c < out.channels; ++c)
    for (int y = 0; y < out.height; ++y) {
      const vec* upper = in.at(c, 2 * y, 0);
      const vec* lower = upper + in.row;
      vec* to = out.at(c, y, 0);
      for (int x = 0; x < out.width; ++x)
        to[x] = 0.25f * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]);
    }
}

inline void average_pool_backward(const Map& out_gradient, const Map& in_gradient) {
  for (int c = 0; c < out_gradient.channels; ++c)
    for (int y = 0; y < out_gradient.height; ++y) {
      const vec* slope = out_gradient.at(c, y, 0);
      vec* to_upper = in_gradient.at(c, 2 * y, 0);
      vec* to_lower = to_upper + in_gradient.row;
      for (int x = 0; x < out_gradient.width; ++x)
        to_upper[2 * x] = to_upper[2 * x + 1] = to_lower[2 * x] = to_lower[2 * x + 1] =
            0.25f * slope[x];
    }
  detail::clear_left_over(in_gradient);
}

}  // namespace paribus
