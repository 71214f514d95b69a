// What differs from one operating system or processor to the next, and nothing else.
#include <cstdlib>
#include <cstring>
#include <new>

#include "arithmetic.h"
#include "array.h"

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef _WIN32
#include <malloc.h>
#endif
#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace paribus {
namespace {

void* allocate(size_t unit, size_t bytes) {
#ifdef _WIN32
  return _aligned_malloc(bytes, unit);
#else
  void* block = nullptr;
  return posix_memalign(&block, unit, bytes) == 0 ? block : nullptr;
#endif
}

void ask_for_huge_pages([[maybe_unused]] void* block, [[maybe_unused]] size_t bytes) {
#ifdef MADV_HUGEPAGE
  // Where the system declines, pages stay small.
  madvise(block, bytes, MADV_HUGEPAGE);
#endif
}

}  // namespace

void AlignedFree::operator()(void* block) const {
#ifdef _WIN32
  _aligned_free(block);
#else
  std::free(block);
#endif
}

Array make_array(int64_t floats) {
  constexpr size_t LINE = 64, HUGE_PAGE = 2 << 20;
  const size_t wanted = static_cast<size_t>(floats) * sizeof(float);
  const size_t unit = wanted >= HUGE_PAGE ? HUGE_PAGE : LINE;
  const size_t bytes = (wanted / unit + 1) * unit;
  void* block = allocate(unit, bytes);
  if (!block) throw std::bad_alloc();
  // What is walked through once a batch outgrows what the TLB holds of small pages.
  if (unit == HUGE_PAGE) ask_for_huge_pages(block, bytes);
  std::memset(block, 0, bytes);
  return Array(static_cast<float*>(block));
}

#if defined(__x86_64__) || defined(_M_X64)

namespace {
constexpr unsigned FLAGS = 0x3F, STANDARD = 0x1F80;  // no exceptions, to nearest, denormals kept
}

StandardArithmetic::StandardArithmetic() : before_(_mm_getcsr()) {
  _mm_setcsr(STANDARD | (static_cast<unsigned>(before_) & FLAGS));
}
StandardArithmetic::~StandardArithmetic() {
  _mm_setcsr(static_cast<unsigned>(before_) | (_mm_getcsr() & FLAGS));
}

#elif defined(__aarch64__)

StandardArithmetic::StandardArithmetic() {
  asm volatile("mrs %0, fpcr" : "=r"(before_));
  asm volatile("msr fpcr, %0" : : "r"(uint64_t{0}));
}
StandardArithmetic::~StandardArithmetic() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

#endif

}  // namespace paribus
