// Elementwise functions and their derivatives, the derivative always from the function's value, so
// that the value may overwrite the argument.
#pragma once

#include "map.h"

namespace paribus {

// e^x, within 2 units in the last place: x = n ln 2 + r, |r| <= ln 2 / 2, and a polynomial for e^r
// (Cephes, expf). Arguments beyond float32's range are clamped to it; NaN stays NaN.
inline vec exponential(vec x) {
  x = x < -87.0f ? splat(-87.0f) : x;
  x = x > 88.0f ? splat(88.0f) : x;
  const vec shifter = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
  const vec rounded = x * 1.44269504088896341f + shifter;
  const vec n = rounded - shifter;
  const vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  vec p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const mask exponent = (mask)rounded - (mask)shifter + 127;
  return p * (vec)(exponent << 23);
}

struct Relu {
  static vec value(vec x) { return rectify(x); }
  static vec gradient(vec value, vec slope) { return select(value > 0.0f, slope, zero()); }
};

struct Sigmoid {
  static vec value(vec x) { return 1.0f / (1.0f + exponential(-x)); }
  static vec gradient(vec value, vec slope) { return slope * value * (1.0f - value); }
};

// tanh as a rational function (13, 6) on the interval where float32 tells it from 1 (Eigen's).
struct Tanh {
  static vec value(vec x) {
    constexpr float END = 7.90531110763549805f;
    x = x < -END ? splat(-END) : x;
    x = x > END ? splat(END) : x;
    const vec s = x * x;
    vec p = splat(-2.76076847742355e-16f);
    p = p * s + 2.00018790482477e-13f;
    p = p * s - 8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    vec q = splat(1.19825839466702e-06f);
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
  }
  static vec gradient(vec value, vec slope) { return slope * (1.0f - value * value); }
};

template <class Function>
void activate(const Map& in, const Map& out) {
  for (int c = 0; c < in.channels; ++c)
    for (int y = 0; y < in.height; ++y) {
      const vec* from = in.at(c, y, 0);
      vec* to = out.at(c, y, 0);
      for (int x = 0; x < in.width; ++x) to[x] = Function::value(from[x]);
    }
}

// in_gradient = derivative * out_gradient [+ addend]; any of the three may be one map.
template <class Function>
void activate_backward(const Map& out, const Map& out_gradient, const vec* addend,
                       const Map& in_gradient) {
  for (int c = 0; c < out.channels; ++c)
    for (int y = 0; y < out.height; ++y) {
      const ptrdiff_t start = out.offset(c, y, 0);
      for (ptrdiff_t at = start; at < start + out.width; ++at) {
        const vec gradient = Function::gradient(out.data[at], out_gradient.data[at]);
        in_gradient.data[at] = addend ? addend[at] + gradient : gradient;
      }
    }
}

}  // namespace paribus
