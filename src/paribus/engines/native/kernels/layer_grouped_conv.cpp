#include "conv_general.h"
#include "layers.h"

namespace paribus {

GroupedConvLayer::GroupedConvLayer(const Node& node, int in_channels)
    : groups_(node.record.groups),
      out_(node.record.outputs / groups_),
      in_(in_channels / groups_),
      kernel_(node.record.size),
      stride_(node.record.stride),
      weight_(node.weight),
      bias_(node.bias),
      group_size_(weight_.size / groups_),
      general_(stride_ > 1 || kernel_ > 5),
      packed_(make_array(weight_.size)),
      packed_turned_(make_array(weight_.size)) {}

void GroupedConvLayer::begin_step(const Batch&, bool training) {
  for (int g = 0; g < groups_; ++g) {
    const float* weights = storage_.parameters + weight_.at + g * group_size_;
    pack_weights(weights, out_, in_, kernel_, packed_.get() + g * group_size_);
    if (training && in_gradient)
      pack_weights_turned(weights, out_, in_, kernel_, packed_turned_.get() + g * group_size_);
  }
}

void GroupedConvLayer::forward(Tile& tile) {
  for (int part = 0; part < PARTS; ++part) {
    const Map from = in.map(tile, part), to = out.map(tile, part);
    const vec* addend = fused.addend.data(tile, part);
    for (int g = 0; g < groups_; ++g) {
      Finish finish;
      finish.bias = storage_.parameters + bias_.at + g * out_;
      finish.addend = addend ? addend + g * out_ * to.plane : nullptr;
      finish.rectified = fused.rectify;
      const Map own = from.channels_from(g * in_, in_), made = to.channels_from(g * out_, out_);
      const float* weights = packed_.get() + g * group_size_;
      if (general_)
        convolve_general(own, weights, kernel_, stride_, made, finish);
      else
        convolve(own, weights, kernel_, made, finish);
    }
  }
}

void GroupedConvLayer::backward(Tile& tile) {
  if (fused.remake) fused.remake->forward(tile);
  const Parts<Map> inputs = in.maps(tile), gradients = out_gradient.maps(tile);
  float* sum = tile.gradient_sum + sum_at;
  bias_gradient(gradients, sum + weight_.size);
  for (int g = 0; g < groups_; ++g) {
    Parts<Map> own, made;
    for (int part = 0; part < PARTS; ++part) {
      own[part] = inputs[part].channels_from(g * in_, in_);
      made[part] = gradients[part].channels_from(g * out_, out_);
    }
    if (general_)
      weight_gradient_general(own, made, kernel_, stride_, sum + g * group_size_);
    else
      convolve_weight_gradient(own, made, kernel_, sum + g * group_size_);
    if (!in_gradient) continue;
    for (int part = 0; part < PARTS; ++part) {
      const Map to = in_gradient.map(tile, part);
      const vec* addend = skip_gradient.data(tile, part);
      Finish finish;
      finish.gate = fused.gate ? own[part].data : nullptr;
      finish.addend = addend ? addend + g * in_ * to.plane : nullptr;
      const Map wanted = to.channels_from(g * in_, in_);
      const float* weights = packed_turned_.get() + g * group_size_;
      if (general_)
        input_gradient_general(made[part], weights, kernel_, stride_, wanted, finish);
      else
        convolve(made[part], weights, kernel_, wanted, finish);
    }
  }
}

void GroupedConvLayer::reduce(const float* const* sums, int groups) {
  for (int64_t j = 0; j < sum_size(); ++j) {
    float total = sums[0][sum_at + j];
    for (int g = 1; g < groups; ++g) total += sums[g][sum_at + j];
    storage_.gradients[weight_.at + j] = total;  // the bias follows the weights
  }
}

}  // namespace paribus
