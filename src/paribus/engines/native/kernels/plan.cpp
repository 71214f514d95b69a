// The places of all values and gradients, in two walks.
//
// Forward: every value lies in a buffer; fuse.h has decided which share one.
//
// Backward: every value that leads to a parameter gets its gradient written exactly once, by the
// layer that took it. What a skip connection carries past that layer is handed to it as
// `skip_gradient`, to be added in the same pass. Gradient buffers are used again as soon as their
// last reader is done, but only for maps of the same layout, since the zeros around them must stay.
#include "plan.h"

#include "fuse.h"
#include "layers.h"

namespace paribus {
namespace {

// Memory for one gradient after another.
struct Buffer {
  Place place;
  int readers = 0;  // reads still to come
};

// The gradients of a value, as numbers of buffers.
struct Gradients {
  int whole = NONE;
  int skip = NONE;  // the part of it that a skip connection carries
};

class Placer {
 public:
  explicit Placer(const Graph& graph)
      : graph_(graph),
        fusions_(fuse(graph)),
        places_(graph.values.size()),
        gradients_(graph.values.size()) {
    plan_.parameters = graph.parameters;
    plan_.statistics = graph.statistics;
    plan_.parameter_size = graph.parameter_size;
    plan_.statistics_size = graph.statistics_size;
  }

  Plan make() {
    places_[0] = new_place(layout(0));
    for (size_t n = 0; n < graph_.nodes.size(); ++n) forward(n);
    const int logits = graph_.nodes.back().out;
    plan_.input = places_[0];
    plan_.logits = places_[logits];
    gradients_[logits].whole = take_gradient(layout(logits));
    plan_.logits_gradient = buffers_[gradients_[logits].whole].place;
    for (size_t n = graph_.nodes.size(); n > 0; --n) backward(n - 1);
    return std::move(plan_);
  }

 private:
  static bool same(const Layout& a, const Layout& b) {
    return a.shape == b.shape && a.border == b.border;
  }

  Layout layout(int value) const {
    const Value& v = graph_.values[value];
    return Layout(v.shape, v.flat ? 0 : graph_.border);
  }

  Place new_place(const Layout& layout) {
    const Place place{plan_.arena_size, layout, false};
    plan_.arena_size += layout.vectors();
    return place;
  }

  // All maps of a layout pass through the same memory.
  Place passing_place(const Layout& layout) {
    for (const Place& other : passing_)
      if (same(other.layout, layout)) return other;
    passing_.push_back({plan_.passing_size, layout, true});
    plan_.passing_size += layout.vectors();
    return passing_.back();
  }

  // ---- forward ----

  Place out_place(const Node& node, const Fusion& fusion) {
    if (fusion.in_place) return places_[node.in];
    if (fusion.replaces_addend) return places_[fusion.addend];
    if (fusion.passing) return passing_place(layout(node.out));
    return new_place(layout(node.out));
  }

  void forward(size_t number) {
    const Node& node = graph_.nodes[number];
    const Fusion& fusion = fusions_[number];
    places_[node.out] = out_place(node, fusion);
    std::unique_ptr<Layer> layer = make_layer(graph_, node);
    layer->in = places_[node.in];
    layer->out = places_[node.out];
    if (node.skip != NONE) layer->skip = places_[node.skip];
    for (int part : node.parts) layer->parts.push_back(places_[part]);
    if (const Layout kept = layer->kept_layout(); kept.vectors() > 0) layer->kept = new_place(kept);
    layer->fused.done_before = fusion.done_before;
    layer->fused.rectify = fusion.rectify;
    if (fusion.addend != NONE) layer->fused.addend = places_[fusion.addend];
    layer->fused.done_after = fusion.done_after;
    layer->fused.gate = fusion.gate;
    if (fusion.remake != NONE) layer->fused.remake = plan_.layers[fusion.remake].get();
    plan_.needs_batch = plan_.needs_batch || layer->needs_batch();
    plan_.layers.push_back(std::move(layer));
  }

  // ---- backward ----

  int take_gradient(const Layout& layout) {
    for (size_t j = 0; j < idle_.size(); ++j) {
      const int buffer = idle_[j];
      if (same(buffers_[buffer].place.layout, layout)) {
        idle_.erase(idle_.begin() + static_cast<ptrdiff_t>(j));
        buffers_[buffer].readers = 1;
        return buffer;
      }
    }
    buffers_.push_back({new_place(layout), 1});
    return static_cast<int>(buffers_.size()) - 1;
  }

  int share(int buffer) {
    ++buffers_[buffer].readers;
    return buffer;
  }

  void release(int buffer) {
    if (--buffers_[buffer].readers == 0) idle_.push_back(buffer);
  }

  void backward(size_t number) {
    const Node& node = graph_.nodes[number];
    Layer& layer = *plan_.layers[number];
    const Gradients& gradients = gradients_[node.out];
    // What has no taker has only been added to something, or copied.
    const int gradient = gradients.whole == NONE ? gradients.skip : gradients.whole;
    if (gradient == NONE) return;  // done along with a later layer, or not wanted
    layer.out_gradient = buffers_[gradient].place;
    if (node.is(Operation::residual_end)) {
      if (graph_.values[node.in].learns) gradients_[node.in].whole = share(gradient);
      add_skip_gradient(node, layer, gradient);
    } else if (node.is_copy())
      add_skip_gradient(node, layer, gradient);
    else if (node.is(Operation::concat_end))
      part_gradients(node, layer);
    else
      make_in_gradient(number, layer, gradient);
    release(gradient);
  }

  void make_in_gradient(size_t number, Layer& layer, int gradient) {
    const Node& node = graph_.nodes[number];
    // With the gate, the gradient that is written is the one before the ReLU.
    const int target = fusions_[number].gate ? graph_.maker(node.in).in : node.in;
    if (!graph_.values[target].learns) return;
    Gradients& made = gradients_[target];
    made.whole = node.is_elementwise() && buffers_[gradient].readers == 1
                     ? share(gradient)
                     : take_gradient(layout(target));
    layer.in_gradient = buffers_[made.whole].place;
    if (made.skip == NONE) return;
    layer.skip_gradient = buffers_[made.skip].place;
    release(made.skip);
  }

  void part_gradients(const Node& node, Layer& layer) {
    for (int part : node.parts) {
      layer.part_gradients.emplace_back();
      if (!graph_.values[part].learns) continue;
      const int made = gradients_[part].whole = take_gradient(layout(part));
      layer.part_gradients.back() = buffers_[made].place;
    }
  }

  // The gradient of a sum goes both ways unchanged, that of a copy to what it is a copy of.
  void add_skip_gradient(const Node& node, Layer& layer, int gradient) {
    if (!graph_.values[node.skip].learns) return;
    int& skip = gradients_[node.skip].skip;
    if (skip == NONE) {
      skip = share(gradient);
      return;
    }
    // It meets that of another skip connection from the same value.
    const int sum = take_gradient(layout(node.skip));
    layer.in_gradient = buffers_[sum].place;
    layer.skip_gradient = buffers_[skip].place;
    release(skip);
    skip = sum;
  }

  const Graph& graph_;
  std::vector<Fusion> fusions_;
  Plan plan_;
  std::vector<Place> places_;  // of each value
  std::vector<Gradients> gradients_;  // of each value
  std::vector<Place> passing_;
  std::vector<Buffer> buffers_;
  std::vector<int> idle_;  // buffers that nobody will read again
};

}  // namespace

Plan make_plan(const std::vector<Record>& program, Shape input) {
  const Graph graph = make_graph(program, input);
  return Placer(graph).make();
}

}  // namespace paribus
