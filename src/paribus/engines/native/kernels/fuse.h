// Which layers do another layer's work along with their own, so that a map is not read and written once
// more for it.
#pragma once

#include "graph.h"

namespace paribus {

// What a node does besides its own work, and what its neighbors do for it.
struct Fusion {
  // Forward.
  bool done_before = false;  // the node before does this one's work
  bool rectify = false;  // a ReLU that follows is applied to the outputs as they are written
  int addend = NONE;  // so is this value added: the skip connection that ends here
  bool in_place = false;  // the output lies where the input lay
  bool replaces_addend = false;  // the output lies where the addend lay
  bool passing = false;  // the output is not kept: it is read at once, and made again later

  // Backward.
  bool done_after = false;  // the node after does this one's work
  bool gate =
      false;  // the backward step of the ReLU before is applied to the gradient as it is written
  int remake = NONE;  // the node to be run forward again first: this one's input was not kept
};

// One record for each node of the graph.
std::vector<Fusion> fuse(const Graph& graph);

}  // namespace paribus
