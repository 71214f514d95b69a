// The layers: each ties a kernel to the memory plan.
#pragma once

#include <memory>

#include "batchnorm.h"
#include "conv.h"
#include "dropout.h"
#include "graph.h"
#include "group_norm.h"
#include "layer.h"

namespace paribus {

// The layer of a node, which the plan ties to its places.
std::unique_ptr<Layer> make_layer(const Graph& graph, const Node& node);

class ConvLayer : public Layer {
 public:
  ConvLayer(const Node& node, int in_channels);

  int64_t sum_size() const override { return weight_.size + bias_.size; }
  int64_t scratch_size() const override;
  void bind(const Storage& storage) override { storage_ = storage; }
  void begin_step(const Batch&, bool training) override;
  void forward(Tile& tile) override;
  void backward(Tile& tile) override;
  void reduce(const float* const* sums, int groups) override;

 private:
  void forward_part(const Map& from, const Map& to, const Finish& finish, vec* scratch) const;
  void backward_part(const Map& gradients, const Map& to, const Finish& finish, vec* scratch) const;

  int out_, in_, kernel_, stride_;
  Tensor weight_, bias_;
  bool general_;                       // which kernels do it
  bool winograd_, winograd_gradient_;
  Storage storage_;
  Array packed_, packed_turned_, transformed_, transformed_turned_;
};

// Each group of channels by itself, with the kernels of any convolution but Winograd's. A depthwise
// convolution has groups of one channel.
class GroupedConvLayer : public Layer {
 public:
  GroupedConvLayer(const Node& node, int in_channels);

  int64_t sum_size() const override { return weight_.size + bias_.size; }
  void bind(const Storage& storage) override { storage_ = storage; }
  void begin_step(const Batch&, bool training) override;
  void forward(Tile& tile) override;
  void backward(Tile& tile) override;
  void reduce(const float* const* sums, int groups) override;

 private:
  int groups_, out_, in_;  // channels of a group
  int kernel_, stride_;
  Tensor weight_, bias_;
  int64_t group_size_;  // weights of a group
  bool general_;
  Storage storage_;
  Array packed_, packed_turned_;
};

class LinearLayer : public Layer {
 public:
  LinearLayer(const Node& node, int inputs);

  void bind(const Storage& storage) override { storage_ = storage; }
  void reserve(int tiles) override;
  void begin_step(const Batch& batch, bool training) override;
  bool reads_rows() const override { return sparse_; }
  int sparse_rows() const override { return reads_images_ ? rows_in_part(out_stride_) : 0; }
  int row_jobs() const override;
  void run_row_job(int job) override;
  void forward(Tile& tile) override;
  void backward(Tile& tile) override;
  int gradient_jobs() const override;
  void run_gradient_job(int job) override;

 private:
  int features_per_job() const;
  const float* weights_IO() const;

  int outputs_, inputs_, stride_, out_stride_;  // strides: of rows, whole groups
  Tensor weight_, bias_;
  bool reads_images_;  // the inputs are the images themselves: no need to keep them as rows
  bool sparse_ = false;  // most pixels of the batch at hand are 0
  Storage storage_;
  Batch batch_;
  Array out_rows_, gradient_rows_;  // outputs and their gradients as rows, where sparse
  Array transposed_;             // weights (in, out), padded to out_stride_, unless kept so
  Array rows_;                 // inputs of the batch, (image, feature)
  std::vector<const float*> row_;
  Array gradients_;                 // gradients of the outputs, [part of a tile][output]
};

class BatchNormLayer : public Layer {
 public:
  BatchNormLayer(const Node& node, int channels);

  void bind(const Storage& storage) override { storage_ = storage; }
  void reserve(int tiles) override;
  void begin_step(const Batch& batch, bool training) override;
  bool needs_batch() const override { return true; }
  void collect(Tile& tile) override;
  void combine() override;
  void forward(Tile& tile) override;
  void collect_backward(Tile& tile) override;
  void combine_backward() override;
  void backward(Tile& tile) override;
  void update_statistics() override;

 private:
  int channels_;
  Tensor weight_, bias_, mean_, variance_;
  Storage storage_;
  int tiles_ = 0;
  std::vector<Moments> moments_;        // [tile][channel]
  std::vector<Moments> batch_moments_;  // [channel]
  std::vector<GradientSums> gradient_sums_;   // [tile][channel]
  std::vector<GradientSums> batch_gradient_sums_;
  std::vector<Normalizer> normalizers_;
};

// Layer and group normalization; the former has one group.
class GroupNormLayer : public Layer {
 public:
  GroupNormLayer(const Node& node, int channels);

  int64_t sum_size() const override { return weight_.size + bias_.size; }
  int64_t scratch_size() const override { return int64_t{2} * PARTS * channels_; }
  Layout kept_layout() const override { return {{2 * groups_, 1, 1}, 0}; }  // moments
  void bind(const Storage& storage) override { storage_ = storage; }
  void forward(Tile& tile) override;
  void backward(Tile& tile) override;
  void reduce(const float* const* sums, int groups) override;

 private:
  GroupMoments* moments(const Tile& tile, int part) const;

  int channels_, groups_;
  Tensor weight_, bias_;
  Storage storage_;
};

// A layer that does the same with each part of a tile, unless its neighbors do it.
class LayerOfParts : public Layer {
 public:
  void forward(Tile& tile) final;
  void backward(Tile& tile) final;

 private:
  virtual void forward_part(Tile& tile, int part) = 0;
  virtual void backward_part(Tile& tile, int part) = 0;
  // Whether backward_part adds skip_gradient itself.
  virtual bool adds_skip_gradient() const { return true; }
};

class MaxPoolLayer : public LayerOfParts {
 public:
  explicit MaxPoolLayer(const Node& node) : size_(node.record.size) {}

 private:
  int size_;
  void forward_part(Tile& tile, int part) override;
  void backward_part(Tile& tile, int part) override;
  bool adds_skip_gradient() const override { return false; }
};

class AveragePoolLayer : public LayerOfParts {
 public:
  explicit AveragePoolLayer(const Node& node) : size_(node.record.size) {}

 private:
  int size_;
  void forward_part(Tile& tile, int part) override;
  void backward_part(Tile& tile, int part) override;
  bool adds_skip_gradient() const override { return false; }
};

class GlobalAveragePoolLayer : public LayerOfParts {
  void forward_part(Tile& tile, int part) override;
  void backward_part(Tile& tile, int part) override;
  bool adds_skip_gradient() const override { return false; }
};

class FlattenLayer : public LayerOfParts {
  void forward_part(Tile& tile, int part) override;
  void backward_part(Tile& tile, int part) override;
  bool adds_skip_gradient() const override { return false; }
};

// In training, a value becomes zero with some probability, and is scaled up otherwise. Which ones depends
// on a key, set for each epoch, and on an image's place in the epoch.
class DropoutLayer : public LayerOfParts {
 public:
  explicit DropoutLayer(const Node& node) : probability_(node.record.probability) {}
  void set_key(const uint64_t key[2]) { std::copy_n(key, 2, philox_.key); }
  Layout kept_layout() const override { return out.layout; }  // the mask
  void begin_step(const Batch& batch, bool) override { first_ = batch.first; }

 private:
  double probability_;
  Philox philox_;
  int64_t first_ = 0;
  void forward_part(Tile& tile, int part) override;
  void backward_part(Tile& tile, int part) override;
};

// The end of a residual block: out = in + skip. Backward, the gradient goes both ways unchanged, which
// is a matter of the plan; only where it meets another one are they summed here.
class AddLayer : public LayerOfParts {
  void forward_part(Tile& tile, int part) override;
  void backward_part(Tile& tile, int part) override;
};

// The beginning of a branch: out = skip. Backward is the end of a residual block's.
class CopyLayer : public AddLayer {
  void forward_part(Tile& tile, int part) override;
};

// out = parts, one behind the other along the channels.
class ConcatLayer : public Layer {
 public:
  void forward(Tile& tile) override;
  void backward(Tile& tile) override;
};

template <class Function>
class ActivationLayer : public LayerOfParts {
 public:
  explicit ActivationLayer(Function function = {}) : function_(function) {}

 private:
  Function function_;
  void forward_part(Tile& tile, int part) override;
  void backward_part(Tile& tile, int part) override;
};

}  // namespace paribus
