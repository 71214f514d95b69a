"""What the finished runs of an experiment took the test images for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.analysis import ExperimentResult

# S seeds, N test images, K classes


@dataclass(frozen=True)
class Mistake:
    """A test image that some runs got wrong."""

    image: int
    """Its index in the test set, from 0."""
    truth: int
    taken_for: int
    """The class that most runs took it for, of those that got it wrong."""
    wrong: int
    """How many runs got it wrong."""


def predicted_classes(result: ExperimentResult) -> NDArray[np.int64] | None:
    """The class that each finished run gives each test image: (S, N); None if there is none."""
    kept = [run.read_probabilities() for run in result.finished]
    classes = [probabilities.argmax(1) for probabilities in kept if probabilities is not None]
    return np.array(classes) if classes else None


def confusion(
    predicted_SN: NDArray[np.int64], labels_N: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Images of a true class (row) that a run took for a class (column): (K, K), mean over runs."""
    pairs = labels_N * classes + predicted_SN
    counts = np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)
    return counts / len(predicted_SN)


def mistakes(
    predicted_SN: NDArray[np.int64], labels_N: NDArray[np.int64], most: int
) -> list[Mistake]:
    """The images that most runs got wrong, at most so many; those most agreed upon first."""
    wrong_SN = predicted_SN != labels_N
    wrong_N = wrong_SN.sum(0)
    found: list[tuple[int, int, Mistake]] = []
    for image in np.flatnonzero(wrong_N):
        answers = np.bincount(predicted_SN[wrong_SN[:, image], image])
        taken_for = int(answers.argmax())
        mistake = Mistake(int(image), int(labels_N[image]), taken_for, int(wrong_N[image]))
        found.append((-mistake.wrong, -int(answers.max()), mistake))
    found.sort(key=lambda entry: (*entry[:2], entry[2].image))
    return [mistake for _, _, mistake in found[:most]]
