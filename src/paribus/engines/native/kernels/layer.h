// What the network asks of a layer, and the state of a tile on its way through the layers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "map.h"

namespace paribus {

struct AlignedFree {
  void operator()(void* block) const;
};

// A zeroed array of floats, aligned for vectors.
using Array = std::unique_ptr<float[], AlignedFree>;

Array make_array(int64_t floats);

inline Array make_vectors(int64_t vectors) { return make_array(vectors * LANES); }
inline vec* vectors(const Array& array) { return reinterpret_cast<vec*>(array.get()); }

// Up to LANES images of a batch, and the memory they work in.
struct Tile {
  int index = 0;  // within the batch
  int live = 0;   // images in it; the lanes after them are dead
  bool training = false;
  vec* arena = nullptr;          // the maps of this tile
  vec* passing = nullptr;        // maps that are read while they are fresh, of the thread
  vec* scratch = nullptr;        // of the thread that works on it
  float* gradient_sum = nullptr;  // of the group of tiles it belongs to; see Network
};

// A map's place in every tile's arena, or among the maps in passing; or none.
struct Place {
  ptrdiff_t at = -1;
  Layout layout;
  bool passing = false;

  explicit operator bool() const { return at >= 0; }
  vec* block(const Tile& tile) const { return (passing ? tile.passing : tile.arena) + at; }
  Map map(const Tile& tile) const { return Map(block(tile), layout); }
  const vec* data(const Tile& tile) const { return at < 0 ? nullptr : map(tile).data; }
};

// A parameter or statistic in the order of PyTorch's state dict, within one flat array.
struct Tensor {
  int64_t at = 0;
  int64_t size = 0;
};

// The flat arrays that all tensors live in.
struct Storage {
  float* parameters = nullptr;
  float* gradients = nullptr;
  float* statistics = nullptr;
};

// What a batch looks like to the layers that need all of it at once.
struct Batch {
  int images = 0;
  const float* const* rows = nullptr;  // each image's pixels in memory
};

class Layer {
 public:
  virtual ~Layer() = default;

  // Where values and gradients lie; set by the plan. Without in_gradient, none is wanted.
  // skip_gradient is added to in_gradient: what reached the input around this layer.
  Place in, out, in_gradient, out_gradient, skip_gradient;

  // Floats that the layer's weights take in a group's gradient sum, and scratch vectors.
  virtual int64_t sum_size() const { return 0; }
  virtual int64_t scratch_size() const { return 0; }

  virtual void bind(const Storage&) {}
  virtual void reserve(int /*tiles*/) {}

  virtual void begin_step(const Batch&, bool /*training*/) {}
  virtual void forward(Tile& tile) = 0;
  virtual void backward(Tile& tile) = 0;

  // Layers that need sums over the batch before they can go on (batch normalisation). In training,
  // collect runs for every tile, then combine once, then forward; backward likewise.
  virtual bool needs_batch() const { return false; }
  virtual void collect(Tile&) {}
  virtual void combine() {}
  virtual void collect_backward(Tile&) {}
  virtual void combine_backward() {}
  virtual void update_statistics() {}

  // The gradient of the weights: from the groups' sums in order, or by jobs over the whole batch.
  virtual void reduce(const float* const* /*sums*/, int /*groups*/) {}
  virtual int gradient_jobs() const { return 0; }
  virtual void run_gradient_job(int /*job*/) {}

  int64_t sum_at = 0;  // where this layer's share of a gradient sum begins
};

}  // namespace paribus
