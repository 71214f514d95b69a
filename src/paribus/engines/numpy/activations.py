"""Functions of each value by itself, and their derivatives."""

from __future__ import annotations

import numpy as np

from paribus.engines.numpy.layer import Array, Layer
from paribus.spec import layers as spec
from paribus.spec.plan import Node


class Relu(Layer):
    """y = max(x, 0), whose derivative at 0 is taken as 0."""

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, gradient: Array) -> Array:
        return gradient * self.positive


class LeakyRelu(Layer):
    """y = x where x > 0, else negative_slope · x, the derivative at 0 too."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        assert isinstance(node.layer, spec.LeakyRelu)
        self.negative_slope = node.layer.negative_slope

    def forward(self, x: Array, training: bool) -> Array:
        positive = x > 0
        if training:
            self.positive = positive
        return np.where(positive, x, x * self.negative_slope)

    def backward(self, gradient: Array) -> Array:
        return np.where(self.positive, gradient, gradient * self.negative_slope)


class Tanh(Layer):
    """y = tanh x, y' = 1 - y²."""

    def forward(self, x: Array, training: bool) -> Array:
        y: Array = np.tanh(x)
        if training:
            self.y = y
        return y

    def backward(self, gradient: Array) -> Array:
        return gradient * (1 - self.y * self.y)


class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)), y' = y (1 - y)."""

    def forward(self, x: Array, training: bool) -> Array:
        from scipy.special import expit  # It takes a while to load, and few networks need it.

        y: Array = expit(x)
        if training:
            self.y = y
        return y

    def backward(self, gradient: Array) -> Array:
        return gradient * (self.y * (1 - self.y))


class Silu(Layer):
    """y = x σ(x), y' = σ(x) (1 + x (1 - σ(x))), with the sigmoid σ(x) = 1 / (1 + exp(-x))."""

    def forward(self, x: Array, training: bool) -> Array:
        from scipy.special import expit  # It takes a while to load, and few networks need it.

        sigmoid: Array = expit(x)
        if training:
            self.x, self.sigmoid = x, sigmoid
        return x * sigmoid

    def backward(self, gradient: Array) -> Array:
        return gradient * (self.sigmoid * (1 + self.x * (1 - self.sigmoid)))


class Gelu(Layer):
    """y = x Φ(x), y' = Φ(x) + x φ(x), with Φ and φ of the standard normal distribution."""

    def forward(self, x: Array, training: bool) -> Array:
        from scipy.special import erf  # It takes a while to load, and few networks need it.

        cumulative: Array = (1 + erf(x * 0.5**0.5)) / 2
        if training:
            self.x, self.cumulative = x, cumulative
        return x * cumulative

    def backward(self, gradient: Array) -> Array:
        density = np.exp(self.x * self.x / -2) / float(np.sqrt(2 * np.pi))
        return gradient * (self.cumulative + self.x * density)
