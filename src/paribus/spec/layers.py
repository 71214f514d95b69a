"""The layers that a network is made of, as data.

Feature maps have the shape (C, H, W): channels, rows, columns. Flat features have the shape (F,).
`relu`, `batchnorm` and their like take both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from paribus.spec.bounds import DEEPEST, LARGEST_WINDOW, MOST_LAYERS, MOST_UNITS
from paribus.spec.model import Spec
from paribus.spec.problems import value


class Conv(Spec):
    """Convolution with bias and zeros around the image so that stride 1 keeps its size."""

    kind: Literal["conv"] = "conv"
    channels: int = Field(ge=1, le=MOST_UNITS)
    """Channels that come out."""
    kernel: int = Field(default=3, ge=1, le=LARGEST_WINDOW)
    """Rows and columns of the kernel, an odd number."""
    stride: int = Field(default=1, ge=1, le=LARGEST_WINDOW)
    """Rows and columns from one place of the kernel to the next."""
    groups: int = Field(default=1, ge=1, le=MOST_UNITS)
    """Groups of channels that are convolved apart; as many as channels: depthwise convolution."""

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(
                f"kernel must be odd, got {kernel}: only odd kernels can keep the image size"
            )
        return kernel

    @model_validator(mode="after")
    def _of_one_size(self) -> Self:
        if self.channels % self.groups:
            raise ValueError(
                f"{self.channels} channels do not fall into {self.groups} groups of one size; "
                f"choose a divisor of {self.channels}"
            )
        return self


class MaxPool(Spec):
    """Largest value of each window of size × size; rows and columns left over are dropped."""

    kind: Literal["maxpool"] = "maxpool"
    size: int = Field(ge=2, le=LARGEST_WINDOW)
    """Rows and columns of a window, and from one window to the next."""


class AvgPool(Spec):
    """Mean of each window of size × size; rows and columns left over are dropped."""

    kind: Literal["avgpool"] = "avgpool"
    size: int = Field(ge=2, le=LARGEST_WINDOW)
    """Rows and columns of a window, and from one window to the next."""


class GlobalAvgPool(Spec):
    """(C, H, W) to (C,): the mean of each channel's map (Lin et al. 2014)."""

    kind: Literal["globalavgpool"] = "globalavgpool"


class Relu(Spec):
    """max(x, 0)."""

    kind: Literal["relu"] = "relu"


class LeakyRelu(Spec):
    """x where it is positive, negative_slope · x elsewhere (Maas et al. 2013)."""

    kind: Literal["leakyrelu"] = "leakyrelu"
    negative_slope: float = Field(default=0.01, gt=0, lt=1)
    """Factor of negative values."""


class Tanh(Spec):
    """Hyperbolic tangent."""

    kind: Literal["tanh"] = "tanh"


class Sigmoid(Spec):
    """1 / (1 + exp(-x))."""

    kind: Literal["sigmoid"] = "sigmoid"


class Silu(Spec):
    """x / (1 + exp(-x)), also called swish (Elfwing et al. 2018)."""

    kind: Literal["silu"] = "silu"


class Gelu(Spec):
    """x Φ(x), exact and not the tanh approximation (Hendrycks and Gimpel 2016)."""

    kind: Literal["gelu"] = "gelu"


class BatchNorm(Spec):
    """Batch normalization over images, rows and columns (Ioffe and Szegedy 2015).

    eps 1e-5, running statistics with momentum 0.1, as PyTorch has them.
    """

    kind: Literal["batchnorm"] = "batchnorm"


class LayerNorm(Spec):
    """Normalization of each image over channels, rows and columns (Ba et al. 2016).

    eps 1e-5; scale and shift for each channel or feature, as batchnorm has them (PyTorch's
    GroupNorm of one group).
    """

    kind: Literal["layernorm"] = "layernorm"


class GroupNorm(Spec):
    """As layernorm, but over each group of neighboring channels by itself (Wu and He 2018)."""

    kind: Literal["groupnorm"] = "groupnorm"
    groups: int = Field(ge=1, le=MOST_UNITS)
    """Groups of one size that the channels fall into."""


class Dropout(Spec):
    """In training, zero each value with probability p and scale the others by 1 / (1 - p)."""

    kind: Literal["dropout"] = "dropout"
    p: float = Field(gt=0, lt=1)
    """Probability of a value to be zeroed."""


class Flatten(Spec):
    """(C, H, W) to (C·H·W,), channels first."""

    kind: Literal["flatten"] = "flatten"


class Linear(Spec):
    """Fully connected layer with bias."""

    kind: Literal["linear"] = "linear"
    features: int = Field(ge=1, le=MOST_UNITS)
    """Features that come out."""


class Residual(Spec):
    """output = input + body(input) (He et al. 2016). With a skip, e.g. skip=[conv 32 kernel=1
    stride=2], output = skip(input) + body(input), and the body may change the shape."""

    kind: Literal["residual"] = "residual"
    body: tuple[Layer, ...] = Field(min_length=1, strict=False)
    skip: tuple[Layer, ...] = Field(default=(), strict=False)
    """Layers past the body; without them the input itself is added."""

    @field_validator("body", "skip", mode="before")
    @classmethod
    def _of_layers(cls, layers: Any) -> Any:
        if isinstance(layers, list | tuple):
            check_layers(layers)
        return layers


class Concat(Spec):
    """The outputs of several branches, which all take the input, one behind the other along
    channels or features. A branch without layers is the input itself (Huang et al. 2017)."""

    kind: Literal["concat"] = "concat"
    branches: tuple[tuple[Layer, ...], ...] = Field(strict=False)

    @field_validator("branches", mode="before")
    @classmethod
    def _of_layers(cls, branches: Any) -> Any:
        if not isinstance(branches, list | tuple):
            return branches
        if len(branches) < 2:
            raise ValueError(f"needs at least two branches, got {len(branches)}")
        for number, branch in enumerate(branches, start=1):
            if not isinstance(branch, list | tuple):
                raise ValueError(f"branch {number} must be a list of layers, got {value(branch)}")
            try:
                check_layers(branch)
            except ValueError as error:
                raise ValueError(f"branch {number}: {error}") from None
        return tuple(map(tuple, branches))


Layer = (
    Conv
    | MaxPool
    | AvgPool
    | GlobalAvgPool
    | Relu
    | LeakyRelu
    | Tanh
    | Sigmoid
    | Silu
    | Gelu
    | BatchNorm
    | LayerNorm
    | GroupNorm
    | Dropout
    | Flatten
    | Linear
    | Residual
    | Concat
)

Residual.model_rebuild()
Concat.model_rebuild()

_LAYERS: tuple[type[Spec], ...] = get_args(Layer)
TOO_MANY_LAYERS = f"has more than {MOST_LAYERS:,} layers, those in blocks included"


def check_layers(parts: Sequence[Any]) -> None:
    """Raise ValueError if a part is no layer, or if the layers are too many or too deep."""
    for number, part in enumerate(parts, start=1):
        if not isinstance(part, _LAYERS):
            raise ValueError(f'layer {number} must be a layer, e.g. "conv 16", got {value(part)}')
    if count_layers(parts) > MOST_LAYERS:
        raise ValueError(TOO_MANY_LAYERS)
    if _depth(parts) > DEEPEST:
        raise ValueError(f"has blocks nested more than {DEEPEST} deep")


def branches_of(layer: Layer) -> tuple[tuple[Layer, ...], ...]:
    """Return the lists of layers within a layer, which all take its input."""
    match layer:
        case Residual(body=body, skip=skip):
            return (body, skip) if skip else (body,)
        case Concat(branches=branches):
            return branches
        case _:
            return ()


def count_layers(layers: Sequence[Layer]) -> int:
    """Return the number of layers, those in blocks included; an empty branch counts as one."""
    return sum(1 + sum(max(1, count_layers(b)) for b in branches_of(x)) for x in layers)


def _depth(layers: Sequence[Layer]) -> int:
    """Return how many brackets stand within one another where the layers are written."""
    return max(
        (
            (2 if isinstance(x, Concat) else 1) + max(map(_depth, branches_of(x)))
            for x in layers
            if branches_of(x)
        ),
        default=0,
    )
