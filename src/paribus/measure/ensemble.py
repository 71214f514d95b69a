"""The ensemble of an experiment's runs: their probabilities averaged, one answer for each image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.measure.runs import ExperimentResult

# N test images, K classes

FEWEST = 2
"""Runs of an ensemble, at least."""


@dataclass(frozen=True)
class Ensemble:
    """What the mean of several runs' probabilities gives on the test images.

    It is a single number: of one ensemble, nothing is known of how much others would differ.
    """

    seeds: tuple[int, ...]
    """Of its members: the finished runs."""
    accuracy: float
    """Share of the test images; of equal probabilities the first class is taken."""
    loss: float
    """Mean cross entropy, in nats."""


def ensemble(result: ExperimentResult, labels_N: NDArray[np.int64]) -> Ensemble | None:
    """Return the ensemble of an experiment's finished runs; None of fewer than two, and where the
    probabilities of one are not kept, as in a store made from a pack.

    labels_N: the true classes of the test images.
    """
    runs = sorted(result.finished, key=lambda run: run.seed)
    if len(runs) < FEWEST:
        return None
    sum_NK: NDArray[np.float64] | None = None
    for run in runs:
        probability_NK = run.read_probabilities()
        if probability_NK is None:
            return None
        wide_NK = probability_NK.astype(np.float64)
        sum_NK = wide_NK if sum_NK is None else sum_NK + wide_NK
    assert sum_NK is not None
    accuracy, loss = measured(sum_NK / len(runs), labels_N)
    return Ensemble(tuple(run.seed for run in runs), accuracy, loss)


def measured(
    probability_NK: NDArray[np.float64], labels_N: Sequence[int] | NDArray[np.int64]
) -> tuple[float, float]:
    """Return accuracy and mean cross entropy of probabilities.

    >>> measured(np.array([[0.75, 0.25], [0.5, 0.5]]), [0, 1])
    (0.5, 0.490414626505863)
    """
    of_truth_N = probability_NK[np.arange(len(labels_N)), labels_N]
    with np.errstate(divide="ignore"):
        loss = -np.log(of_truth_N).mean()
    return float((probability_NK.argmax(1) == labels_N).mean()), float(loss)
