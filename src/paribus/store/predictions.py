"""The file of a run that was unpacked: its predictions in place of weights and probabilities."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
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
    """Contents of the file."""

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


def predictions_of(path: Path, content: bytes) -> Unpacked:
    """Return the contents of a file. Raises `ParibusError` if it is damaged."""
    try:
        tensors = safetensors.numpy.load(content)
        class_N, of_truth_N = tensors["class"], tensors["of_truth"]
        (size,) = struct.unpack_from("<Q", content)
        digests = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["digests"])
    except (SafetensorError, ValueError, KeyError, TypeError, struct.error) as error:
        raise ParibusError(f"{path}: is damaged ({error}); unpack the run again") from None
    if class_N.dtype != np.int16 or of_truth_N.dtype != np.float32 or class_N.ndim != 1:
        raise ParibusError(f"{path}: is damaged; unpack the run again")
    if not isinstance(digests, dict) or class_N.shape != of_truth_N.shape:
        raise ParibusError(f"{path}: is damaged; unpack the run again")
    return Unpacked(KeptPredictions(class_N, of_truth_N), digests)
