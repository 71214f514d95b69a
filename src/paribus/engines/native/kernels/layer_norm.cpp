#include "layers.h"

namespace paribus {

BatchNormLayer::BatchNormLayer(const Node& node, int channels)
    : channels_(channels),
      weight_(node.weight),
      bias_(node.bias),
      mean_(node.mean),
      variance_(node.variance),
      batch_moments_(channels),
      batch_gradient_sums_(channels),
      normalizers_(channels) {}

void BatchNormLayer::reserve(int tiles) {
  moments_.resize(static_cast<size_t>(tiles) * channels_);
  gradient_sums_.resize(static_cast<size_t>(tiles) * channels_);
}

void BatchNormLayer::begin_step(const Batch& batch, bool training) {
  tiles_ = (batch.images + GROUP - 1) / GROUP;
  if (training) return;
  for (int c = 0; c < channels_; ++c)
    normalizers_[c] =
        normalizer(storage_.statistics[mean_.at + c], storage_.statistics[variance_.at + c],
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
    normalizers_[c] =
        normalizer(all.mean, all.squares / all.count, storage_.parameters[weight_.at + c],
                   storage_.parameters[bias_.at + c]);
  }
}

void BatchNormLayer::forward(Tile& tile) {
  for (int part = 0; part < PARTS; ++part)
    normalize(in.map(tile, part), normalizers_.data(), fused.rectify, out.map(tile, part));
}

void BatchNormLayer::collect_backward(Tile& tile) {
  gradient_sums(in.maps(tile), out_gradient.maps(tile), normalizers_.data(), tile.live,
                &gradient_sums_[static_cast<size_t>(tile.index) * channels_]);
}

void BatchNormLayer::combine_backward() {
  for (int c = 0; c < channels_; ++c) {
    GradientSums all;
    for (int t = 0; t < tiles_; ++t) {
      all.gradient += gradient_sums_[static_cast<size_t>(t) * channels_ + c].gradient;
      all.gradient_x += gradient_sums_[static_cast<size_t>(t) * channels_ + c].gradient_x;
    }
    batch_gradient_sums_[c] = all;
    storage_.gradients[weight_.at + c] = static_cast<float>(all.gradient_x);
    storage_.gradients[bias_.at + c] = static_cast<float>(all.gradient);
  }
}

void BatchNormLayer::backward(Tile& tile) {
  if (!in_gradient) return;
  for (int part = 0; part < PARTS; ++part)
    normalize_backward(in.map(tile, part), out_gradient.map(tile, part), normalizers_.data(),
                       batch_gradient_sums_.data(), batch_moments_[0].count,
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

}  // namespace paribus
