#include "layers.h"

#include "activation.h"
#include "conv.h"
#include "linear.h"
#include "pool.h"
#include "winograd_gradient.h"

namespace paribus {

// ---- convolution ----

ConvLayer::ConvLayer(const Node& node, int in_channels)
    : out_(node.record.outputs),
      in_(in_channels),
      kernel_(node.record.size),
      weight_(node.weight),
      bias_(node.bias),
      winograd_(winograd_pays(in_, out_, kernel_)),
      winograd_gradient_(winograd_gradient_pays(in_, out_, kernel_)),
      packed_(make_array(weight_.size)),
      packed_turned_(make_array(weight_.size)) {
  if (!winograd_) return;
  const int64_t size = static_cast<int64_t>(FREQUENCIES) * in_ * out_;
  transformed_ = make_array(size);
  transformed_turned_ = make_array(size);
}

int64_t ConvLayer::scratch_size() const {
  int64_t size = 0;
  if (winograd_) size = winograd_scratch(std::max(in_, out_));
  if (winograd_gradient_) size = std::max(size, winograd_gradient_scratch(in_, out_));
  return size;
}

void ConvLayer::begin_step(const Batch&, bool training) {
  const float* weights = storage_.parameters + weight_.at;
  pack_weights(weights, out_, in_, kernel_, packed_.get());
  if (winograd_) winograd_weights(packed_.get(), in_, out_, transformed_.get());
  if (!training || !in_gradient) return;
  pack_weights_turned(weights, out_, in_, kernel_, packed_turned_.get());
  if (winograd_) winograd_weights(packed_turned_.get(), out_, in_, transformed_turned_.get());
}

void ConvLayer::convolve_part(const Map& from, const Array& packed, const Array& transformed,
                              const Map& to, const Finish& finish, vec* scratch) const {
  if (winograd_)
    winograd_convolve(from, transformed.get(), to, finish, scratch);
  else
    convolve(from, packed.get(), kernel_, to, finish);
}

void ConvLayer::forward(Tile& tile) {
  for (int part = 0; part < PARTS; ++part) {
    Finish finish;
    finish.bias = storage_.parameters + bias_.at;
    finish.addend = fused.addend.data(tile, part);
    finish.rectified = fused.rectify;
    convolve_part(in.map(tile, part), packed_, transformed_, out.map(tile, part), finish,
                  tile.scratch);
  }
}

void ConvLayer::backward(Tile& tile) {
  if (fused.remake) fused.remake->forward(tile);
  const Parts<Map> inputs = in.maps(tile), slopes = out_gradient.maps(tile);
  float* sum = tile.gradient_sum + sum_at;
  if (winograd_gradient_) {
    winograd_gradient(inputs, slopes, sum, sum + weight_.size, tile.scratch);
  } else {
    convolve_weight_gradient(inputs, slopes, kernel_, sum);
    bias_gradient(slopes, sum + weight_.size);
  }
  if (!in_gradient) return;
  for (int part = 0; part < PARTS; ++part) {
    Finish finish;
    finish.gate = fused.gate ? inputs[part].data : nullptr;
    finish.addend = skip_gradient.data(tile, part);
    convolve_part(slopes[part], packed_turned_, transformed_turned_, in_gradient.map(tile, part),
                  finish, tile.scratch);
  }
}

void ConvLayer::reduce(const float* const* sums, int groups) {
  float* gradient = storage_.gradients + weight_.at;  // the bias follows the weights
  std::vector<float> total(sums[0] + sum_at, sums[0] + sum_at + sum_size());
  for (int g = 1; g < groups; ++g)
    for (int64_t j = 0; j < sum_size(); ++j) total[j] += sums[g][sum_at + j];
  if (winograd_gradient_)
    unpack_weights(total.data(), out_, in_, kernel_, gradient);
  else
    std::copy_n(total.data(), weight_.size, gradient);
  std::copy_n(total.data() + weight_.size, bias_.size, storage_.gradients + bias_.at);
}

// ---- linear ----

LinearLayer::LinearLayer(const Node& node, int inputs)
    : outputs_(node.record.outputs),
      inputs_(inputs),
      stride_(whole_groups(inputs)),
      out_stride_(whole_groups(outputs_)),
      weight_(node.weight),
      bias_(node.bias),
      reads_images_(node.weight.stride > 0),
      transposed_(make_array(reads_images_ ? 0 : static_cast<int64_t>(inputs) * out_stride_)) {}

const float* LinearLayer::weights_IO() const {
  return reads_images_ ? storage_.parameters + weight_.at : transposed_.get();
}

void LinearLayer::reserve(int tiles) {
  const int64_t images = static_cast<int64_t>(tiles) * GROUP;
  slopes_ = make_vectors(static_cast<int64_t>(tiles) * PARTS * outputs_);
  if (reads_images_) {
    out_rows_ = make_array(images * out_stride_);
    slope_rows_ = make_array(images * out_stride_);
    return;
  }
  rows_ = make_array(images * stride_);
  row_.resize(static_cast<size_t>(images));
  for (size_t n = 0; n < row_.size(); ++n) row_[n] = rows_.get() + n * stride_;
}

void LinearLayer::begin_step(const Batch& batch, bool training) {
  batch_ = batch;
  if (!reads_images_)
    transpose_matrix(storage_.parameters + weight_.at, outputs_, inputs_, inputs_,
                     transposed_.get(), out_stride_);
  sparse_ = training && reads_images_ && batch.sparse;
}

namespace {
constexpr int FEATURES_PER_JOB = 4 * GROUP;
}

int LinearLayer::row_jobs() const { return sparse_ ? batch_.threads : 0; }

void LinearLayer::run_row_job(int job) {
  const int first = batch_.images * job / batch_.threads;
  const int end = batch_.images * (job + 1) / batch_.threads;
  sparse_multiply(*batch_.sparse, batch_.numbers, first, end, weights_IO(), outputs_,
                  out_rows_.get());
}

void LinearLayer::forward(Tile& tile) {
  const Parts<Map> features = in.maps(tile);
  const std::vector<int>* used = sparse_ ? nullptr : &used_inputs(features);
  for (int part = 0; part < PARTS; ++part) {
    Finish finish;
    finish.bias = storage_.parameters + bias_.at;
    finish.addend = fused.addend.data(tile, part);
    finish.rectified = fused.rectify;
    const Map to = out.map(tile, part);
    const int64_t first_image = static_cast<int64_t>(tile.index) * GROUP + part * LANES;
    if (sparse_) {
      read_rows(out_rows_.get() + first_image * out_stride_, outputs_, out_stride_, to.data);
      for (int o = 0; o < outputs_; ++o) finish(to.data[o], o, o, to.data);
      continue;
    }
    if (tile.training && !reads_images_)
      write_rows(features[part].data, inputs_, rows_.get() + first_image * stride_, stride_);
    multiply(weights_IO(), out_stride_, features[part], *used, to, finish);
  }
}

void LinearLayer::backward(Tile& tile) {
  const Parts<Map> slopes = out_gradient.maps(tile);
  for (int part = 0; part < PARTS; ++part) {
    const vec* slope = slopes[part].data;
    const int64_t index = static_cast<int64_t>(tile.index) * PARTS + part;
    std::copy(slope, slope + outputs_, vectors(slopes_) + index * outputs_);
    if (sparse_)
      write_rows(slope, outputs_, slope_rows_.get() + index * LANES * out_stride_, out_stride_);
  }
  if (!in_gradient) return;
  const std::vector<int>& used = used_inputs(slopes);
  for (int part = 0; part < PARTS; ++part) {
    Finish finish;
    finish.addend = skip_gradient.data(tile, part);
    multiply(storage_.parameters + weight_.at, inputs_, slopes[part], used,
             in_gradient.map(tile, part), finish);
  }
}

int LinearLayer::features_per_job() const {
  return sparse_ ? batch_.sparse->rows_in_part() : FEATURES_PER_JOB;
}

int LinearLayer::gradient_jobs() const {
  return (inputs_ + features_per_job() - 1) / features_per_job();
}

void LinearLayer::run_gradient_job(int job) {
  const int first = job * features_per_job(), end = std::min(first + features_per_job(), inputs_);
  float* gradient = storage_.gradients + weight_.at;
  if (sparse_) {
    sparse_gradient(*batch_.sparse, batch_.numbers, batch_.images, job, slope_rows_.get(), outputs_,
                    gradient);
  } else if (reads_images_) {
    thread_local std::vector<float> part_OI;
    part_OI.resize(static_cast<size_t>(outputs_) * FEATURES_PER_JOB);
    const Rows rows{batch_.rows, batch_.images, inputs_};
    matrix_gradient(rows, vectors(slopes_), outputs_, first, end, part_OI.data(), FEATURES_PER_JOB);
    transpose_matrix(part_OI.data(), outputs_, end - first, FEATURES_PER_JOB,
                     gradient + static_cast<int64_t>(first) * out_stride_, out_stride_);
  } else {
    const Rows rows{row_.data(), batch_.images, inputs_};
    matrix_gradient(rows, vectors(slopes_), outputs_, first, end, gradient + first, inputs_);
  }
  if (job > 0) return;
  const int tiles = (batch_.images + GROUP - 1) / GROUP;
  for (int o = 0; o < outputs_; ++o) {
    float total = 0;
    for (int part = 0; part < PARTS; ++part) {
      vec sum = zero();
      for (int t = 0; t < tiles; ++t)
        sum += vectors(slopes_)[(static_cast<int64_t>(t) * PARTS + part) * outputs_ + o];
      for (int lane = 0; lane < LANES; ++lane) total += sum[lane];
    }
    storage_.gradients[bias_.at + o] = total;
  }
}

// ---- batch normalisation ----

BatchNormLayer::BatchNormLayer(const Node& node, int channels)
    : channels_(channels),
      weight_(node.weight),
      bias_(node.bias),
      mean_(node.mean),
      variance_(node.variance),
      batch_moments_(channels),
      batch_slope_sums_(channels),
      normalisers_(channels) {}

void BatchNormLayer::reserve(int tiles) {
  moments_.resize(static_cast<size_t>(tiles) * channels_);
  slope_sums_.resize(static_cast<size_t>(tiles) * channels_);
}

void BatchNormLayer::begin_step(const Batch& batch, bool training) {
  tiles_ = (batch.images + GROUP - 1) / GROUP;
  if (training) return;
  for (int c = 0; c < channels_; ++c)
    normalisers_[c] =
        normaliser(storage_.statistics[mean_.at + c], storage_.statistics[variance_.at + c],
                   storage_.parameters[weight_.at + c], storage_.parameters[bias_.at + c]);
}

void BatchNormLayer::collect(Tile& tile) {
  tile_moments(in.maps(tile), tile.live, &moments_[static_cast<size_t>(tile.index) * channels_]);
}

void BatchNormLayer::combine() {
  for (int c = 0; c < channels_; ++c) {
    Moments all;
    for (int t = 0; t < tiles_; ++t) all.add(moments_[static_cast<size_t>(t) * channels_ + c]);
    batch_moments_[c] = all;
    normalisers_[c] =
        normaliser(all.mean, all.squares / all.count, storage_.parameters[weight_.at + c],
                   storage_.parameters[bias_.at + c]);
  }
}

void BatchNormLayer::forward(Tile& tile) {
  for (int part = 0; part < PARTS; ++part)
    normalise(in.map(tile, part), normalisers_.data(), fused.rectify, out.map(tile, part));
}

void BatchNormLayer::collect_backward(Tile& tile) {
  slope_sums(in.maps(tile), out_gradient.maps(tile), normalisers_.data(), tile.live,
             &slope_sums_[static_cast<size_t>(tile.index) * channels_]);
}

void BatchNormLayer::combine_backward() {
  for (int c = 0; c < channels_; ++c) {
    SlopeSums all;
    for (int t = 0; t < tiles_; ++t) {
      all.slope += slope_sums_[static_cast<size_t>(t) * channels_ + c].slope;
      all.slope_x += slope_sums_[static_cast<size_t>(t) * channels_ + c].slope_x;
    }
    batch_slope_sums_[c] = all;
    storage_.gradients[weight_.at + c] = static_cast<float>(all.slope_x);
    storage_.gradients[bias_.at + c] = static_cast<float>(all.slope);
  }
}

void BatchNormLayer::backward(Tile& tile) {
  if (!in_gradient) return;
  for (int part = 0; part < PARTS; ++part)
    normalise_backward(in.map(tile, part), out_gradient.map(tile, part), normalisers_.data(),
                       batch_slope_sums_.data(), batch_moments_[0].count,
                       live_in_part(tile.live, part), skip_gradient.data(tile, part),
                       in_gradient.map(tile, part));
}

void BatchNormLayer::update_statistics() {
  for (int c = 0; c < channels_; ++c) {
    const Moments& m = batch_moments_[c];
    float& mean = storage_.statistics[mean_.at + c];
    float& variance = storage_.statistics[variance_.at + c];
    mean = static_cast<float>((1 - NORM_MOMENTUM) * mean + NORM_MOMENTUM * m.mean);
    variance = static_cast<float>((1 - NORM_MOMENTUM) * variance +
                                  NORM_MOMENTUM * m.squares / std::max(m.count - 1, 1.0));
  }
}

// ---- layers without parameters ----

void LayerOfParts::forward(Tile& tile) {
  if (fused.done_before) return;
  for (int part = 0; part < PARTS; ++part) forward_part(tile, part);
}

void LayerOfParts::backward(Tile& tile) {
  if (fused.done_after || !in_gradient) return;
  for (int part = 0; part < PARTS; ++part) backward_part(tile, part);
}

void MaxPoolLayer::forward_part(Tile& tile, int part) {
  max_pool(in.map(tile, part), out.map(tile, part));
}

void MaxPoolLayer::backward_part(Tile& tile, int part) {
  max_pool_backward(in.map(tile, part), out_gradient.map(tile, part), in_gradient.map(tile, part),
                    fused.gate);
}

void AveragePoolLayer::forward_part(Tile& tile, int part) {
  average_pool(in.map(tile, part), out.map(tile, part));
}

void AveragePoolLayer::backward_part(Tile& tile, int part) {
  average_pool_backward(out_gradient.map(tile, part), in_gradient.map(tile, part));
}

void FlattenLayer::forward_part(Tile& tile, int part) {
  const Map from = in.map(tile, part);
  vec* to = out.map(tile, part).data;
  for (int c = 0; c < from.channels; ++c)
    for (int y = 0; y < from.height; ++y, to += from.width)
      std::copy(from.at(c, y, 0), from.at(c, y, from.width), to);
}

void FlattenLayer::backward_part(Tile& tile, int part) {
  const Map to = in_gradient.map(tile, part);
  const vec* from = out_gradient.map(tile, part).data;
  for (int c = 0; c < to.channels; ++c)
    for (int y = 0; y < to.height; ++y, from += to.width)
      std::copy(from, from + to.width, to.at(c, y, 0));
}

namespace {

// The borders are zero on both sides, so whole blocks may be summed.
void add_blocks(const vec* x, const vec* y, vec* sum, const Layout& layout) {
  for (ptrdiff_t j = 0; j < layout.vectors(); ++j) sum[j] = x[j] + y[j];
}

}  // namespace

void AddLayer::forward_part(Tile& tile, int part) {
  add_blocks(in.block(tile, part), skip.block(tile, part), out.block(tile, part), out.layout);
}

void AddLayer::backward_part(Tile& tile, int part) {
  add_blocks(skip_gradient.block(tile, part), out_gradient.block(tile, part),
             in_gradient.block(tile, part), in_gradient.layout);
}

template <class Function>
void ActivationLayer<Function>::forward_part(Tile& tile, int part) {
  activate<Function>(in.map(tile, part), out.map(tile, part));
}

template <class Function>
void ActivationLayer<Function>::backward_part(Tile& tile, int part) {
  activate_backward<Function>(out.map(tile, part), out_gradient.map(tile, part),
                              skip_gradient.data(tile, part), in_gradient.map(tile, part));
}

template class ActivationLayer<Relu>;
template class ActivationLayer<Tanh>;
template class ActivationLayer<Sigmoid>;

}  // namespace paribus
