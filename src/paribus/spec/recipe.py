"""How a network is trained: optimizers, learning-rate schedules, initialisation."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from paribus.spec.bounds import MOST_EPOCHS
from paribus.spec.model import Spec

Beta = Annotated[float, Field(ge=0, lt=1)]


class Sgd(Spec):
    """Stochastic gradient descent; momentum and weight decay as PyTorch's SGD has them."""

    name: Literal["sgd"] = "sgd"
    lr: float = Field(gt=0, allow_inf_nan=False)
    """Learning rate."""
    momentum: float = Field(default=0.0, ge=0, lt=1)
    """Momentum factor, as in `torch.optim.SGD`: v = momentum · v + gradient."""
    nesterov: bool = False
    """Nesterov's momentum."""
    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Weight decay coefficient; applies to all trainable parameters, including biases."""

    @field_validator("nesterov")
    @classmethod
    def _needs_momentum(cls, nesterov: bool, info: ValidationInfo) -> bool:
        if nesterov and info.data.get("momentum") == 0:
            raise ValueError("has no effect without momentum; add e.g. momentum = 0.9")
        return nesterov


class Adam(Spec):
    """Adam (Kingma and Ba 2015); weight decay is added to the gradient."""

    name: Literal["adam"] = "adam"
    lr: float = Field(gt=0, allow_inf_nan=False)
    """Learning rate."""
    betas: tuple[Beta, Beta] = Field(default=(0.9, 0.999), strict=False)
    """Decay of the running means of the gradient and of its square, each from 0 to below 1."""
    eps: float = Field(default=1e-8, gt=0, allow_inf_nan=False)
    """Added to the root of the mean square, so that nothing is divided by zero."""
    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Weight decay coefficient; applies to all trainable parameters, including biases."""


class AdamW(Spec):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    name: Literal["adamw"] = "adamw"
    lr: float = Field(gt=0, allow_inf_nan=False)
    """Learning rate."""
    betas: tuple[Beta, Beta] = Field(default=(0.9, 0.999), strict=False)
    """Decay of the running means of the gradient and of its square, each from 0 to below 1."""
    eps: float = Field(default=1e-8, gt=0, allow_inf_nan=False)
    """Added to the root of the mean square, so that nothing is divided by zero."""
    weight_decay: float = Field(default=0.01, ge=0, allow_inf_nan=False)
    """Weight decay coefficient; applies to all trainable parameters, including biases."""


class RmsProp(Spec):
    """RMSprop as PyTorch has it (Hinton 2012); weight decay is added to the gradient."""

    name: Literal["rmsprop"] = "rmsprop"
    lr: float = Field(gt=0, allow_inf_nan=False)
    """Learning rate."""
    alpha: Beta = 0.99
    """Decay of the running mean of the gradient's square, from 0 to below 1."""
    momentum: float = Field(default=0.0, ge=0, lt=1)
    """Momentum factor, as in `torch.optim.RMSprop`."""
    eps: float = Field(default=1e-8, gt=0, allow_inf_nan=False)
    """Added to the root of the mean square, so that nothing is divided by zero."""
    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Weight decay coefficient; applies to all trainable parameters, including biases."""


Optimizer = Annotated[Sgd | Adam | AdamW | RmsProp, Field(discriminator="name")]


class Constant(Spec):
    """The optimizer's learning rate throughout."""

    name: Literal["constant"] = "constant"

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        return 1.0


class Step(Spec):
    """The learning rate times `factor_each` after every `every` epochs."""

    name: Literal["step"] = "step"
    every: int = Field(ge=1, le=MOST_EPOCHS)
    """Epochs from one step to the next."""
    factor_each: float = Field(default=0.1, gt=0, lt=1)
    """Factor of the learning rate at each step."""

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        return float(self.factor_each ** (step // (steps_per_epoch * self.every)))


class Cosine(Spec):
    """From the learning rate to `final` times it, along half a cosine (Loshchilov 2017)."""

    name: Literal["cosine"] = "cosine"
    final: float = Field(default=0.0, ge=0, lt=1)
    """Final learning rate, as a share of the initial one."""

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        return _cosine(1.0, self.final, step / (steps_per_epoch * epochs))


class OneCycle(Spec):
    """Up to the learning rate and down again (Smith and Topin 2018).

    From 1 / `start_divisor` of the rate up to it over the share `rise` of all steps, then down to
    1 / `end_divisor` of the starting rate, both along half a cosine, as PyTorch's OneCycleLR does.
    Momentum stays as it is.
    """

    name: Literal["one-cycle"] = "one-cycle"
    rise: float = Field(default=0.3, gt=0, lt=1)
    """Share of all steps on the way up."""
    start_divisor: float = Field(default=25.0, gt=1, allow_inf_nan=False)
    """The initial learning rate is the highest one divided by this."""
    end_divisor: float = Field(default=1e4, ge=1, allow_inf_nan=False)
    """The final learning rate is the initial one divided by this."""

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        last = steps_per_epoch * epochs - 1
        peak = self.rise * (last + 1) - 1
        start = 1 / self.start_divisor
        if step <= peak:
            return _cosine(start, 1.0, step / peak if peak > 0 else 1.0)
        return _cosine(1.0, start / self.end_divisor, (step - peak) / (last - peak))


Schedule = Annotated[Constant | Step | Cosine | OneCycle, Field(discriminator="name")]

# "torch": weights and biases uniform in ±1/√fan_in, PyTorch's default for Conv2d and Linear.
# "he": weights normal with SD √(2/fan_in), biases zero (He et al. 2015).
# "glorot": weights uniform in ±√(6/(fan_in + fan_out)), biases zero (Glorot and Bengio 2010).
Initialisation = Literal["torch", "he", "glorot"]

# What the epoch is best by whose network is kept; "none": the last one is.
BestBy = Literal["none", "validation_loss", "validation_accuracy"]

# "channel": each channel's mean over the training images subtracted, divided by their SD.
Normalize = Literal["none", "channel"]


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
