"""The file of a run that was unpacked: its predictions in place of weights and probabilities."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from paribus.atomic import write_atomically
from paribus.errors import ParibusError
from paribus.store.rows import KeptPredictions

WEIGHTS, PROBABILITIES = "weights.safetensors", "probabilities.npy"
PREDICTIONS = "predictions.safetensors"


@dataclass(frozen=True, eq=False)
class Unpacked:
    """What the file has."""

    predictions: KeptPredictions
    digests: dict[str, str]
    """SHA-256 of the files that training wrote, in hex, by their name."""


def write_predictions(
    folder: Path, predictions: KeptPredictions, digests: Mapping[str, str]
) -> None:
    """Write the file into a run's folder."""
    arrays: dict[str, NDArray[Any]] = {
        "class": predictions.class_N,
        "of_truth": predictions.of_truth_N,
    }
    # One entry: safetensors writes several in any order.
    text = json.dumps(dict(digests), sort_keys=True)
    content = safetensors.numpy.save(arrays, metadata={"digests": text})
    write_atomically(folder / PREDICTIONS, content)


def read_predictions(folder: Path) -> Unpacked | None:
    """Read the file of a run's folder; None if there is none.

    Raises `ParibusError` if it is damaged.
    """
    path = folder / PREDICTIONS
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            class_N, of_truth_N = file.get_tensor("class"), file.get_tensor("of_truth")
            digests = json.loads(file.metadata()["digests"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ParibusError(
            f"{path}: cannot be read: {error}; the file is damaged, unpack the run again"
        ) from None
    if class_N.dtype != np.int16 or of_truth_N.dtype != np.float32:
        raise ParibusError(f"{path}: is damaged; unpack the run again")
    return Unpacked(KeptPredictions(class_N, of_truth_N), digests)


def digests_of(folder: Path) -> dict[str, str]:
    """Return the digests of the files that training wrote into a finished run's folder.

    Raises `ParibusError` if one of them is missing.
    """
    return {name: _digest(folder / name) for name in (WEIGHTS, PROBABILITIES)}


def _digest(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ParibusError(
            f"{path}: cannot be read: {error.strerror}; restore it from a copy"
        ) from None
