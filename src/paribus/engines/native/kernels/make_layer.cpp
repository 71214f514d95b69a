#include "activation.h"
#include "layers.h"

namespace paribus {

std::unique_ptr<Layer> make_layer(const Graph& graph, const Node& node) {
  const int channels = graph.values[node.in].shape.channels;
  switch (node.record.operation) {
    case Operation::conv: return std::make_unique<ConvLayer>(node, channels);
    case Operation::grouped_conv: return std::make_unique<GroupedConvLayer>(node, channels);
    case Operation::linear: return std::make_unique<LinearLayer>(node, channels);
    case Operation::batch_norm: return std::make_unique<BatchNormLayer>(node, channels);
    case Operation::group_norm: return std::make_unique<GroupNormLayer>(node, channels);
    case Operation::max_pool: return std::make_unique<MaxPoolLayer>(node);
    case Operation::global_average_pool: return std::make_unique<GlobalAveragePoolLayer>();
    case Operation::average_pool: return std::make_unique<AveragePoolLayer>(node);
    case Operation::relu: return std::make_unique<ActivationLayer<Relu>>();
    case Operation::tanh: return std::make_unique<ActivationLayer<Tanh>>();
    case Operation::sigmoid: return std::make_unique<ActivationLayer<Sigmoid>>();
    case Operation::leaky_relu:
      return std::make_unique<ActivationLayer<LeakyRelu>>(
          LeakyRelu{static_cast<float>(node.record.negative_slope)});
    case Operation::silu: return std::make_unique<ActivationLayer<Silu>>();
    case Operation::gelu: return std::make_unique<ActivationLayer<Gelu>>();
    case Operation::dropout: return std::make_unique<DropoutLayer>(node);
    case Operation::flatten: return std::make_unique<FlattenLayer>();
    case Operation::residual_end: return std::make_unique<AddLayer>();
    case Operation::residual_skip:
    case Operation::concat_begin:
    case Operation::concat_next: return std::make_unique<CopyLayer>();
    case Operation::concat_end: return std::make_unique<ConcatLayer>();
    case Operation::residual_begin: break;  // no node
  }
  return nullptr;
}

}  // namespace paribus
