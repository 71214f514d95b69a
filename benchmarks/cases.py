"""The trainings that benchmarks/epoch.py times: a network, its images and its batch."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import paribus
from paribus.engines.base import Split
from paribus.spec.notation import parse_layers
from paribus.spec.plan import Plan, make_plan

CLASSES = 10
BLOCKS = 3
"""Residual blocks at each width."""


@dataclass(frozen=True)
class Case:
    """A training that is timed. The networks are the built-in study's, at widths of one's own."""

    network: Literal["mlp", "cnn", "residual", "residual-bn"]
    turn: int
    """Images in a turn: about half a second of the native engine."""
    widths: tuple[int, int, int] = (8, 16, 32)
    """Channels before the first pooling, between the two, and after the second."""
    shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, rows, columns of an image."""
    batch: int = 128

    @property
    def rate(self) -> float:
        """The learning rate: the built-in study's."""
        return 0.025 if self.network == "residual-bn" else 0.01

    @property
    def plan(self) -> Plan:
        """The network, as Paribus's engines take it."""
        if self.network == "mlp":
            hidden = ["linear 50", "relu"]
            return make_plan(
                parse_layers(["flatten", *hidden, *hidden, f"linear {CLASSES}"]),
                self.shape,
                CLASSES,
            )
        layers: list[str] = []
        for number, width in enumerate(self.widths):
            norm = "batchnorm, " if self.network == "residual-bn" else ""
            body = f"repeat {BLOCKS} [residual [{norm}relu, conv {width}]]"
            layers += [f"conv {width}", "relu" if self.network == "cnn" else body]
            layers += ["maxpool 2"] if number < 2 else []
        layers += [] if self.network == "cnn" else ["relu"]
        layers += ["flatten", f"linear {CLASSES}"]
        return make_plan(parse_layers(layers), self.shape, CLASSES)

    def images(self) -> Split:
        """The images of a turn: MNIST's, or where the shape is another one, noise from a seed."""
        if self.shape != (1, 28, 28):
            rng = np.random.default_rng(0)
            images = rng.normal(size=(self.turn, *self.shape)).astype(np.float32)
            return Split(images, rng.integers(0, CLASSES, self.turn))
        folder = Path(paribus.__file__).parent / "data" / "mnist"
        pixels = _idx(folder / "train-images-idx3-ubyte.gz", 16, self.turn * 28 * 28)
        labels = _idx(folder / "train-labels-idx1-ubyte.gz", 8, self.turn)
        images = (pixels / np.float32(255)).astype(np.float32).reshape(-1, 1, 28, 28)
        return Split(images, labels.astype(np.int64))


def _idx(path: Path, offset: int, count: int) -> NDArray[np.uint8]:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(offset + count), np.uint8, offset=offset)


_CNN = Case("cnn", 12_800)
_BN = Case("residual-bn", 2_560)
_CIFAR = Case("residual", 1_280, widths=(16, 32, 64), shape=(3, 32, 32))
CASES = {
    "mlp": Case("mlp", 60_000),
    "cnn": _CNN,
    "residual": Case("residual", 2_560),
    "residual-bn": _BN,
    "cnn-batch-32": replace(_CNN, batch=32),
    "cnn-batch-512": replace(_CNN, batch=512),
    "residual-bn-batch-32": replace(_BN, batch=32),
    "residual-bn-batch-512": replace(_BN, batch=512),
    "cifar-residual-16": _CIFAR,
    "cifar-residual-32": replace(_CIFAR, widths=(32, 64, 128), turn=640),
}
"""`cifar-residual-16` is of 16, 32 and 64 channels, `cifar-residual-32` of 32, 64 and 128."""
