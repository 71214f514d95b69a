// From a network as a list of records to layers with a place in memory for every map.
#pragma once

#include "layer.h"

namespace paribus {

// One record of a network's program is three integers: operation, and two arguments.
enum class Operation : int32_t {
  conv = 0,            // channels, kernel
  max_pool = 1,
  average_pool = 2,
  relu = 3,
  tanh = 4,
  sigmoid = 5,
  batch_norm = 6,
  flatten = 7,
  linear = 8,          // outputs
  residual_begin = 9,
  residual_end = 10,
};

struct Record {
  Operation operation;
  int32_t first, second;
};

struct Plan {
  std::vector<std::unique_ptr<Layer>> layers;
  std::vector<Tensor> parameters, statistics;  // statistics: running means and variances
  int64_t parameter_size = 0, statistics_size = 0;
  Place input, logits, logits_gradient;
  ptrdiff_t arena_size = 0;    // vectors per tile
  ptrdiff_t passing_size = 0;  // and per thread, for maps in passing
  bool needs_batch = false;
};

// Throws std::invalid_argument, saying which record is wrong and why.
Plan make_plan(const std::vector<Record>& program, Shape input);

}  // namespace paribus
