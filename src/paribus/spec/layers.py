"""The layers that a network is made of, as data.

Feature maps have the shape (C, H, W): channels, rows, columns. Flat features have the shape (F,).
`relu`, `batchnorm` and their like take both.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from paribus.spec.model import Spec


class Conv(Spec):
    """Convolution with bias and zeros around the image so that stride 1 keeps its size."""

    kind: Literal["conv"] = "conv"
    channels: int = Field(ge=1)
    """Channels that come out."""
    kernel: int = Field(default=3, ge=1)
    """Rows and columns of the kernel, an odd number."""
    stride: int = Field(default=1, ge=1)
    """Rows and columns from one place of the kernel to the next."""

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(
                f"kernel must be odd, got {kernel}: only odd kernels can keep the image size"
            )
        return kernel


class MaxPool(Spec):
    """Largest value of each window of size × size; rows and columns left over are dropped."""

    kind: Literal["maxpool"] = "maxpool"
    size: int = Field(ge=2)
    """Rows and columns of a window, and from one window to the next."""


class AvgPool(Spec):
    """Mean of each window of size × size; rows and columns left over are dropped."""

    kind: Literal["avgpool"] = "avgpool"
    size: int = Field(ge=2)
    """Rows and columns of a window, and from one window to the next."""


class Relu(Spec):
    """max(x, 0)."""

    kind: Literal["relu"] = "relu"


class Tanh(Spec):
    """Hyperbolic tangent."""

    kind: Literal["tanh"] = "tanh"


class Sigmoid(Spec):
    """1 / (1 + exp(-x))."""

    kind: Literal["sigmoid"] = "sigmoid"


class Gelu(Spec):
    """x Φ(x), exact and not the tanh approximation (Hendrycks and Gimpel 2016)."""

    kind: Literal["gelu"] = "gelu"


class BatchNorm(Spec):
    """Batch normalisation over images, rows and columns (Ioffe and Szegedy 2015).

    eps 1e-5, running statistics with momentum 0.1, as PyTorch has them.
    """

    kind: Literal["batchnorm"] = "batchnorm"


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
    features: int = Field(ge=1)
    """Features that come out."""


class Residual(Spec):
    """output = input + body(input) (He et al. 2016)."""

    kind: Literal["residual"] = "residual"
    body: tuple[Layer, ...] = Field(min_length=1, strict=False)


Layer = (
    Conv
    | MaxPool
    | AvgPool
    | Relu
    | Tanh
    | Sigmoid
    | Gelu
    | BatchNorm
    | Dropout
    | Flatten
    | Linear
    | Residual
)

Residual.model_rebuild()
