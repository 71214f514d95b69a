#include "layers.h"

#include "activation.h"
#include "pool.h"

namespace paribus {

namespace {

// The borders are zero on both sides, so whole blocks may be summed.
void add_blocks(const vec* x, const vec* y, vec* sum, const Layout& layout) {
  for (ptrdiff_t j = 0; j < layout.vectors(); ++j) sum[j] = x[j] + y[j];
}

}  // namespace

void LayerOfParts::forward(Tile& tile) {
  if (fused.done_before) return;
  for (int part = 0; part < PARTS; ++part) forward_part(tile, part);
}

void LayerOfParts::backward(Tile& tile) {
  if (fused.done_after || !in_gradient) return;
  for (int part = 0; part < PARTS; ++part) {
    backward_part(tile, part);
    if (skip_gradient && !adds_skip_gradient())
      add_blocks(skip_gradient.block(tile, part), in_gradient.block(tile, part),
                 in_gradient.block(tile, part), in_gradient.layout);
  }
}

void MaxPoolLayer::forward_part(Tile& tile, int part) {
  max_pool(in.map(tile, part), size_, out.map(tile, part));
}

void MaxPoolLayer::backward_part(Tile& tile, int part) {
  max_pool_backward(in.map(tile, part), size_, out_gradient.map(tile, part),
                    in_gradient.map(tile, part), fused.gate);
}

void AveragePoolLayer::forward_part(Tile& tile, int part) {
  average_pool(in.map(tile, part), size_, out.map(tile, part));
}

void AveragePoolLayer::backward_part(Tile& tile, int part) {
  average_pool_backward(size_, out_gradient.map(tile, part), in_gradient.map(tile, part));
}

void GlobalAveragePoolLayer::forward_part(Tile& tile, int part) {
  global_average_pool(in.map(tile, part), out.map(tile, part).data);
}

void GlobalAveragePoolLayer::backward_part(Tile& tile, int part) {
  global_average_pool_backward(out_gradient.map(tile, part).data, in_gradient.map(tile, part));
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

void DropoutLayer::forward_part(Tile& tile, int part) {
  const Map from = in.map(tile, part), to = out.map(tile, part);
  if (!tile.training) {
    if (from.data != to.data) copy_map(from, to);
    return;
  }
  const Map masks = kept.map(tile, part);
  draw_mask(philox_, probability_, first_ + tile.index * GROUP + part * LANES,
            live_in_part(tile.live, part), masks);
  apply_mask(from, masks, nullptr, to);
}

void DropoutLayer::backward_part(Tile& tile, int part) {
  apply_mask(out_gradient.map(tile, part), kept.map(tile, part), skip_gradient.data(tile, part),
             in_gradient.map(tile, part));
}

void AddLayer::forward_part(Tile& tile, int part) {
  add_blocks(in.block(tile, part), skip.block(tile, part), out.block(tile, part), out.layout);
}

void AddLayer::backward_part(Tile& tile, int part) {
  add_blocks(skip_gradient.block(tile, part), out_gradient.block(tile, part),
             in_gradient.block(tile, part), in_gradient.layout);
}

void CopyLayer::forward_part(Tile& tile, int part) {
  std::copy_n(skip.block(tile, part), out.layout.vectors(), out.block(tile, part));
}

void ConcatLayer::forward(Tile& tile) {
  for (int part = 0; part < PARTS; ++part) {
    vec* to = out.block(tile, part);
    for (const Place& one : parts)
      to = std::copy_n(one.block(tile, part), one.layout.vectors(), to);
  }
}

void ConcatLayer::backward(Tile& tile) {
  if (!out_gradient) return;  // nothing before it learns
  for (int part = 0; part < PARTS; ++part) {
    const vec* from = out_gradient.block(tile, part);
    for (size_t j = 0; j < parts.size(); ++j) {
      if (part_gradients[j])
        std::copy_n(from, parts[j].layout.vectors(), part_gradients[j].block(tile, part));
      from += parts[j].layout.vectors();
    }
  }
}

template <class Function>
void ActivationLayer<Function>::forward_part(Tile& tile, int part) {
  activate(function_, in.map(tile, part), out.map(tile, part));
}

template <class Function>
void ActivationLayer<Function>::backward_part(Tile& tile, int part) {
  const Map from = Function::FROM_VALUE ? out.map(tile, part) : in.map(tile, part);
  activate_backward(function_, from, out_gradient.map(tile, part), skip_gradient.data(tile, part),
                    in_gradient.map(tile, part));
}

template class ActivationLayer<Relu>;
template class ActivationLayer<LeakyRelu>;
template class ActivationLayer<Tanh>;
template class ActivationLayer<Sigmoid>;
template class ActivationLayer<Silu>;
template class ActivationLayer<Gelu>;

}  // namespace paribus
