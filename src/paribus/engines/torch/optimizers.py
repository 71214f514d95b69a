"""The recipe's optimizer from PyTorch, and its memory as arrays by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import SGD, Optimizer, RMSprop
from torch.optim import Adam as TorchAdam
from torch.optim import AdamW as TorchAdamW

from paribus.engines.base import State
from paribus.spec import recipe

# Our names of what PyTorch's optimizers remember of each parameter.
_SGD = {"sgd.momentum": "momentum_buffer"}
_RMSPROP = {
    "rmsprop.square": "square_avg",
    "rmsprop.momentum": "momentum_buffer",
    "rmsprop.step": "step",
}
_ADAM = {"adam.mean": "exp_avg", "adam.square": "exp_avg_sq", "adam.step": "step"}


def make_optimizer(settings: recipe.Optimizer, parameters: list[Tensor]) -> Optimizer:
    """PyTorch's optimizer for these settings."""
    # Fused: one call into PyTorch a step, whatever the number of tensors.
    match settings:
        case recipe.Sgd():
            return SGD(
                parameters,
                lr=settings.lr,
                momentum=settings.momentum,
                nesterov=settings.nesterov,
                weight_decay=settings.weight_decay,
                fused=True,
            )
        case recipe.RmsProp():
            return RMSprop(
                parameters,
                lr=settings.lr,
                alpha=settings.alpha,
                eps=settings.eps,
                momentum=settings.momentum,
                weight_decay=settings.weight_decay,
                foreach=True,
            )
        case recipe.Adam() | recipe.AdamW():
            kind = TorchAdam if isinstance(settings, recipe.Adam) else TorchAdamW
            return kind(
                parameters,
                lr=settings.lr,
                betas=settings.betas,
                eps=settings.eps,
                weight_decay=settings.weight_decay,
                fused=True,
            )


def memory(optimizer: Optimizer, parameters: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield the state of an optimizer, by its name in a `State`: "sgd.momentum/conv1.weight"."""
    for name, parameter in parameters.items():
        remembered = optimizer.state.get(parameter, {})
        for ours, theirs in _names(optimizer).items():
            if remembered.get(theirs) is not None:
                yield f"{ours}/{name}", remembered[theirs]


def remember(optimizer: Optimizer, parameters: Mapping[str, Tensor], state: State) -> None:
    """Give an optimizer back what `memory` had of it."""
    for name, parameter in parameters.items():
        found = {
            theirs: _like(state[f"{ours}/{name}"], parameter)
            for ours, theirs in _names(optimizer).items()
            if f"{ours}/{name}" in state
        }
        if found:
            optimizer.state[parameter] = found


def _names(optimizer: Optimizer) -> dict[str, str]:
    if isinstance(optimizer, RMSprop):
        return _RMSPROP
    return _SGD if isinstance(optimizer, SGD) else _ADAM


def _like(array: NDArray[np.generic], parameter: Tensor) -> Tensor:
    """A tensor that lies in memory as its parameter does, since fused steps go through both."""
    value = torch.from_numpy(np.array(array))
    if value.shape != parameter.shape:  # Adam's count of steps
        return value.to(parameter.device)
    return torch.empty_like(parameter, requires_grad=False).copy_(value)
