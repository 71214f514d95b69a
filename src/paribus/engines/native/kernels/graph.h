// A network as a graph: layers (nodes) that make values of values.
#pragma once

#include <vector>

#include "api.h"
#include "map.h"
#include "tensor.h"

namespace paribus {

#define PARIBUS_NAME(name) name,
enum class Operation : int32_t { PARIBUS_OPERATIONS(PARIBUS_NAME) };
#undef PARIBUS_NAME

struct Record {
  Operation operation;
  int32_t outputs = 0, size = 0, stride = 1;  // as in paribus_record
  double probability = 0, negative_slope = 0;
  int32_t groups = 1;
};

constexpr int NONE = -1;

// An activation: a map, or flat features.
struct Value {
  Shape shape;
  bool flat = false;
  bool learns = false;     // parameters lie before it: its gradient is wanted
  int maker = NONE;        // the node that computes it; none: it is the images
  int taker = NONE;        // the node that takes it as its input
  // The nodes that take it besides: they add it as a skip connection, copy it into another branch, or
  // join it with what other branches end in.
  std::vector<int> added;
};

// A layer. `residual_end` takes two values: out = in + skip. A copy, with which a further branch begins,
// takes its value as `skip` too. `concat_end` takes `parts`, of which `in` is the last.
struct Node {
  Record record;
  int in = NONE, out = NONE, skip = NONE;
  std::vector<int> parts;
  Tensor weight, bias, mean, variance;  // those that the operation has

  bool is(Operation operation) const { return record.operation == operation; }
  bool is_convolution() const { return is(Operation::conv) || is(Operation::grouped_conv); }
  bool is_copy() const {
    return is(Operation::residual_skip) || is(Operation::concat_begin) ||
           is(Operation::concat_next);
  }

  // Elementwise: the gradient of the input may take the place of that of the output.
  bool is_elementwise() const {
    return is(Operation::relu) || is(Operation::tanh) || is(Operation::sigmoid) ||
           is(Operation::gelu) || is(Operation::batch_norm) || is(Operation::dropout) ||
           is(Operation::leaky_relu) || is(Operation::silu) || is(Operation::group_norm);
  }

  // What its backward step reads. (A linear layer keeps a copy of its input.)
  bool reads_output() const {
    return is(Operation::relu) || is(Operation::tanh) || is(Operation::sigmoid) ||
           is(Operation::leaky_relu);
  }
  bool reads_input() const {
    return is_convolution() || is(Operation::max_pool) || is(Operation::batch_norm) ||
           is(Operation::gelu) || is(Operation::silu) || is(Operation::group_norm);
  }

  // Whether the output may lie where the input lay.
  bool can_overwrite() const {
    return reads_output() || is(Operation::dropout) || is(Operation::residual_end);
  }
};

struct Graph {
  std::vector<Node> nodes;  // in order of evaluation
  std::vector<Value> values;  // the first is the images
  std::vector<Tensor> parameters, statistics;  // statistics: running means and variances
  int64_t parameter_size = 0, statistics_size = 0;
  int border = 1;  // zeros around every map that any kernel of a convolution may read

  const Node& maker(int value) const { return nodes[values[value].maker]; }
  bool made_by(int value, Operation operation) const {
    return values[value].maker != NONE && maker(value).is(operation);
  }
};

// Throws std::invalid_argument, saying which record is wrong and why.
Graph make_graph(const std::vector<Record>& program, Shape input);

}  // namespace paribus
