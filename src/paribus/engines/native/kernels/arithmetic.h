// Arithmetic that is bit-identical on every processor and from every compiler.
//
//  - The processor rounds to nearest and keeps denormal numbers, as IEEE 754 has it, whatever a host
//    program has set (StandardArithmetic).
//  - Every fused multiply-add is written as one (simd.h: fma), and the compiler makes no others
//    (-ffp-contract=off).
//  - What mathematical libraries compute differently is computed here: powers below; exp, log, tanh and
//    erf in functions.h.
//  - NaN is one NaN: processors choose different bits for it (canonical).
//
// Flushing denormal numbers to zero would be a mode of the processor, but x86 and ARM do not agree on
// which results are denormal: x86 rounds first. So numbers too small to matter become zero in the
// program instead, by comparison (flush), wherever a factor can make them small without end: at
// gradients of the loss, of activations and of batch normalization, and at weights. A diverging run,
// whose gradients fade, then never computes with denormal numbers, each of which can cost 150 cycles.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "simd.h"

namespace paribus {

// As long as it lives, this thread computes as IEEE 754 has it. What happened meanwhile (an underflow,
// say) shows in the flags of the processor after it.
class StandardArithmetic {
 public:
  StandardArithmetic();
  ~StandardArithmetic();
  StandardArithmetic(const StandardArithmetic&) = delete;
  StandardArithmetic& operator=(const StandardArithmetic&) = delete;

 private:
  uint64_t before_ = 0;
};

// What is smaller counts as zero. The product of two numbers that are not is no denormal number.
constexpr float SMALLEST = 0x1p-63f;

inline vec flush(vec x) {
  // As integers, numbers without sign are in order of size; NaN is the largest.
  const mask size = (mask)x & 0x7fffffff;
  constexpr int32_t LIMIT = (127 - 63) << 23;
  return select(size >= LIMIT, x, zero());
}

inline float canonical(float x) {
  return std::isnan(x) ? std::numeric_limits<float>::quiet_NaN() : x;
}
inline double canonical(double x) {
  return std::isnan(x) ? std::numeric_limits<double>::quiet_NaN() : x;
}

// base to a whole power >= 0, by squaring.
inline double power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent /= 2, base *= base)
    if (exponent % 2) result *= base;
  return result;
}

}  // namespace paribus
