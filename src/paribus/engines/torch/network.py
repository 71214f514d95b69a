"""A plan as a PyTorch module whose parameters are named as in the plan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from paribus.randomness import Randomness
from paribus.spec import layers as spec
from paribus.spec.plan import Node, Plan

Step = Callable[[Tensor], Tensor]


class PlanNetwork(nn.Module):
    """The network of a plan: (N, C, H, W) to logits (N, classes).

    Layers with tensors are children by the name that the plan gives them, so that the parameters
    are "conv1.weight" and so on wherever the layer stands. They begin uninitialized.
    """

    def __init__(self, plan: Plan, dtype: torch.dtype) -> None:
        super().__init__()
        self._steps = [self._step(node, dtype) for node in plan.nodes]

    def begin_epoch(self, randomness: Randomness, epoch: int) -> None:
        """To be called before the batches of an epoch, counted from 1."""
        for layer in self.children():
            if isinstance(layer, Dropout):
                layer.rng = randomness.dropout(layer.name, epoch)

    def forward(self, x: Tensor) -> Tensor:
        for step in self._steps:
            x = step(x)
        return x

    def _step(self, node: Node, dtype: torch.dtype) -> Step:
        if node.branches:
            chains = [
                _chain([self._step(inner, dtype) for inner in branch]) for branch in node.branches
            ]
            return _concat(chains) if isinstance(node.layer, spec.Concat) else _residual(*chains)
        layer = _make(node, dtype)
        if isinstance(layer, nn.Module):
            self.add_module(node.name, layer)
        return layer


class _WithTensors(nn.Module):
    """A layer with the tensors that the plan gives it, uninitialized."""

    def __init__(self, node: Node, dtype: torch.dtype) -> None:
        super().__init__()
        for tensor in node.tensors:
            name, value = tensor.name.rpartition(".")[2], torch.empty(tensor.shape, dtype=dtype)
            if tensor.trained:
                self.register_parameter(name, nn.Parameter(value))
            else:
                self.register_buffer(name, value)


class Conv(_WithTensors):
    weight: Tensor
    bias: Tensor

    def __init__(self, node: Node, dtype: torch.dtype) -> None:
        super().__init__(node, dtype)
        assert isinstance(node.layer, spec.Conv)
        self.stride, self.padding = node.layer.stride, (node.layer.kernel - 1) // 2
        self.groups = node.layer.groups

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, groups=self.groups)


class Linear(_WithTensors):
    weight: Tensor
    bias: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class BatchNorm(_WithTensors):
    scale: Tensor
    shift: Tensor
    running_mean: Tensor
    running_var: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.scale, self.shift, self.training
        )


class GroupNorm(_WithTensors):
    """Layer normalization has one group."""

    scale: Tensor
    shift: Tensor

    def __init__(self, node: Node, dtype: torch.dtype) -> None:
        super().__init__(node, dtype)
        self.groups = node.layer.groups if isinstance(node.layer, spec.GroupNorm) else 1

    def forward(self, x: Tensor) -> Tensor:
        if self.training and not x.requires_grad:
            # Without a wanted gradient, its backward pass crashes on CPUs where channels come last
            # in memory (PyTorch 2.13).
            x = x.detach().requires_grad_()
        return F.group_norm(x, self.groups, self.scale, self.shift)


class Dropout(nn.Module):
    """With masks drawn outside PyTorch, so that every engine uses the same ones."""

    rng: np.random.Generator

    def __init__(self, name: str, p: float) -> None:
        super().__init__()
        self.name, self.p = name, p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.from_numpy(self.rng.random(x.shape) >= self.p).to(x.device)
        return x * kept * (1 / (1 - self.p))


def _chain(steps: list[Step]) -> Step:
    def forward(x: Tensor) -> Tensor:
        for step in steps:
            x = step(x)
        return x

    return forward


def _residual(body: Step, skip: Step = lambda x: x) -> Step:
    return lambda x: skip(x) + body(x)


def _concat(branches: list[Step]) -> Step:
    return lambda x: torch.cat([branch(x) for branch in branches], 1)


def _make(node: Node, dtype: torch.dtype) -> Step:
    match node.layer:
        case spec.Conv():
            return Conv(node, dtype)
        case spec.Linear():
            return Linear(node, dtype)
        case spec.BatchNorm():
            return BatchNorm(node, dtype)
        case spec.LayerNorm() | spec.GroupNorm():
            return GroupNorm(node, dtype)
        case spec.Dropout(p=p):
            return Dropout(node.name, p)
        case spec.MaxPool(size=size):
            return lambda x: F.max_pool2d(x, size)
        case spec.AvgPool(size=size):
            return lambda x: F.avg_pool2d(x, size)
        case spec.GlobalAvgPool():
            return lambda x: x.mean((2, 3))
        case spec.Relu():
            return torch.relu
        case spec.LeakyRelu(negative_slope=negative_slope):
            return lambda x: F.leaky_relu(x, negative_slope)
        case spec.Tanh():
            return torch.tanh
        case spec.Sigmoid():
            return torch.sigmoid
        case spec.Silu():
            return F.silu
        case spec.Gelu():
            return F.gelu
        case spec.Flatten():
            return lambda x: x.flatten(1)
        case _:
            raise NotImplementedError(node.layer.kind)
