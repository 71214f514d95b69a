#include "conv_general.h"
#include "layers.h"
#include "winograd_gradient.h"

namespace paribus {

ConvLayer::ConvLayer(const Node& node, int in_channels)
    : out_(node.record.outputs),
      in_(in_channels),
      kernel_(node.record.size),
      stride_(node.record.stride),
      weight_(node.weight),
      bias_(node.bias),
      general_(stride_ > 1 || kernel_ > 5),
      winograd_(!general_ && winograd_pays(in_, out_, kernel_)),
      winograd_gradient_(!general_ && winograd_gradient_pays(in_, out_, kernel_)),
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

void ConvLayer::forward_part(const Map& from, const Map& to, const Finish& finish,
                             vec* scratch) const {
  if (winograd_)
    winograd_convolve(from, transformed_.get(), to, finish, scratch);
  else if (general_)
    convolve_general(from, packed_.get(), kernel_, stride_, to, finish);
  else
    convolve(from, packed_.get(), kernel_, to, finish);
}

void ConvLayer::backward_part(const Map& gradients, const Map& to, const Finish& finish,
                              vec* scratch) const {
  if (winograd_)
    winograd_convolve(gradients, transformed_turned_.get(), to, finish, scratch);
  else if (general_)
    input_gradient_general(gradients, packed_turned_.get(), kernel_, stride_, to, finish);
  else
    convolve(gradients, packed_turned_.get(), kernel_, to, finish);
}

void ConvLayer::forward(Tile& tile) {
  for (int part = 0; part < PARTS; ++part) {
    Finish finish;
    finish.bias = storage_.parameters + bias_.at;
    finish.addend = fused.addend.data(tile, part);
    finish.rectified = fused.rectify;
    forward_part(in.map(tile, part), out.map(tile, part), finish, tile.scratch);
  }
}

void ConvLayer::backward(Tile& tile) {
  if (fused.remake) fused.remake->forward(tile);
  const Parts<Map> inputs = in.maps(tile), gradients = out_gradient.maps(tile);
  float* sum = tile.gradient_sum + sum_at;
  if (winograd_gradient_) {
    winograd_gradient(inputs, gradients, sum, sum + weight_.size, tile.scratch);
  } else {
    if (general_)
      weight_gradient_general(inputs, gradients, kernel_, stride_, sum);
    else
      convolve_weight_gradient(inputs, gradients, kernel_, sum);
    bias_gradient(gradients, sum + weight_.size);
  }
  if (!in_gradient) return;
  for (int part = 0; part < PARTS; ++part) {
    Finish finish;
    finish.gate = fused.gate ? inputs[part].data : nullptr;
    finish.addend = skip_gradient.data(tile, part);
    backward_part(gradients[part], in_gradient.map(tile, part), finish, tile.scratch);
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

}  // namespace paribus
