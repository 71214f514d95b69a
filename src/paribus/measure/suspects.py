"""Test images that nobody gets right: their labels may be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paribus.measure.predictions import correct
from paribus.measure.runs import StudyResult

FEWEST_RUNS = 5
"""What fewer runs than these all get wrong says more of them than of the labels."""

MOST_SUSPECTS = 0.1
"""Of all test images: more than these say that networks are weak, not that labels are wrong. Of ten
datasets, Northcutt et al. 2021 find the most wrong labels in QuickDraw's: 10.1%."""


@dataclass(frozen=True)
class Suspects:
    """Images that every finished run gets wrong; by their index in the test set.

    `experiments`, `runs`: how many of them agree. `known`: those of `images` whose labels people
    have rejected. `rejected`: all such images of the dataset. `tested`: how many images it has.
    """

    images: tuple[int, ...]
    experiments: int
    runs: int
    known: tuple[int, ...]
    rejected: tuple[int, ...]
    tested: int

    @property
    def telling(self) -> bool:
        """Whether the runs are enough, and good enough, to suspect labels by."""
        return self.runs >= FEWEST_RUNS and len(self.images) <= MOST_SUSPECTS * self.tested


def suspects(result: StudyResult) -> Suspects | None:
    """The images that every finished run of every experiment gets wrong; None without a run."""
    wrong_N = np.ones(len(result.dataset.test_labels), dtype=bool)
    experiments = runs = 0
    for experiment in result.experiments.values():
        correct_SN = correct(experiment.finished)
        if correct_SN is None:
            continue
        wrong_N &= ~correct_SN.any(axis=0)
        experiments, runs = experiments + 1, runs + len(correct_SN)
    if not runs:
        return None
    images = tuple(np.flatnonzero(wrong_N).tolist())
    rejected = result.dataset.label_errors
    known = tuple(i for i in images if i in rejected)
    return Suspects(images, experiments, runs, known, rejected, len(wrong_N))
