// Which instruction sets the processor at hand has, and its operating system lets programs use. A library
// of its own, compiled for any processor: the kernels are loaded only after it was asked.
#include <cstdint>
#include <cstring>
#include <initializer_list>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#ifndef PARIBUS_SOURCES
#define PARIBUS_SOURCES "unknown"  // build.py says
#endif

#ifdef _WIN32
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

EXPORT const char* paribus_probe_describe() { return "sources=" PARIBUS_SOURCES ";"; }

#if defined(__x86_64__)

namespace {

struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

Registers cpuid(unsigned leaf) {
  Registers r;
  __get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d);
  return r;
}

bool all(unsigned word, std::initializer_list<int> bits) {
  for (int bit : bits)
    if (!(word >> bit & 1)) return false;
  return true;
}

// The registers that the operating system saves when it switches between programs.
unsigned saved_registers() {
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

#endif

EXPORT int32_t paribus_has([[maybe_unused]] const char* instruction_set) {
#if defined(__x86_64__)
  constexpr int FMA = 12, OSXSAVE = 27, AVX = 28;  // leaf 1, c
  constexpr int AVX2 = 5, AVX512F = 16, AVX512DQ = 17, AVX512BW = 30, AVX512VL = 31;  // leaf 7, b
  const unsigned common = cpuid(1).c, wide = cpuid(7).b;
  if (!all(common, {FMA, OSXSAVE, AVX}) || !all(wide, {AVX2})) return 0;
  const unsigned saved = saved_registers();
  if (!all(saved, {1, 2})) return 0;  // xmm, ymm
  if (std::strcmp(instruction_set, "avx2") == 0) return 1;
  if (std::strcmp(instruction_set, "avx512") == 0)
    return all(wide, {AVX512F, AVX512DQ, AVX512BW, AVX512VL}) &&
           all(saved, {5, 6, 7});  // masks, and both parts of zmm
#elif defined(__aarch64__)
  if (std::strcmp(instruction_set, "neon") == 0) return 1;
#endif
  return 0;
}
