// Which instruction sets the processor at hand has, and its operating system lets programs use. A library
// of its own, compiled for any processor: the kernels are loaded only after it was asked.
#include <cstdint>
#include <cstring>

#ifndef PARIBUS_SOURCES
#define PARIBUS_SOURCES "unknown"  // build.py says
#endif

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT const char* paribus_probe_describe() { return "sources=" PARIBUS_SOURCES ";"; }

EXPORT int32_t paribus_has(const char* instruction_set) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (std::strcmp(instruction_set, "avx2") == 0) return avx2;
  if (std::strcmp(instruction_set, "avx512") == 0)
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
  if (std::strcmp(instruction_set, "neon") == 0) return 1;
#endif
  return 0;
}
