#include "array.h"

#include <cstdlib>
#include <cstring>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace paribus {

void AlignedFree::operator()(void* block) const { std::free(block); }

Array make_array(int64_t floats) {
  constexpr size_t LINE = 64, HUGE_PAGE = 2 << 20;
  const size_t wanted = static_cast<size_t>(floats) * sizeof(float);
  const size_t unit = wanted >= HUGE_PAGE ? HUGE_PAGE : LINE;
  const size_t bytes = (wanted / unit + 1) * unit;
  void* block = std::aligned_alloc(unit, bytes);
  if (!block) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  // What is walked through once a batch outgrows what the TLB holds of small pages.
  // Where the system declines, pages stay small.
  if (unit == HUGE_PAGE) madvise(block, bytes, MADV_HUGEPAGE);
#endif
  std::memset(block, 0, bytes);
  return Array(static_cast<float*>(block));
}

}  // namespace paribus
