// A value may be overwritten by the next layer if no backward step reads it: so a ReLU after a
// convolution, or the sum at the end of a residual block, takes no memory, and is done in the kernel
// that came before it.
//
// Batch normalization makes every tile of a batch wait for the others, so all their maps are kept, far
// more than caches hold. What it normalizes for a convolution is therefore not kept: it passes to the
// convolution through a buffer of the thread, and is made again when that goes backward.
#include "fuse.h"

namespace paribus {
namespace {

class Fuser {
 public:
  explicit Fuser(const Graph& graph) : graph_(graph), fusions_(graph.nodes.size()) {
    for (const Value& value : graph.values) writer_.push_back(value.maker);
  }

  std::vector<Fusion> make() {
    for (size_t n = 0; n < fusions_.size(); ++n) {
      const int number = static_cast<int>(n);
      const Node& node = graph_.nodes[n];
      fusions_[n].in_place = node.can_overwrite() && is_free(node.in, number);
      if (node.is(Operation::relu)) rectify(number);
      if (node.is(Operation::residual_end)) sum(number);
      if (node.is(Operation::batch_norm)) fusions_[n].passing = leads_to_convolution(node);
      if (node.is_convolution()) remake(number);
      if (node.is_convolution() || node.is(Operation::max_pool)) gate(number);
    }
    return std::move(fusions_);
  }

 private:
  // Whether a backward step reads this value.
  bool is_kept(int value) const {
    const Value& v = graph_.values[value];
    return v.maker == NONE || graph_.maker(value).reads_output() ||
           (v.taker != NONE && graph_.nodes[v.taker].reads_input());
  }

  // Whether a node may write its output over this value.
  bool is_free(int value, int node) const {
    if (is_kept(value)) return false;
    for (int later : graph_.values[value].added)
      if (later > node) return false;
    return true;
  }

  void rectify(int number) {
    Fusion& fusion = fusions_[number];
    const int writer = writer_[graph_.nodes[number].in];
    if (!fusion.in_place || writer == NONE) return;
    const Node& before = graph_.nodes[writer];
    if (!before.is_convolution() && !before.is(Operation::linear) &&
        !before.is(Operation::batch_norm) && !before.is(Operation::group_norm))
      return;
    fusions_[writer].rectify = true;
    fusion.done_before = true;
  }

  void sum(int number) {
    const Node& node = graph_.nodes[number];
    Fusion& fusion = fusions_[number];
    const int writer = writer_[node.in];
    if (!fusion.in_place || writer == NONE) return;
    const Node& before = graph_.nodes[writer];
    if (before.out != node.in) return;  // it adds a skip connection already
    if (!before.is_convolution() && !before.is(Operation::linear)) return;
    fusions_[writer].addend = node.skip;
    // The sum may even replace the block's input, position by position, where the layer that makes it
    // is not still reading that input.
    fusions_[writer].replaces_addend = before.in != node.skip && is_free(node.skip, number);
    fusion.done_before = true;
    writer_[node.out] = writer;
  }

  // Whether batch normalization is followed by a convolution and nothing else, or by a ReLU, which is
  // done along with it, and a convolution.
  bool leads_to_convolution(const Node& node) const {
    const Value* value = &graph_.values[node.out];
    if (value->flat) return false;
    for (int step = 0; step < 2; ++step) {
      if (value->taker == NONE || !value->added.empty()) return false;
      const Node& taker = graph_.nodes[value->taker];
      if (taker.is_convolution()) return true;
      if (!taker.is(Operation::relu)) return false;
      value = &graph_.values[taker.out];
    }
    return false;
  }

  void remake(int number) {
    int maker = graph_.values[graph_.nodes[number].in].maker;
    if (maker != NONE && graph_.nodes[maker].is(Operation::relu))
      maker = graph_.values[graph_.nodes[maker].in].maker;
    if (maker != NONE && fusions_[maker].passing) fusions_[number].remake = maker;
  }

  // A ReLU's backward step is a mask, which the layer after it applies as it writes.
  void gate(int number) {
    const int in = graph_.nodes[number].in;
    if (!graph_.made_by(in, Operation::relu) || !graph_.values[in].added.empty()) return;
    fusions_[number].gate = true;
    fusions_[graph_.values[in].maker].done_after = true;
  }

  const Graph& graph_;
  std::vector<Fusion> fusions_;
  std::vector<int> writer_;  // of each value: the node whose kernel writes it
};

}  // namespace

std::vector<Fusion> fuse(const Graph& graph) { return Fuser(graph).make(); }

}  // namespace paribus
