#include "graph.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace paribus {
namespace {

// A residual block or a concatenation that has not ended yet.
struct Block {
  Operation begins;
  int begin;              // the value that it takes
  std::vector<int> ends;  // what its branches have ended in so far
};

class Builder {
 public:
  Builder(const std::vector<Record>& program, Shape input) : program_(program) {
    for (const Record& record : program)
      if (record.operation == Operation::conv || record.operation == Operation::grouped_conv)
        graph_.border = std::max(graph_.border, record.size / 2);
    const bool flat = !program.empty() && program[0].operation == Operation::flatten;
    now_ = add_value(flat ? Shape{input.size(), 1, 1} : input, flat);
  }

  Graph make() {
    for (at_ = 0; at_ < static_cast<int>(program_.size()); ++at_) add(program_[at_]);
    if (!blocks_.empty()) fail("ends within a block");
    if (!now().flat || !now().learns) fail("must end in the scores of the classes: a linear layer");
    return std::move(graph_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::invalid_argument("record " + std::to_string(at_) + ": " + why);
  }

  static int divide_up(int n, int by) { return (n + by - 1) / by; }

  const Value& now() const { return graph_.values[now_]; }

  int add_value(Shape shape, bool flat) {
    Value value;
    value.shape = shape;
    value.flat = flat;
    graph_.values.push_back(value);
    return static_cast<int>(graph_.values.size()) - 1;
  }

  // Adds a node that takes the current value; what it makes is the current value then.
  void add_node(Node node, Shape shape, bool flat) {
    const int number = static_cast<int>(graph_.nodes.size());
    const bool has_parameters = node.weight.size > 0;
    node.in = now_;
    node.out = add_value(shape, flat);
    Value& in = graph_.values[node.in];
    Value& out = graph_.values[node.out];
    in.taker = number;
    out.maker = number;
    out.learns = in.learns || has_parameters;
    if (node.skip != NONE) {
      graph_.values[node.skip].added.push_back(number);
      out.learns = out.learns || graph_.values[node.skip].learns;
    }
    now_ = node.out;
    graph_.nodes.push_back(node);
  }

  // Begins a branch with a copy of the value that a block begins with.
  void add_copy(const Record& record, int value) {
    Node node;
    node.record = record;
    node.in = node.skip = value;
    node.out = add_value(graph_.values[value].shape, graph_.values[value].flat);
    graph_.values[node.out].maker = static_cast<int>(graph_.nodes.size());
    graph_.values[node.out].learns = graph_.values[value].learns;
    graph_.values[value].added.push_back(graph_.values[node.out].maker);
    now_ = node.out;
    graph_.nodes.push_back(node);
  }

  // Joins what the branches of a block end in; the last is the current value.
  void add_concat(Node node, const Block& block) {
    Shape shape = now().shape;
    shape.channels = 0;
    for (int part : block.ends) {
      const Value& value = graph_.values[part];
      if (value.flat != now().flat || value.shape.height != shape.height ||
          value.shape.width != shape.width)
        fail("branches must end in maps of one size, or all in flat features");
      shape.channels += value.shape.channels;
    }
    node.parts = block.ends;
    const int number = static_cast<int>(graph_.nodes.size());
    bool learns = false;
    for (int part : node.parts) {
      learns = learns || graph_.values[part].learns;
      if (part != now_) graph_.values[part].added.push_back(number);
    }
    add_node(node, shape, now().flat);
    graph_.values[now_].learns = learns;
  }

  Block take_block(Operation begins) {
    if (blocks_.empty() || blocks_.back().begins != begins) fail("ends a block that was not begun");
    const Block block = blocks_.back();
    blocks_.pop_back();
    return block;
  }

  // Places a tensor, which has all but its place, at the end of an array.
  static Tensor append(Tensor tensor, std::vector<Tensor>& list, int64_t& total) {
    tensor.at = total;
    total += tensor.room();
    list.push_back(tensor);
    return tensor;
  }
  Tensor parameter(int64_t size) {
    return append({0, size}, graph_.parameters, graph_.parameter_size);
  }
  Tensor transposed_parameter(int rows, int columns) {
    const int64_t size = static_cast<int64_t>(rows) * columns;
    return append({0, size, columns, whole_groups(rows)}, graph_.parameters, graph_.parameter_size);
  }
  Tensor statistic(int64_t size) {
    return append({0, size}, graph_.statistics, graph_.statistics_size);
  }

  void add(const Record& record) {
    const Shape shape = now().shape;
    Node node;
    node.record = record;
    switch (record.operation) {
      case Operation::conv:
      case Operation::grouped_conv: {
        const int out = record.outputs, kernel = record.size, stride = record.stride;
        const int groups = record.operation == Operation::conv ? 1 : record.groups;
        if (now().flat) fail("a convolution needs a map, not flat features");
        if (out < 1) fail("a convolution needs at least one channel");
        if (kernel < 1 || kernel % 2 == 0) fail("kernels have an odd number of rows");
        if (stride < 1) fail("a stride is at least 1");
        if (groups < 1 || shape.channels % groups != 0 || out % groups != 0)
          fail("the channels must fall into groups of one size");
        node.weight =
            parameter(static_cast<int64_t>(out) * (shape.channels / groups) * kernel * kernel);
        node.bias = parameter(out);
        return add_node(
            node, {out, divide_up(shape.height, stride), divide_up(shape.width, stride)}, false);
      }
      case Operation::max_pool:
      case Operation::average_pool: {
        const int size = record.size;
        if (now().flat) fail("pooling needs a map, not flat features");
        if (size < 1) fail("a window has at least one row");
        if (shape.height < size || shape.width < size) fail("the map is too small to pool");
        return add_node(node, {shape.channels, shape.height / size, shape.width / size}, false);
      }
      case Operation::relu:
      case Operation::tanh:
      case Operation::sigmoid:
      case Operation::gelu:
      case Operation::silu: return add_node(node, shape, now().flat);
      case Operation::leaky_relu:
        if (!(record.negative_slope > 0 && record.negative_slope < 1))
          fail("negative_slope lies between 0 and 1");
        return add_node(node, shape, now().flat);
      case Operation::batch_norm:
        node.weight = parameter(shape.channels);
        node.bias = parameter(shape.channels);
        node.mean = statistic(shape.channels);
        node.variance = statistic(shape.channels);
        return add_node(node, shape, now().flat);
      case Operation::group_norm:
        if (record.groups < 1 || shape.channels % record.groups != 0)
          fail("the channels must fall into groups of one size");
        node.weight = parameter(shape.channels);
        node.bias = parameter(shape.channels);
        return add_node(node, shape, now().flat);
      case Operation::dropout:
        if (!(record.probability >= 0 && record.probability < 1))
          fail("a probability of dropout lies between 0 and 1");
        return add_node(node, shape, now().flat);
      case Operation::flatten:
        if (!now().flat) add_node(node, {shape.size(), 1, 1}, true);
        return;
      case Operation::linear: {
        if (!now().flat) fail("a linear layer needs flat features; flatten first");
        if (record.outputs < 1) fail("a linear layer needs at least one output");
        // A layer that reads the images themselves needs no gradient of its input, and so its
        // weights in one order only. (Its kernels read whole groups of features.)
        // In a block, others may read the images too, so that they must be there.
        node.weight = now_ == 0 && blocks_.empty() && shape.channels % GROUP == 0
                          ? transposed_parameter(record.outputs, shape.channels)
                          : parameter(static_cast<int64_t>(record.outputs) * shape.channels);
        node.bias = parameter(record.outputs);
        return add_node(node, {record.outputs, 1, 1}, true);
      }
      case Operation::global_average_pool:
        if (now().flat) fail("pooling needs a map, not flat features");
        return add_node(node, {shape.channels, 1, 1}, true);
      case Operation::residual_begin:
      case Operation::concat_begin:
        blocks_.push_back({record.operation, now_, {}});
        if (record.operation == Operation::concat_begin) add_copy(record, now_);
        return;
      case Operation::residual_skip:
      case Operation::concat_next: {
        const bool residual = record.operation == Operation::residual_skip;
        Block block = take_block(residual ? Operation::residual_begin : Operation::concat_begin);
        if (residual && !block.ends.empty()) fail("a residual block has one skip connection");
        if (now_ == block.begin) fail("a residual block needs a layer");
        block.ends.push_back(now_);
        blocks_.push_back(block);
        return add_copy(record, block.begin);
      }
      case Operation::residual_end: {
        const Block block = take_block(Operation::residual_begin);
        if (now_ == block.begin) fail("a residual block needs a layer");
        node.skip = block.ends.empty() ? block.begin : block.ends[0];
        if (!(shape == graph_.values[node.skip].shape) ||
            now().flat != graph_.values[node.skip].flat)
          fail("what is added at the end of a residual block must have one shape");
        return add_node(node, shape, now().flat);
      }
      case Operation::concat_end: {
        Block block = take_block(Operation::concat_begin);
        if (block.ends.empty()) fail("a concatenation needs two branches");
        block.ends.push_back(now_);
        return add_concat(node, block);
      }
    }
    fail("unknown operation");
  }

  const std::vector<Record>& program_;
  Graph graph_;
  int at_ = 0;               // the record at hand
  int now_ = 0;              // the value that the next layer takes
  std::vector<Block> blocks_;  // those that are open
};

}  // namespace

Graph make_graph(const std::vector<Record>& program, Shape input) {
  if (input.channels < 1 || input.height < 1 || input.width < 1)
    throw std::invalid_argument("images need at least one channel, row and column");
  return Builder(program, input).make();
}

}  // namespace paribus
