// What the network asks of a layer, and the state of a tile on its way through the layers.
#pragma once

#include <vector>

#include "array.h"
#include "map.h"
#include "sparse.h"
#include "tensor.h"

namespace paribus {

// Up to GROUP images of a batch, and the memory they work in.
struct Tile {
  int index = 0;  // within the batch
  int live = 0;   // images in it; the lanes after them are dead
  bool training = false;
  vec* arena = nullptr;     // the maps of this tile, part after part
  ptrdiff_t part_size = 0;  // vectors from a part's arena to the next
  vec* passing = nullptr;  // maps that are read while they are fresh, of the thread; as the arena
  ptrdiff_t passing_part_size = 0;
  vec* scratch = nullptr;  // of the thread that works on it
  float* gradient_sum = nullptr;  // of the group of tiles it belongs to; see Network
};

// A map's place in every tile's arena, or among the maps in passing; or none.
struct Place {
  ptrdiff_t at = -1;
  Layout layout;
  bool passing = false;

  explicit operator bool() const { return at >= 0; }
  vec* block(const Tile& tile, int part) const {
    return at + (passing ? tile.passing + part * tile.passing_part_size
                         : tile.arena + part * tile.part_size);
  }
  Map map(const Tile& tile, int part) const { return Map(block(tile, part), layout); }
  Parts<Map> maps(const Tile& tile) const {
    Parts<Map> result;
    for (int part = 0; part < PARTS; ++part) result[part] = map(tile, part);
    return result;
  }
  const vec* data(const Tile& tile, int part) const {
    return at < 0 ? nullptr : map(tile, part).data;
  }
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
  int64_t first = 0;  // its first image is so many images after the epoch's first
  const float* const* rows = nullptr;  // each image's pixels in memory
  const int64_t* numbers = nullptr;  // each image's number among the caller's
  const SparseImages* sparse = nullptr;  // the caller's images without what is 0, if it pays
  int threads = 1;  // that will share the work
};

class Layer;

// What a layer does besides its own work, and what its neighbors do for it (see Fusion in fuse.h).
struct Fused {
  bool done_before = false, done_after = false;  // forward, backward
  bool rectify = false;
  Place addend;
  bool gate = false;
  Layer* remake = nullptr;
};

class Layer {
 public:
  virtual ~Layer() = default;

  // Where values and gradients lie, and what is fused; set by the plan. Without in_gradient, none is
  // wanted. skip_gradient is added to in_gradient: what reached the input around this layer.
  Place in, out, skip, in_gradient, out_gradient, skip_gradient;
  Place kept;  // what it keeps of a tile for the backward pass; see kept_layout
  std::vector<Place> parts,
      part_gradients;  // a concatenation's; none of a gradient that is not wanted
  Fused fused;

  // Floats that the layer's weights take in a group's gradient sum, and scratch vectors.
  virtual int64_t sum_size() const { return 0; }
  virtual int64_t scratch_size() const { return 0; }

  // What it keeps of each tile besides its input and output: no channels if nothing.
  virtual Layout kept_layout() const { return {}; }

  virtual void bind(const Storage&) {}
  virtual void reserve(int /*tiles*/) {}

  virtual void begin_step(const Batch&, bool /*training*/) {}

  // A network's first layer may take the images without what is 0, in parts of so many places (0: it
  // may not). Where it does so with a batch, no tile need load the images; it works through them in
  // jobs over the whole batch, before forward.
  virtual int sparse_rows() const { return 0; }
  virtual bool reads_rows() const { return false; }
  virtual int row_jobs() const { return 0; }
  virtual void run_row_job(int /*job*/) {}

  virtual void forward(Tile& tile) = 0;
  virtual void backward(Tile& tile) = 0;

  // Layers that need sums over the batch before they can go on (batch normalization). In training,
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
