"""Every layer of a plan, forward and backward; those of a kind are in modules of their own.

Axes: N images of the batch, C channels, H rows, W columns, F features; O output features.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paribus.engines.numpy.activations import Gelu, LeakyRelu, Relu, Sigmoid, Silu, Tanh
from paribus.engines.numpy.layer import Array, Layer
from paribus.engines.numpy.normalization import BatchNorm, GroupNorm
from paribus.engines.numpy.windows import AvgPool, Conv, GlobalAvgPool, MaxPool
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


class _Branches(Layer):
    """Chains of layers that all take the input; a chain without layers is the input itself."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.chains = [[make_layer(inner, tensors) for inner in branch] for branch in node.branches]
        self.inner = [layer for chain in self.chains for layer in chain]


def _forward(chain: list[Layer], x: Array, training: bool) -> Array:
    for layer in chain:
        x = layer.forward(x, training)
    return x


def _backward(chain: list[Layer], gradient: Array) -> Array:
    for layer in reversed(chain):
        gradient = layer.backward(gradient)
    return gradient


class Residual(_Branches):
    """y = body(x) + skip(x), where skip(x) = x if there are no layers in it."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.body, self.skip = self.chains if len(self.chains) == 2 else (self.chains[0], [])

    def forward(self, x: Array, training: bool) -> Array:
        return _forward(self.skip, x, training) + _forward(self.body, x, training)

    def backward(self, gradient: Array) -> Array:
        return _backward(self.skip, gradient) + _backward(self.body, gradient)


class Concat(_Branches):
    """y = branch 1(x), branch 2(x) ..., one behind the other along C or F."""

    def forward(self, x: Array, training: bool) -> Array:
        parts = [_forward(chain, x, training) for chain in self.chains]
        self.ends = np.cumsum([part.shape[1] for part in parts])
        return np.concatenate(parts, axis=1)

    def backward(self, gradient: Array) -> Array:
        parts = np.split(gradient, self.ends[:-1], axis=1)
        input_gradient = _backward(self.chains[0], parts[0])
        for chain, part in zip(self.chains[1:], parts[1:], strict=True):
            input_gradient = input_gradient + _backward(chain, part)
        return input_gradient


_LAYERS: dict[str, Callable[[Node, dict[str, Array]], Layer]] = {
    "conv": Conv,
    "maxpool": MaxPool,
    "avgpool": AvgPool,
    "globalavgpool": GlobalAvgPool,
    "relu": Relu,
    "leakyrelu": LeakyRelu,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "silu": Silu,
    "gelu": Gelu,
    "batchnorm": BatchNorm,
    "layernorm": GroupNorm,
    "groupnorm": GroupNorm,
    "dropout": Dropout,
    "flatten": Flatten,
    "linear": Linear,
    "residual": Residual,
    "concat": Concat,
}


def make_layer(node: Node, tensors: dict[str, Array]) -> Layer:
    """The layer of a node. It works on `tensors`, the whole network's by name, in place."""
    return _LAYERS[node.layer.kind](node, tensors)
