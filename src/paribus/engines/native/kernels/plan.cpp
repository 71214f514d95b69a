// The memory plan, made in two walks.
//
// Forward: every layer's output is a *value*; values lie in buffers. A value may take over its
// input's buffer when no backward step reads that input: so a ReLU after a convolution, or the sum
// at the end of a residual block, costs no memory, and is done in the kernel that came before it.
//
// Backward: every value that leads to a parameter gets its gradient written exactly once, by the
// layer that took it. What a skip connection carries past that layer is handed to it as
// `skip_gradient`, to be added in the same pass. Gradient buffers are used again as soon as their
// last reader is done, but only for maps of the same layout, since the zeros around them must stay.
//
// In passing: batch normalisation makes every tile of a batch wait for the others, so all their maps
// are kept, far more than caches hold. What it normalises for a convolution is therefore not kept: it
// passes to the convolution through a buffer of the thread, and is made again when that goes backward.
#include "plan.h"

#include <map>
#include <stdexcept>

#include "activation.h"
#include "layers.h"

namespace paribus {
namespace {

constexpr int NONE = -1;

struct Value {
  Shape shape;
  bool flat = false;
  int buffer = NONE;
  int maker = NONE;       // the layer that writes it
  int open_skips = 0;     // residual blocks under way that will add it at their end
  bool skipped = false;   // it was such a block's input
  bool learns = false;    // parameters lie before it: its gradient is wanted
  int gradient = NONE;    // gradient buffer
  int skip_gradient = NONE;
  bool summed = false;    // its maker adds a skip connection already
};

struct Buffer {
  Place place;
  bool kept = false;   // backward reads it: nothing may overwrite it
  int readers = 0;     // gradient buffers: reads still to come
};

struct Step {  // a layer and the values it ties
  Operation operation;
  int in, out;
  int skip = NONE;
  bool fused = false;  // an addition done by the layer before
};

class Planner {
 public:
  Planner(const std::vector<Record>& program, Shape input) : program_(program) {
    for (const Record& record : program)
      if (record.operation == Operation::conv && record.second / 2 > border_)
        border_ = record.second / 2;
    const bool flat = !program.empty() && program[0].operation == Operation::flatten;
    current_ = new_value(flat ? Shape{input.size(), 1, 1} : input, flat);
    values_[current_].buffer = new_buffer(layout(current_));
    buffers_[values_[current_].buffer].kept = true;
  }

  Plan make() {
    for (at_ = 0; at_ < static_cast<int>(program_.size()); ++at_) forward(program_[at_]);
    if (!blocks_.empty()) fail("ends within a residual block");
    const Value& last = values_[current_];
    if (!last.flat || !last.learns) fail("must end in the scores of the classes: a linear layer");
    backward();
    plan_.input = place(0);
    plan_.logits = place(current_);
    for (size_t j = 0; j < steps_.size(); ++j) finish(j);
    return std::move(plan_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::invalid_argument("record " + std::to_string(at_) + ": " + why);
  }

  // ---- values and buffers ----

  int new_value(Shape shape, bool flat) {
    Value value;
    value.shape = shape;
    value.flat = flat;
    values_.push_back(value);
    return static_cast<int>(values_.size()) - 1;
  }

  Layout layout(int value) const {
    return Layout(values_[value].shape, values_[value].flat ? 0 : border_);
  }

  int new_buffer(const Place& place) {
    Buffer buffer;
    buffer.place = place;
    buffers_.push_back(buffer);
    return static_cast<int>(buffers_.size()) - 1;
  }

  int new_buffer(const Layout& layout) {
    const Place place{plan_.arena_size, layout, false};
    plan_.arena_size += layout.vectors();
    return new_buffer(place);
  }

  // All maps of a layout pass through the same memory.
  int passing_buffer(const Layout& layout) {
    for (const Buffer& other : buffers_)
      if (other.place.passing && same(other.place.layout, layout))
        return new_buffer(Place(other.place));
    const Place place{plan_.passing_size, layout, true};
    plan_.passing_size += layout.vectors();
    return new_buffer(place);
  }

  static bool same(const Layout& a, const Layout& b) {
    return a.shape == b.shape && a.border == b.border;
  }

  Place place(int value) const { return buffers_[values_[value].buffer].place; }
  void keep(int value) { buffers_[values_[value].buffer].kept = true; }

  // Whether a layer may write its output over this value.
  bool free_to_overwrite(int value) const {
    return !buffers_[values_[value].buffer].kept && values_[value].open_skips == 0;
  }

  // Places a tensor, which has all but its place, at the end of an array.
  Tensor append(Tensor tensor, std::vector<Tensor>& list, int64_t& total) {
    tensor.at = total;
    total += tensor.room();
    list.push_back(tensor);
    return tensor;
  }
  Tensor parameter(int64_t size) {
    return append({0, size}, plan_.parameters, plan_.parameter_size);
  }
  Tensor transposed_parameter(int rows, int columns) {
    const int64_t size = static_cast<int64_t>(rows) * columns;
    return append({0, size, columns, whole_vectors(rows)}, plan_.parameters,
                  plan_.parameter_size);
  }
  Tensor statistic(int64_t size) {
    return append({0, size}, plan_.statistics, plan_.statistics_size);
  }

  // ---- forward ----

  Value& now() { return values_[current_]; }

  // Adds a layer that takes the current value; its output has the given shape, in the given buffer
  // (the input's, say) or in a new one.
  void add(std::unique_ptr<Layer> layer, Operation operation, Shape shape, bool flat,
           bool has_parameters, int buffer = NONE) {
    const int in = current_;
    const int out = new_value(shape, flat);
    values_[out].buffer = buffer == NONE ? new_buffer(layout(out)) : buffer;
    values_[out].maker = static_cast<int>(steps_.size());
    values_[out].learns = values_[in].learns || has_parameters;
    steps_.push_back({operation, in, out, NONE, false});
    plan_.layers.push_back(std::move(layer));
    current_ = out;
  }

  void forward(const Record& record) {
    const Shape shape = now().shape;
    switch (record.operation) {
      case Operation::conv: {
        const int out = record.first, kernel = record.second;
        if (now().flat) fail("a convolution needs a map, not flat features");
        if (out < 1) fail("a convolution needs at least one channel");
        if (kernel != 1 && kernel != 3 && kernel != 5) fail("kernels are 1, 3 or 5 wide");
        const Tensor weight =
            parameter(static_cast<int64_t>(out) * shape.channels * kernel * kernel);
        const Tensor bias = parameter(out);
        keep(current_);
        auto layer = std::make_unique<ConvLayer>(out, shape.channels, kernel, weight, bias);
        if (place(current_).passing) layer->in_maker = maker_of_passing();
        add(std::move(layer), record.operation, {out, shape.height, shape.width}, false, true);
        return;
      }
      case Operation::max_pool:
      case Operation::average_pool: {
        if (now().flat) fail("pooling needs a map, not flat features");
        if (shape.height < 2 || shape.width < 2) fail("the map is too small to pool");
        const Shape half{shape.channels, shape.height / 2, shape.width / 2};
        if (record.operation == Operation::max_pool) {
          keep(current_);
          add(std::make_unique<MaxPoolLayer>(), record.operation, half, false, false);
        } else {
          add(std::make_unique<AveragePoolLayer>(), record.operation, half, false, false);
        }
        return;
      }
      case Operation::relu:
        return activation<Relu>(record.operation);
      case Operation::tanh:
        return activation<Tanh>(record.operation);
      case Operation::sigmoid:
        return activation<Sigmoid>(record.operation);
      case Operation::batch_norm: {
        const int n = shape.channels;
        const Tensor weight = parameter(n), bias = parameter(n);
        const Tensor mean = statistic(n), variance = statistic(n);
        keep(current_);
        plan_.needs_batch = true;
        const bool passing = !now().flat && leads_to_convolution();
        add(std::make_unique<BatchNormLayer>(n, weight, bias, mean, variance), record.operation,
            shape, now().flat, true, passing ? passing_buffer(layout(current_)) : NONE);
        return;
      }
      case Operation::flatten:
        if (!now().flat)
          add(std::make_unique<FlattenLayer>(), record.operation, {shape.size(), 1, 1}, true,
              false);
        return;
      case Operation::linear: {
        if (!now().flat) fail("a linear layer needs flat features; flatten first");
        if (record.first < 1) fail("a linear layer needs at least one output");
        // A layer that reads the images themselves needs no gradient of its input, and so its
        // weights in one order only. (Its kernels read whole vectors of features.)
        const bool reads_images = current_ == 0 && shape.channels % LANES == 0;
        const Tensor weight =
            reads_images ? transposed_parameter(record.first, shape.channels)
                         : parameter(static_cast<int64_t>(record.first) * shape.channels);
        const Tensor bias = parameter(record.first);
        add(std::make_unique<LinearLayer>(record.first, shape.channels, weight, bias, reads_images),
            record.operation, {record.first, 1, 1}, true, true);
        return;
      }
      case Operation::residual_begin:
        ++now().open_skips;
        now().skipped = true;
        blocks_.push_back(current_);
        return;
      case Operation::residual_end:
        return end_block();
    }
    fail("unknown operation");
  }

  template <class Function>
  void activation(Operation operation) {
    const bool in_place = free_to_overwrite(current_);
    const int maker = now().maker;
    auto layer = std::make_unique<ActivationLayer<Function>>();
    if (in_place && operation == Operation::relu && maker != NONE) {
      // The layer that makes the argument can rectify it as it writes it.
      const Step& before = steps_[maker];
      Layer* target = plan_.layers[maker].get();
      bool done = true;
      if (before.operation == Operation::conv)
        static_cast<ConvLayer*>(target)->rectified = true;
      else if (before.operation == Operation::linear)
        static_cast<LinearLayer*>(target)->rectified = true;
      else if (before.operation == Operation::batch_norm)
        static_cast<BatchNormLayer*>(target)->rectified = true;
      else
        done = false;
      layer->forward_done_before = done;
    }
    add(std::move(layer), operation, now().shape, now().flat, false,
        in_place ? now().buffer : NONE);
    keep(current_);
  }

  // Whether the record at hand (batch normalisation) is followed by a convolution, or by a ReLU,
  // which is done along with it, and a convolution.
  bool leads_to_convolution() const {
    size_t next = static_cast<size_t>(at_) + 1;
    if (next < program_.size() && program_[next].operation == Operation::relu) ++next;
    return next < program_.size() && program_[next].operation == Operation::conv;
  }

  // The batch normalisation that made the current value, a ReLU in between or not.
  Layer* maker_of_passing() {
    int maker = now().maker;
    if (steps_[maker].operation == Operation::relu) maker = values_[steps_[maker].in].maker;
    return plan_.layers[maker].get();
  }

  void end_block() {
    if (blocks_.empty()) fail("ends a residual block that was not begun");
    const int skip = blocks_.back();
    blocks_.pop_back();
    const int body = current_;
    if (body == skip) fail("a residual block needs a layer");
    if (!(now().shape == values_[skip].shape) || now().flat != values_[skip].flat)
      fail("the body of a residual block must keep the shape");
    --values_[skip].open_skips;

    const int maker = now().maker;
    const Operation before = steps_[maker].operation;
    const bool body_free = free_to_overwrite(body);
    const bool fused = body_free && !now().summed &&
                       (before == Operation::conv || before == Operation::linear);
    auto layer = std::make_unique<AddLayer>();
    if (fused) {
      // The sum may even replace the block's input, position by position.
      if (free_to_overwrite(skip)) values_[body].buffer = values_[skip].buffer;
      if (before == Operation::conv)
        static_cast<ConvLayer*>(plan_.layers[maker].get())->addend = place(skip);
      else
        static_cast<LinearLayer*>(plan_.layers[maker].get())->addend = place(skip);
    }
    layer->skip = place(skip);
    const bool learns = values_[skip].learns;
    add(std::move(layer), Operation::residual_end, now().shape, now().flat, learns,
        body_free ? now().buffer : NONE);
    steps_.back().skip = skip;
    steps_.back().fused = fused;
    if (fused) {
      values_[current_].maker = maker;
      values_[current_].summed = true;
    }
  }

  // ---- backward ----

  int take_gradient(const Layout& layout) {
    for (size_t j = 0; j < idle_.size(); ++j) {
      const int buffer = idle_[j];
      if (same(buffers_[buffer].place.layout, layout)) {
        idle_.erase(idle_.begin() + static_cast<ptrdiff_t>(j));
        return buffer;
      }
    }
    return new_buffer(layout);
  }

  void release(int buffer) {
    if (buffer != NONE && --buffers_[buffer].readers == 0) idle_.push_back(buffer);
  }

  void backward() {
    values_[current_].gradient = take_gradient(layout(current_));
    buffers_[values_[current_].gradient].readers = 1;
    plan_.logits_gradient = buffers_[values_[current_].gradient].place;
    for (int j = static_cast<int>(steps_.size()) - 1; j >= 0; --j) backward(j);
  }

  void backward(int j) {
    const Step step = steps_[j];
    Layer& layer = *plan_.layers[j];
    const int slope = values_[step.out].gradient;
    if (slope == NONE) return;  // done along with a later layer, or not wanted
    layer.out_gradient = buffers_[slope].place;
    if (step.operation == Operation::residual_end) {
      split_gradient(step, static_cast<AddLayer&>(layer), slope);
      return;
    }
    if (!values_[step.in].learns) return release(slope);

    // A ReLU's backward step is a mask, which the layer after it applies as it writes.
    int target = step.in;
    const int maker = values_[step.in].maker;
    if (maker != NONE && steps_[maker].operation == Operation::relu &&
        !values_[step.in].skipped) {
      auto& relu = static_cast<ActivationLayer<Relu>&>(*plan_.layers[maker]);
      if (step.operation == Operation::conv) {
        static_cast<ConvLayer&>(layer).gate = place(step.in);
        relu.backward_done_after = true;
      } else if (step.operation == Operation::max_pool) {
        static_cast<MaxPoolLayer&>(layer).gated = true;
        relu.backward_done_after = true;
      }
      if (relu.backward_done_after) target = steps_[maker].in;
    }

    Value& value = values_[target];
    if (!value.learns) return release(slope);
    const bool elementwise = step.operation == Operation::relu ||
                             step.operation == Operation::tanh ||
                             step.operation == Operation::sigmoid ||
                             step.operation == Operation::batch_norm;
    if (elementwise && buffers_[slope].readers == 1) {
      ++buffers_[slope].readers;
      value.gradient = slope;
    } else {
      value.gradient = take_gradient(layout(target));
      buffers_[value.gradient].readers = 1;
    }
    layer.in_gradient = buffers_[value.gradient].place;
    if (value.skip_gradient != NONE) {
      layer.skip_gradient = buffers_[value.skip_gradient].place;
      release(value.skip_gradient);
    }
    release(slope);
  }

  void split_gradient(const Step& step, AddLayer& layer, int slope) {
    Value& body = values_[step.in];
    Value& skip = values_[step.skip];
    if (body.learns) {
      body.gradient = slope;
      ++buffers_[slope].readers;
    }
    if (skip.learns) {
      if (skip.skip_gradient == NONE) {
        skip.skip_gradient = slope;
        ++buffers_[slope].readers;
      } else {
        const int sum = take_gradient(layout(step.skip));
        buffers_[sum].readers = 1;
        layer.first_gradient = buffers_[skip.skip_gradient].place;
        layer.second_gradient = buffers_[slope].place;
        layer.sum_gradient = buffers_[sum].place;
        release(skip.skip_gradient);
        skip.skip_gradient = sum;
      }
    }
    release(slope);
  }

  // ---- the finished layers ----

  void finish(size_t j) {
    Layer& layer = *plan_.layers[j];
    layer.in = place(steps_[j].in);
    layer.out = place(steps_[j].out);
    if (steps_[j].fused) static_cast<AddLayer&>(layer).done_before = true;
  }

  const std::vector<Record>& program_;
  int at_ = 0;
  int border_ = 1;
  Plan plan_;
  std::vector<Value> values_;
  std::vector<Buffer> buffers_;
  std::vector<Step> steps_;
  std::vector<int> blocks_;  // inputs of the residual blocks under way
  std::vector<int> idle_;    // gradient buffers that nobody will read again
  int current_ = 0;
};

}  // namespace

Plan make_plan(const std::vector<Record>& program, Shape input) {
  if (input.channels < 1 || input.height < 1 || input.width < 1)
    throw std::invalid_argument("images need at least one channel, row and column");
  return Planner(program, input).make();
}

}  // namespace paribus
