"""A network as a chain of layers, and the loss that it is trained to make small."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from paribus.engines.base import Labels
from paribus.engines.numpy.layer import Array, Layer
from paribus.engines.numpy.layers import make_layer
from paribus.randomness import Randomness
from paribus.spec.plan import Node, Plan

# N images, K classes


class Network:
    """The layers of a plan, and all their tensors by name."""

    def __init__(self, plan: Plan, tensors: dict[str, Array]) -> None:
        self.tensors = tensors
        self.trained = [tensor.name for tensor in plan.tensors if tensor.trained]
        self.layers = [make_layer(node, tensors) for node in plan.nodes]
        # Backward ends at the first layer that learns, which needs no gradient for its own input.
        self.first = next(i for i, node in enumerate(plan.nodes) if _learns(node))
        self.layers[self.first].input_gradient = False

    def begin_epoch(self, randomness: Randomness, epoch: int) -> None:
        """To be called before the batches of an epoch, counted from 1."""
        for layer in _walk(self.layers):
            layer.begin_epoch(randomness, epoch)

    def logits(self, x: Array, training: bool = False) -> Array:
        """(N, C, H, W) to (N, K)."""
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def gradients(self, logits_gradient_NK: Array) -> dict[str, Array]:
        """∂loss/∂tensor of each trained tensor, by name, from ∂loss/∂logits."""
        gradient = logits_gradient_NK
        for layer in reversed(self.layers[self.first :]):
            gradient = layer.backward(gradient)
        return {
            name: value for layer in _walk(self.layers) for name, value in layer.gradients.items()
        }


def cross_entropy(
    logits_NK: Array, labels_N: Labels, smoothing: float
) -> tuple[float, NDArray[np.floating]]:
    """Mean cross entropy of a batch in nats, and its gradient ∂loss/∂logits: (N, K).

    With smoothing s, the target is 1 - s for the label and s / K for each of the K classes
    (Szegedy et al. 2016), as PyTorch has it.
    """
    images, classes = logits_NK.shape
    shifted_NK = logits_NK - logits_NK.max(axis=1, keepdims=True)
    log_NK = shifted_NK - np.log(np.exp(shifted_NK).sum(axis=1, keepdims=True))
    right = np.arange(images), labels_N
    gradient_NK = np.exp(log_NK)
    loss = -float(log_NK[right].mean())
    if smoothing:
        loss = (1 - smoothing) * loss - smoothing * float(log_NK.mean())
        gradient_NK -= smoothing / classes
    gradient_NK[right] -= 1 - smoothing
    gradient_NK /= images
    return loss, gradient_NK


def _learns(node: Node) -> bool:
    return bool(node.tensors) or any(_learns(n) for branch in node.branches for n in branch)


def _walk(layers: list[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield from _walk(layer.inner)
        yield layer
