"""Normalization: values with their mean taken off, over their standard deviation.

Axes: N images of the batch, C channels or features, G groups of channels, V values of a group.
"""

from __future__ import annotations

import numpy as np

from paribus.engines.numpy.layer import Array, Layer
from paribus.spec import layers as spec
from paribus.spec.plan import Node

EPS = 1e-5


class BatchNorm(Layer):
    """y = scale · x̂ + shift with x̂ = (x - mean) / √(variance + eps), for each channel.

    In training, mean and variance are the batch's, and the running ones follow them; in evaluation
    they are the running ones. x (N, C, H, W) or (N, F); the tensors are (C,) or (F,).
    """

    MOMENTUM = 0.1

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
            deviation: Array = np.sqrt(self.running_var + EPS)
            return (x - self.running_mean) * (self.scale / deviation) + self.shift
        count = x.size // self.scale.size
        mean = x.mean(axis=self.axes, keepdims=True)
        centered = x - mean
        variance = (centered * centered).mean(axis=self.axes, keepdims=True)
        self.deviation: Array = np.sqrt(variance + EPS)
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


class GroupNorm(Layer):
    """y = scale · x̂ + shift with x̂ = (x - mean) / √(variance + eps), for each image and group.

    A group are neighboring channels, with all their rows and columns; layer normalization has one
    group. x (N, C, H, W) or (N, F); the tensors are (C,) or (F,).
    """

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.name = node.name
        self.groups = node.layer.groups if isinstance(node.layer, spec.GroupNorm) else 1
        flat = len(node.input_shape) == 1
        self.axes: tuple[int, ...] = (0,) if flat else (0, 2, 3)
        # Views, shaped so that they broadcast against a batch.
        shape = (-1,) if flat else (-1, 1, 1)
        self.scale: Array = tensors[f"{node.name}.scale"].reshape(shape)
        self.shift: Array = tensors[f"{node.name}.shift"].reshape(shape)

    def forward(self, x: Array, training: bool) -> Array:
        x_NGV = x.reshape(len(x), self.groups, -1)
        centered_NGV = x_NGV - x_NGV.mean(axis=2, keepdims=True)
        variance_NG1 = (centered_NGV * centered_NGV).mean(axis=2, keepdims=True)
        deviation_NG1: Array = np.sqrt(variance_NG1 + EPS)
        normalized_NGV: Array = centered_NGV / deviation_NG1
        if training:
            self.normalized_NGV, self.deviation_NG1 = normalized_NGV, deviation_NG1
        y: Array = normalized_NGV.reshape(x.shape) * self.scale + self.shift
        return y

    def backward(self, gradient: Array) -> Array:
        normalized = self.normalized_NGV.reshape(gradient.shape)
        self.gradients[f"{self.name}.scale"] = (gradient * normalized).sum(axis=self.axes)
        self.gradients[f"{self.name}.shift"] = gradient.sum(axis=self.axes)
        # Every input also moves the mean and the variance of its group.
        gradient_NGV = (gradient * self.scale).reshape(self.normalized_NGV.shape)
        mean_NG1 = gradient_NGV.mean(axis=2, keepdims=True)
        tilt_NG1 = (gradient_NGV * self.normalized_NGV).mean(axis=2, keepdims=True)
        through_NGV = gradient_NGV - mean_NG1 - self.normalized_NGV * tilt_NG1
        input_gradient: Array = through_NGV / self.deviation_NG1
        return input_gradient.reshape(gradient.shape)
