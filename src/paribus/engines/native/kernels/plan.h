// From a network's program to layers with a place in memory for every map: graph.h, then fuse.h, then
// the places.
#pragma once

#include <memory>

#include "graph.h"
#include "layer.h"

namespace paribus {

struct Plan {
  std::vector<std::unique_ptr<Layer>> layers;
  std::vector<Tensor> parameters, statistics;  // statistics: running means and variances
  int64_t parameter_size = 0, statistics_size = 0;
  Place input, logits, logits_gradient;
  ptrdiff_t arena_size = 0;  // vectors per tile
  ptrdiff_t passing_size = 0;  // and per thread, for maps in passing
  bool needs_batch = false;
};

// Throws std::invalid_argument, saying which record is wrong and why.
Plan make_plan(const std::vector<Record>& program, Shape input);

}  // namespace paribus
