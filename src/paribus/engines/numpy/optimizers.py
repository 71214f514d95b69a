"""How gradients change the weights: SGD, Adam, AdamW, RMSprop, as PyTorch defines them.

All work in place, on tensors by name, and keep what they remember (`state`) between steps.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from paribus.engines.numpy.layer import Array
from paribus.spec import recipe


class Optimizer(Protocol):
    """Changes tensors by their gradients, one step at a time."""

    state: dict[str, Array]
    """State of the optimizer, by name, e.g. "sgd.momentum/conv1.weight"."""

    def step(self, gradients: dict[str, Array], rate: float, number: int) -> None:
        """Take step `number`, counted from 1 over all epochs, at learning rate `rate`."""
        ...


def make_optimizer(settings: recipe.Optimizer, tensors: dict[str, Array]) -> Optimizer:
    """The optimizer of a recipe for the trained tensors of a network."""
    if isinstance(settings, recipe.Sgd):
        return Sgd(settings, tensors)
    if isinstance(settings, recipe.RmsProp):
        return RmsProp(settings, tensors)
    return Adam(settings, tensors)


class Sgd:
    """w -= rate · g, or with momentum: m = momentum · m + g, w -= rate · m.

    Nesterov's steps along g + momentum · m instead. Weight decay adds weight_decay · w to g.
    """

    def __init__(self, settings: recipe.Sgd, tensors: dict[str, Array]) -> None:
        self.settings, self.tensors = settings, tensors
        self.state: dict[str, Array] = {}
        if settings.momentum:
            self.state = {f"sgd.momentum/{name}": np.zeros_like(w) for name, w in tensors.items()}

    def step(self, gradients: dict[str, Array], rate: float, number: int) -> None:
        settings = self.settings
        for name, weights in self.tensors.items():
            direction = gradients[name]
            if settings.weight_decay:
                direction = direction + settings.weight_decay * weights
            if settings.momentum:
                momentum = self.state[f"sgd.momentum/{name}"]
                momentum *= settings.momentum
                momentum += direction
                if settings.nesterov:
                    direction = direction + settings.momentum * momentum
                else:
                    direction = momentum
            weights -= rate * direction


class Adam:
    """Running means of g and of g², corrected for their start at 0 (Kingma and Ba 2015):

    m += (1 - β₁)(g - m), v = β₂ v + (1 - β₂) g²,
    w -= rate · m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps) at step t.

    Adam adds weight_decay · w to g; AdamW instead shrinks w by rate · weight_decay · w first
    (Loshchilov and Hutter 2019).
    """

    def __init__(self, settings: recipe.Adam | recipe.AdamW, tensors: dict[str, Array]) -> None:
        self.settings, self.tensors = settings, tensors
        self.state = {
            f"adam.{moment}/{name}": np.zeros_like(weights)
            for moment in ("mean", "square")
            for name, weights in tensors.items()
        }

    def step(self, gradients: dict[str, Array], rate: float, number: int) -> None:
        settings = self.settings
        beta_1, beta_2 = settings.betas
        mean_share, square_share = 1 - beta_1**number, 1 - beta_2**number
        for name, weights in self.tensors.items():
            gradient = gradients[name]
            if isinstance(settings, recipe.AdamW):
                weights *= 1 - rate * settings.weight_decay
            elif settings.weight_decay:
                gradient = gradient + settings.weight_decay * weights
            mean, square = self.state[f"adam.mean/{name}"], self.state[f"adam.square/{name}"]
            mean += (1 - beta_1) * (gradient - mean)
            square *= beta_2
            square += (1 - beta_2) * gradient * gradient
            size = np.sqrt(square)
            size /= math.sqrt(square_share)
            size += settings.eps
            weights -= (rate / mean_share) * mean / size


class RmsProp:
    """A running mean of g², by the root of which g is divided (Hinton 2012):

    v = α v + (1 - α) g², d = g / (√v + eps), w -= rate · d, or with momentum: m = momentum · m + d,
    w -= rate · m. Weight decay adds weight_decay · w to g.
    """

    def __init__(self, settings: recipe.RmsProp, tensors: dict[str, Array]) -> None:
        self.settings, self.tensors = settings, tensors
        kept = ["square", "momentum"] if settings.momentum else ["square"]
        self.state = {
            f"rmsprop.{moment}/{name}": np.zeros_like(weights)
            for moment in kept
            for name, weights in tensors.items()
        }

    def step(self, gradients: dict[str, Array], rate: float, number: int) -> None:
        settings = self.settings
        for name, weights in self.tensors.items():
            gradient = gradients[name] + settings.weight_decay * weights
            square = self.state[f"rmsprop.square/{name}"]
            square *= settings.alpha
            square += (1 - settings.alpha) * gradient * gradient
            direction: Array = gradient / (np.sqrt(square) + settings.eps)
            if settings.momentum:
                momentum = self.state[f"rmsprop.momentum/{name}"]
                momentum *= settings.momentum
                momentum += direction
                direction = momentum
            weights -= rate * direction
