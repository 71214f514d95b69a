"""The formats that can be exported to, by name: of one run, or of a whole store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.export.tables import ExportedRun
from paribus.export.trained import TrainedRun
from paribus.registry import Registry

# N images, C channels, H rows, W columns, K classes


@dataclass(frozen=True, eq=False)
class Recomputed:
    """Probabilities computed from a written file."""

    tool: str
    """Tool that read it."""
    probabilities_NK: NDArray[np.float32]


@dataclass(frozen=True)
class NotRecomputed:
    """A written file that nothing here can read."""

    why: str
    """As a clause that follows "because"."""


@dataclass(frozen=True)
class RunFormat:
    """A format of one trained network."""

    suffix: str
    """How the names of its files end."""
    write: Callable[[TrainedRun, Path], None]
    """Write a run to a path that does not exist yet, as a file or a folder."""
    recompute: Callable[[Path, NDArray[np.float32]], Recomputed | NotRecomputed]
    """Compute the probabilities of images (N, C, H, W) from what was written."""


@dataclass(frozen=True)
class StoreFormat:
    """A format of all runs of a store."""

    read_with: str
    """Command that reads it; "{target}" stands for the folder."""
    write: Callable[[list[ExportedRun], Path, Path], None]
    """Write runs to a folder that does not exist yet, which will be renamed to the second path."""


FORMATS: Registry[RunFormat | StoreFormat] = Registry(
    "exports",
    "export format",
    {
        "onnx": "paribus.export.onnx:FORMAT",
        "torch": "paribus.export.torch:FORMAT",
        "numpy": "paribus.export.numpy:FORMAT",
        "csv": "paribus.export.csv:FORMAT",
        "tensorboard": "paribus.export.tensorboard:FORMAT",
        "mlflow": "paribus.export.mlflow:FORMAT",
    },
)
