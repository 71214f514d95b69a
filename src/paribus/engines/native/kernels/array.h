// Memory for floats, aligned for vectors.
#pragma once

#include <memory>

#include "simd.h"

namespace paribus {

struct AlignedFree {
  void operator()(void* block) const;
};

// A zeroed array of floats, aligned for vectors.
using Array = std::unique_ptr<float[], AlignedFree>;

Array make_array(int64_t floats);

inline Array make_vectors(int64_t vectors) { return make_array(vectors * LANES); }
inline vec* vectors(const Array& array) { return reinterpret_cast<vec*>(array.get()); }

}  // namespace paribus
