"""Every layer of a plan, forward and backward; those of a kind are in modules of their own.

Axes: N images of the batch, C channels, H rows, W columns, F features; O output features.
"""

from __future__ import annotations

from collections.abc import Callable

from paribus.engines.numpy.activations import Gelu, LeakyRelu, Relu, Sigmoid, Silu, Tanh
from paribus.engines.numpy.layer import Array, Layer
from paribus.engines.numpy.normalization import BatchNorm
from paribus.engines.numpy.windows import AvgPool, Conv, MaxPool
from paribus.randomness import Randomness
from paribus.spec import layers as spec
from paribus.spec.plan import Node


class Linear(Layer):
    """y = x Wᵀ + b, with x (N, F), W (O, F), b (O,) and y (N, O)."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.name = node.name
        self.weight_OF = tensors[f"{node.name}.weight"]
        self.bias_O = tensors[f"{node.name}.bias"]

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.x_NF = x
        y_NO = x @ self.weight_OF.T
        y_NO += self.bias_O
        return y_NO

    def backward(self, gradient: Array) -> Array:
        self.gradients[f"{self.name}.weight"] = gradient.T @ self.x_NF
        self.gradients[f"{self.name}.bias"] = gradient.sum(axis=0)
        return gradient @ self.weight_OF if self.input_gradient else gradient


class Dropout(Layer):
    """In training, zero each value with probability p and scale the others by 1 / (1 - p)."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        assert isinstance(node.layer, spec.Dropout)
        self.name, self.p = node.name, node.layer.p

    def begin_epoch(self, randomness: Randomness, epoch: int) -> None:
        self.rng = randomness.dropout(self.name, epoch)

    def forward(self, x: Array, training: bool) -> Array:
        if not training:
            return x
        self.kept = self.rng.random(x.shape) >= self.p
        return x * self.kept * (1 / (1 - self.p))

    def backward(self, gradient: Array) -> Array:
        return gradient * self.kept * (1 / (1 - self.p))


class Flatten(Layer):
    """(N, C, H, W) to (N, C·H·W)."""

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.input_shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient: Array) -> Array:
        return gradient.reshape(self.input_shape)


class Residual(Layer):
    """y = x + body(x)."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.body = [make_layer(inner, tensors) for inner in node.body]

    def forward(self, x: Array, training: bool) -> Array:
        y = x
        for layer in self.body:
            y = layer.forward(y, training)
        return x + y

    def backward(self, gradient: Array) -> Array:
        through_body = gradient
        for layer in reversed(self.body):
            through_body = layer.backward(through_body)
        return gradient + through_body


_LAYERS: dict[str, Callable[[Node, dict[str, Array]], Layer]] = {
    "conv": Conv,
    "maxpool": MaxPool,
    "avgpool": AvgPool,
    "relu": Relu,
    "leakyrelu": LeakyRelu,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "silu": Silu,
    "gelu": Gelu,
    "batchnorm": BatchNorm,
    "dropout": Dropout,
    "flatten": Flatten,
    "linear": Linear,
    "residual": Residual,
}


def make_layer(node: Node, tensors: dict[str, Array]) -> Layer:
    """The layer of a node. It works on `tensors`, the whole network's by name, in place."""
    return _LAYERS[node.layer.kind](node, tensors)
