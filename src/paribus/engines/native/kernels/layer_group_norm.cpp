#include "group_norm.h"
#include "layers.h"

namespace paribus {

GroupNormLayer::GroupNormLayer(const Node& node, int channels)
    : channels_(channels),
      groups_(node.record.groups),
      weight_(node.weight),
      bias_(node.bias) {}

GroupMoments* GroupNormLayer::moments(const Tile& tile, int part) const {
  return reinterpret_cast<GroupMoments*>(kept.block(tile, part));
}

void GroupNormLayer::forward(Tile& tile) {
  for (int part = 0; part < PARTS; ++part) {
    const Map from = in.map(tile, part);
    group_moments(from, groups_, moments(tile, part));
    group_normalize(from, groups_, moments(tile, part), storage_.parameters + weight_.at,
                    storage_.parameters + bias_.at, fused.rectify, out.map(tile, part));
  }
}

void GroupNormLayer::backward(Tile& tile) {
  vec* sums = tile.scratch;
  for (int part = 0; part < PARTS; ++part) {
    const Map from = in.map(tile, part), gradient = out_gradient.map(tile, part);
    vec* own = sums + part * 2 * channels_;
    group_gradient_sums(from, gradient, groups_, moments(tile, part), own);
    if (in_gradient)
      group_normalize_backward(from, gradient, groups_, moments(tile, part),
                               storage_.parameters + weight_.at, own,
                               skip_gradient.data(tile, part), in_gradient.map(tile, part));
  }
  // As in a group's sum: the gradients of the scales, then of the shifts.
  float* sum = tile.gradient_sum + sum_at;
  add_sums_of_images(sums + channels_, 2 * channels_, channels_, sum);
  add_sums_of_images(sums, 2 * channels_, channels_, sum + channels_);
}

void GroupNormLayer::reduce(const float* const* sums, int groups) {
  for (int64_t j = 0; j < sum_size(); ++j) {
    float total = sums[0][sum_at + j];
    for (int g = 1; g < groups; ++g) total += sums[g][sum_at + j];
    storage_.gradients[weight_.at + j] = total;  // the shifts follow the scales
  }
}

}  // namespace paribus
