"""Which test images runs get wrong, and what they take them for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.measure.runs import ExperimentResult, Run

# S seeds, N test images, K classes


def correct(runs: Sequence[Run]) -> NDArray[np.bool_] | None:
    """Return which images each run classifies correctly, (S, N); None if a run has none."""
    known = [run.predictions for run in runs]
    kept = [one.correct for one in known if one is not None]
    return np.array(kept) if kept and len(kept) == len(runs) else None


@dataclass(frozen=True)
class MostMisclassified:
    """A test image that some runs got wrong."""

    image: int
    """Its index in the test set, from 0."""
    truth: int
    taken_for: int
    """The class that most runs took it for, of those that got it wrong."""
    wrong: int
    """How many runs got it wrong."""


def predicted_classes(result: ExperimentResult) -> NDArray[np.int64] | None:
    """Return the class that each finished run predicts for each test image, (S, N), or None."""
    kept = [run.predictions for run in result.finished]
    classes = [one.class_N.astype(np.int64) for one in kept if one is not None]
    return np.array(classes) if classes else None


def confusion(
    predicted_SN: NDArray[np.int64], labels_N: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Images of a true class (row) that a run took for a class (column): (K, K), mean over runs."""
    pairs = labels_N * classes + predicted_SN
    counts = np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)
    return counts / len(predicted_SN)


def most_misclassified(
    predicted_SN: NDArray[np.int64], labels_N: NDArray[np.int64], most: int
) -> list[MostMisclassified]:
    """The images that most runs got wrong, at most so many; those most agreed upon first."""
    wrong_SN = predicted_SN != labels_N
    wrong_N = wrong_SN.sum(0)
    found: list[tuple[int, int, MostMisclassified]] = []
    for image in np.flatnonzero(wrong_N):
        answers = np.bincount(predicted_SN[wrong_SN[:, image], image])
        taken_for = int(answers.argmax())
        one = MostMisclassified(int(image), int(labels_N[image]), taken_for, int(wrong_N[image]))
        found.append((-one.wrong, -int(answers.max()), one))
    found.sort(key=lambda entry: (*entry[:2], entry[2].image))
    return [one for _, _, one in found[:most]]
