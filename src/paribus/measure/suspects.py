"""Test images that nobody gets right: their labels may be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paribus.measure.misclassified import correct
from paribus.measure.runs import StudyResult

FEWEST_RUNS = 5
"""What fewer runs than these all get wrong says more of them than of the labels."""

LEAST_ACCURACY = 0.9
"""Mean test accuracy of an experiment that is asked: a weaker one is wrong for reasons of its own
more often than labels are. Of ten datasets, Northcutt et al. 2021 find the most wrong labels in
QuickDraw's: 10.1%."""


@dataclass(frozen=True)
class Suspects:
    """Images that every finished run of every accurate experiment gets wrong; by their index in the
    test set.

    `experiments`: those that are accurate, `runs`: how many finished ones they have; `weak`: the
    other experiments with finished runs. `known`: those of `images` whose labels people
    have rejected. `rejected`: all such images of the dataset.
    """

    images: tuple[int, ...]
    experiments: tuple[str, ...]
    runs: int
    weak: tuple[str, ...]
    known: tuple[int, ...]
    rejected: tuple[int, ...]

    @property
    def telling(self) -> bool:
        """Whether the runs are enough to suspect labels by."""
        return self.runs >= FEWEST_RUNS


def suspects(result: StudyResult) -> Suspects | None:
    """Return the images that every finished run of every experiment gets wrong that has a mean test
    accuracy of `LEAST_ACCURACY`; None without a finished run."""
    wrong_N = np.ones(len(result.dataset.test_labels), dtype=bool)
    asked: list[str] = []
    weak: list[str] = []
    runs = 0
    for name, experiment in result.experiments.items():
        correct_SN = correct(experiment.finished)
        if correct_SN is None:
            continue
        if correct_SN.mean() < LEAST_ACCURACY:
            weak.append(name)
            continue
        wrong_N &= ~correct_SN.any(axis=0)
        asked.append(name)
        runs += len(correct_SN)
    if not asked and not weak:
        return None
    images = tuple(np.flatnonzero(wrong_N).tolist()) if asked else ()
    rejected = result.dataset.label_errors
    known = tuple(i for i in images if i in rejected)
    return Suspects(images, tuple(asked), runs, tuple(weak), known, rejected)
