"""Interface of the engine's layers: `forward` and `backward`.

`forward` turns a batch of inputs into outputs. `backward` gets ∂loss/∂output, a gradient as large
as the output; it stores ∂loss/∂tensor for each of the layer's own tensors and returns
∂loss/∂input. What `backward` needs of a training pass, `forward` keeps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paribus.randomness import Randomness
from paribus.spec.plan import Node

Array = NDArray[np.floating]


class Layer:
    """A layer without tensors of its own; the others say what they add to that."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        self.gradients: dict[str, Array] = {}
        """∂loss/∂tensor by the tensor's full name, e.g. "conv1.weight", after `backward`."""
        self.input_gradient = True
        """False in the first layer that learns: nothing before it needs a gradient."""
        self.inner: list[Layer] = []
        """The layers within it."""

    def begin_epoch(self, randomness: Randomness, epoch: int) -> None:
        """Epochs count from 1. Only dropout needs to know."""

    def forward(self, x: Array, training: bool) -> Array:
        """Outputs of a batch of inputs; the first axis of both is the image."""
        raise NotImplementedError

    def backward(self, gradient: Array) -> Array:
        """∂loss/∂input from ∂loss/∂output, of the last batch that went forward in training."""
        raise NotImplementedError
