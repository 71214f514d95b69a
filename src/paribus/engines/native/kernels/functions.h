// Mathematical functions, each a fixed sequence of operations: the same bits everywhere.
#pragma once

#include "arithmetic.h"

namespace paribus {

// e^x, within 2 units in the last place: x = n ln 2 + r, |r| <= ln 2 / 2, and a polynomial for e^r
// (Cephes, expf). Arguments are clamped to -80 ... 80, so that neither the result, nor 1 over it or over a
// sum of a thousand such, is a denormal number; NaN stays NaN.
inline vec exponential(vec x) {
  x = x < -80.0f ? splat(-80.0f) : x;
  x = x > 80.0f ? splat(80.0f) : x;
  const vec shifter = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
  const vec rounded = fma(1.44269504088896341f, x, shifter);
  const vec n = rounded - shifter;
  const vec r = fma(2.12194440e-4f, n, fma(-0.693359375f, n, x));
  vec p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r) + 1.0f;
  const mask exponent = (mask)rounded - (mask)shifter + 127;
  return p * (vec)(exponent << 23);
}

// The natural logarithm of x, a normal number, within 1 unit in the last place (Cephes, logf): x = m 2^e,
// sqrt(1/2) <= m < sqrt(2). Of infinity it is infinity, and NaN stays NaN.
inline vec logarithm(vec x) {
  const mask bits = (mask)x;
  const mask from_root = bits - 0x3f3504f3;  // of sqrt(1/2)
  const mask e = from_root >> 23;
  const vec m = (vec)((from_root & 0x007fffff) + 0x3f3504f3);
  const vec exponent = __builtin_convertvector(e, vec);
  const vec f = m - 1.0f, square = f * f;
  vec p = splat(7.0376836292e-2f);
  p = fma(p, f, splat(-1.1514610310e-1f));
  p = fma(p, f, splat(1.1676998740e-1f));
  p = fma(p, f, splat(-1.2420140846e-1f));
  p = fma(p, f, splat(1.4249322787e-1f));
  p = fma(p, f, splat(-1.6668057665e-1f));
  p = fma(p, f, splat(2.0000714765e-1f));
  p = fma(p, f, splat(-2.4999993993e-1f));
  p = fma(p, f, splat(3.3333331174e-1f));
  vec y = f * square * p;
  y = fma(-2.12194440e-4f, exponent, y);
  y = fma(-0.5f, square, y);
  const vec result = fma(0.693359375f, exponent, f + y);
  return select((bits & 0x7fffffff) < 0x7f800000, result, x);
}

// tanh as a rational function (13, 6) on the interval where float32 tells it from 1 (Eigen's).
inline vec hyperbolic_tangent(vec x) {
  constexpr float END = 7.90531110763549805f;
  x = x < -END ? splat(-END) : x;
  x = x > END ? splat(END) : x;
  const vec s = x * x;
  vec p = splat(-2.76076847742355e-16f);
  p = fma(p, s, splat(2.00018790482477e-13f));
  p = fma(p, s, splat(-8.60467152213735e-11f));
  p = fma(p, s, splat(5.12229709037114e-08f));
  p = fma(p, s, splat(1.48572235717979e-05f));
  p = fma(p, s, splat(6.37261928875436e-04f));
  p = fma(p, s, splat(4.89352455891786e-03f));
  vec q = splat(1.19825839466702e-06f);
  q = fma(q, s, splat(1.18534705686654e-04f));
  q = fma(q, s, splat(2.26843463243900e-03f));
  q = fma(q, s, splat(4.89352518554385e-03f));
  return x * p / q;
}

// The error function as a rational function (13, 8) on the interval where float32 tells it from 1
// (Eigen's).
inline vec error_function(vec x) {
  x = x < -4.0f ? splat(-4.0f) : x;
  x = x > 4.0f ? splat(4.0f) : x;
  const vec s = x * x;
  vec p = splat(-2.72614225801306e-10f);
  p = fma(p, s, splat(2.77068142495902e-08f));
  p = fma(p, s, splat(-2.10102402082508e-06f));
  p = fma(p, s, splat(-5.69250639462346e-05f));
  p = fma(p, s, splat(-7.34990630326855e-04f));
  p = fma(p, s, splat(-2.95459980854025e-03f));
  p = fma(p, s, splat(-1.60960333262415e-02f));
  vec q = splat(-1.45660718464996e-05f);
  q = fma(q, s, splat(-2.13374055278905e-04f));
  q = fma(q, s, splat(-1.68282697438203e-03f));
  q = fma(q, s, splat(-7.37332916720468e-03f));
  q = fma(q, s, splat(-1.42647390514189e-02f));
  return x * p / q;
}

// The normal distribution's density, and its share below x.
inline vec normal_density(vec x) {
  return flush(0.39894228040143267794f * exponential(-0.5f * (x * x)));
}
inline vec normal_share(vec x) {
  return fma(0.5f, error_function(0.70710678118654752440f * x), splat(0.5f));
}

}  // namespace paribus
