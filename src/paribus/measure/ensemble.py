"""The ensemble of an experiment's runs: one answer for each image, from the answers of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.measure.runs import ExperimentResult

# R runs, N test images, K classes

FEWEST = 2
"""Runs of an ensemble, at least."""


@dataclass(frozen=True)
class Ensemble:
    """Joint predictions of several runs for the test images.

    It is a single number: of one ensemble, nothing is known of how much others would differ.
    """

    seeds: tuple[int, ...]
    """Of its members: the finished runs."""
    accuracy: float
    """Share of the test images whose class most members name; of as many, the first class."""
    loss: float
    """Mean cross entropy of the members' averaged probabilities, in nats."""


def ensemble(result: ExperimentResult) -> Ensemble | None:
    """Return the ensemble of an experiment's finished runs; None of fewer than two, and where the
    predictions of one are not kept.

    It takes what a pack keeps too, so that a report says the same of a store and of its pack.
    """
    runs = sorted(result.finished, key=lambda run: run.seed)
    members = [run.predictions for run in runs if run.predictions is not None]
    if len(members) < FEWEST or len(members) < len(runs):
        return None
    answer_N = plurality([member.class_N for member in members])
    of_truth_N = np.mean([member.of_truth_N for member in members], axis=0, dtype=np.float64)
    with np.errstate(divide="ignore"):
        loss = float(-np.log(of_truth_N).mean())
    accuracy = float((answer_N == members[0].label_N).mean())
    return Ensemble(tuple(run.seed for run in runs), accuracy, loss)


def plurality(class_RN: Sequence[NDArray[np.int16]]) -> NDArray[np.int64]:
    """Return the class that most runs name of each image, (N,); of as many, the first.

    >>> plurality([np.array([0, 2, 1]), np.array([0, 1, 2]), np.array([1, 1, 0])]).tolist()
    [0, 1, 0]
    """
    classes = np.asarray(class_RN)
    votes_KN = [(classes == one).sum(axis=0) for one in range(int(classes.max()) + 1)]
    return np.asarray(np.argmax(votes_KN, axis=0), np.int64)
