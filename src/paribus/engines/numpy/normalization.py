"""Normalization: values with their mean taken off, over their standard deviation.

Axes: N images of the batch, C channels or features.
"""

from __future__ import annotations

import numpy as np

from paribus.engines.numpy.layer import Array, Layer
from paribus.spec.plan import Node


class BatchNorm(Layer):
    """y = scale · x̂ + shift with x̂ = (x - mean) / √(variance + eps), for each channel.

    In training, mean and variance are the batch's, and the running ones follow them; in evaluation
    they are the running ones. x (N, C, H, W) or (N, F); the tensors are (C,) or (F,).
    """

    EPS, MOMENTUM = 1e-5, 0.1

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.name = node.name
        flat = len(node.input_shape) == 1
        self.axes: tuple[int, ...] = (0,) if flat else (0, 2, 3)
        shape = (-1,) if flat else (-1, 1, 1)
        # Views, shaped so that they broadcast against a batch.
        self.scale: Array = tensors[f"{node.name}.scale"].reshape(shape)
        self.shift: Array = tensors[f"{node.name}.shift"].reshape(shape)
        self.running_mean: Array = tensors[f"{node.name}.running_mean"].reshape(shape)
        self.running_var: Array = tensors[f"{node.name}.running_var"].reshape(shape)

    def forward(self, x: Array, training: bool) -> Array:
        if not training:
            deviation: Array = np.sqrt(self.running_var + self.EPS)
            return (x - self.running_mean) * (self.scale / deviation) + self.shift
        count = x.size // self.scale.size
        mean = x.mean(axis=self.axes, keepdims=True)
        centered = x - mean
        variance = (centered * centered).mean(axis=self.axes, keepdims=True)
        self.deviation: Array = np.sqrt(variance + self.EPS)
        self.normalized: Array = centered / self.deviation
        self._follow(self.running_mean, mean)
        # The batch is a sample, so its variance over count - 1 estimates that of all images.
        self._follow(self.running_var, variance * (count / (count - 1)))
        y: Array = self.normalized * self.scale + self.shift
        return y

    def _follow(self, running: Array, batch: Array) -> None:
        running += self.MOMENTUM * (batch.reshape(running.shape) - running)

    def backward(self, gradient: Array) -> Array:
        scale_gradient = (gradient * self.normalized).sum(axis=self.axes, keepdims=True)
        shift_gradient = gradient.sum(axis=self.axes, keepdims=True)
        self.gradients[f"{self.name}.scale"] = scale_gradient.reshape(-1)
        self.gradients[f"{self.name}.shift"] = shift_gradient.reshape(-1)
        # Every input also moves the batch's mean and variance (Ioffe and Szegedy 2015, section 3).
        count = gradient.size // self.scale.size
        through = gradient - (shift_gradient + self.normalized * scale_gradient) / count
        input_gradient: Array = through * (self.scale / self.deviation)
        return input_gradient
