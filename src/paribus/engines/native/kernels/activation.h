// Elementwise functions and their derivatives. Where the derivative can be had from the function's value,
// it is, so that the value may overwrite the argument.
#pragma once

#include "functions.h"
#include "map.h"

namespace paribus {

struct Relu {
  static constexpr bool FROM_VALUE = true;
  static vec value(vec x) { return rectify(x); }
  static vec gradient(vec value, vec gradient) { return select(value > 0.0f, gradient, zero()); }
};

// negative_slope is positive, so that a value has the sign of its argument. NaN stays NaN.
struct LeakyRelu {
  static constexpr bool FROM_VALUE = true;
  float negative_slope = 0;
  vec value(vec x) const { return x <= 0.0f ? flush(negative_slope * x) : x; }
  vec gradient(vec value, vec gradient) const {
    return select(value > 0.0f, gradient, flush(negative_slope * gradient));
  }
};

struct Sigmoid {
  static constexpr bool FROM_VALUE = true;
  static vec value(vec x) { return flush(1.0f / (1.0f + exponential(-x))); }
  static vec gradient(vec value, vec gradient) { return flush(gradient * value * (1.0f - value)); }
};

struct Tanh {
  static constexpr bool FROM_VALUE = true;
  static vec value(vec x) { return hyperbolic_tangent(x); }
  static vec gradient(vec value, vec gradient) {
    return flush(gradient * fma(-value, value, splat(1.0f)));
  }
};

// x times its sigmoid.
struct Silu {
  static constexpr bool FROM_VALUE = false;
  static vec value(vec x) { return flush(x / (1.0f + exponential(-x))); }
  static vec gradient(vec x, vec gradient) {
    const vec share = flush(1.0f / (1.0f + exponential(-x)));
    return flush(flush(gradient * share) * fma(x, 1.0f - share, splat(1.0f)));
  }
};

// x times the normal distribution's share below x.
struct Gelu {
  static constexpr bool FROM_VALUE = false;
  static vec value(vec x) { return flush(x * normal_share(x)); }
  static vec gradient(vec x, vec gradient) {
    return flush(gradient * fma(x, normal_density(x), normal_share(x)));
  }
};

template <class Function>
void activate(const Function& function, const Map& in, const Map& out) {
  for (int c = 0; c < in.channels; ++c)
    for (int y = 0; y < in.height; ++y) {
      const vec* from = in.at(c, y, 0);
      vec* to = out.at(c, y, 0);
      for (int x = 0; x < in.width; ++x) to[x] = function.value(from[x]);
    }
}

// in_gradient = derivative * out_gradient [+ addend]; any of the three may be one map. from: what the
// derivative comes from.
template <class Function>
void activate_backward(const Function& function, const Map& from, const Map& out_gradient,
                       const vec* addend, const Map& in_gradient) {
  for (int c = 0; c < from.channels; ++c)
    for (int y = 0; y < from.height; ++y) {
      const ptrdiff_t start = from.offset(c, y, 0);
      for (ptrdiff_t at = start; at < start + from.width; ++at) {
        const vec gradient = function.gradient(from.data[at], out_gradient.data[at]);
        in_gradient.data[at] = addend ? addend[at] + gradient : gradient;
      }
    }
}

}  // namespace paribus
