"""What a run's value of a metric is, and its scores on single images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.analysis.results import Run
from paribus.spec.metric import metric_kind
from paribus.stats import Metric
from paribus.stats.paired import FEWEST_SEEDS, no_spread, t_intervals

# S seeds, N test images, K classes
Floats = NDArray[np.float64]


def stats_metric(text: str) -> Metric:
    """A metric of the one list in `spec.metric`, as the statistics print it."""
    kind, _ = metric_kind(text)
    return Metric(
        kind.label,
        kind.higher_is_better,
        kind.unit,
        kind.scale,
        widest=kind.widest,
        takes=kind.without,
        lacks=kind.lacks,
    )


def value(run: Run, metric: str) -> float:
    """What a run that has ended came to; NaN if it diverged, or never got there."""
    name, number = metric.split()[0], metric_kind(metric)[1]
    if run.status != "finished" or not run.epochs:
        return float("nan")
    curves = run.curves
    match name:
        case "test_accuracy" | "test_loss" | "train_loss":
            return float(getattr(curves, name)[-1])
        case "epochs_to":
            assert number is not None
            there = np.flatnonzero(curves.test_accuracy >= number)
            return float(there[0] + 1) if there.size else float("nan")
        case "generalisation_gap":
            return float(curves.train_accuracy[-1] - curves.test_accuracy[-1])
        case "test_loss_rise":
            return float(curves.test_loss[-1] - curves.test_loss.min())
    raise AssertionError(f"runs have no {name}")


class Scores:
    """Scores of runs on single test images; each run's probabilities are read once."""

    def __init__(self, labels_N: NDArray[np.int64]) -> None:
        self._labels_N = labels_N
        self._true_N: dict[str, tuple[NDArray[np.bool_], NDArray[np.float32]] | None] = {}

    def correct(self, runs: Sequence[Run]) -> NDArray[np.bool_] | None:
        """Which images each run gets right: (S, N). None if a run kept no probabilities."""
        read = [self._read(run) for run in runs]
        known = [one[0] for one in read if one is not None]
        return np.array(known) if known and len(known) == len(runs) else None

    def of_metric(self, runs: Sequence[Run], metric: str) -> Floats | None:
        """Scores (S, N) whose means over images are the runs' values; 0 for a diverged run.

        None where the metric is no mean over test images, or the kept probabilities do not say it.
        """
        if metric not in ("test_accuracy", "test_loss"):
            return None
        rows = []
        for run in runs:
            read = self._read(run) if run.status == "finished" else None
            if run.status == "diverged":
                rows.append(np.zeros(len(self._labels_N)))
                continue
            if read is None:
                return None
            correct_N, probability_N = read
            with np.errstate(divide="ignore"):
                score_N = (
                    correct_N.astype(np.float64)
                    if metric == "test_accuracy"
                    else -np.log(probability_N.astype(np.float64))
                )
            # A probability that float32 rounds to 0, or to 1, has lost its loss.
            if not np.isclose(score_N.mean(), value(run, metric), rtol=1e-5, atol=1e-6):
                return None
            rows.append(score_N)
        return np.array(rows) if rows else None

    def _read(self, run: Run) -> tuple[NDArray[np.bool_], NDArray[np.float32]] | None:
        """Whether a run is right, and its probability of the true class: (N,) each."""
        if run.id not in self._true_N:
            probability_NK = run.read_probabilities()
            self._true_N[run.id] = None
            if probability_NK is not None:
                of_truth_N = probability_NK[np.arange(len(self._labels_N)), self._labels_N]
                self._true_N[run.id] = probability_NK.argmax(1) == self._labels_N, of_truth_N
        return self._true_N[run.id]


def mean_interval(value_R: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The 95 % t interval of a mean of shares over runs, (2,), within 0 and 1; None under 3 runs or
    where they do not differ."""
    if len(value_R) < FEWEST_SEEDS or no_spread(value_R):
        return None
    found = t_intervals(value_R)
    return np.clip([float(found.low), float(found.high)], 0, 1)
