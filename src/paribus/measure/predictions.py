"""Predictions of finished runs on the test images; each run's file is read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.store.rows import KeptPredictions

# N test images, K classes


@dataclass(frozen=True, eq=False)
class Predictions:
    """Stored summary of a run's probabilities: per test image, (N,) each.

    `class_N`: the class of the highest probability. `label_N`: the true class. `of_truth_N`: the
    probability of the true class. `of_class_N`: that of the class of the highest probability; None
    of an unpacked run. `class_names`: of the data. `folder`: the study's, which functions of the
    user's own are imported from; None if a store alone names the study, for which no code is run.
    """

    class_N: NDArray[np.int16]
    label_N: NDArray[np.int64]
    of_truth_N: NDArray[np.float32]
    of_class_N: NDArray[np.float32] | None = None
    class_names: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each image is classified correctly: (N,)."""
        return np.asarray(self.class_N == self.label_N)


def kept_of(probability_NK: NDArray[np.float32], label_N: NDArray[np.int64]) -> KeptPredictions:
    """Return the stored summary of probabilities of test images with these labels."""
    of_truth_N = _of_class(probability_NK, label_N)
    return KeptPredictions(probability_NK.argmax(1).astype(np.int16), of_truth_N)


def _of_class(
    probability_NK: NDArray[np.float32], class_N: NDArray[np.integer]
) -> NDArray[np.float32]:
    """The probability of a class for each image."""
    return np.asarray(probability_NK[np.arange(len(class_N)), class_N])


def reader(
    read: Callable[[], NDArray[np.float32] | None],
    label_N: NDArray[np.int64],
    read_kept: Callable[[], KeptPredictions | None] = lambda: None,
    *,
    class_names: tuple[str, ...] = (),
    folder: Path | None = None,
) -> Callable[[], Predictions | None]:
    """Return a function that reads probabilities, (N, K), once and keeps their predictions.

    read: returns None where a run has no probabilities; then `read_kept` is asked, which has what
    an unpacked run has in their place. class_names, folder: see `Predictions`.
    """

    @cache
    def read_predictions() -> Predictions | None:
        probability_NK = read()
        kept = read_kept() if probability_NK is None else kept_of(probability_NK, label_N)
        if kept is None:
            return None
        return Predictions(
            class_N=kept.class_N,
            label_N=label_N,
            of_truth_N=kept.of_truth_N,
            of_class_N=None if probability_NK is None else _of_class(probability_NK, kept.class_N),
            class_names=class_names,
            folder=folder,
        )

    return read_predictions
