"""The one table between runs and judgements: a value per experiment, seed, metric and epoch.

Runs of a store fill it; results from elsewhere fill the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.measure.metric import Metric
from paribus.measure.runs import ExperimentResult, Run

# S seeds, N test images


@dataclass(frozen=True, eq=False)
class Measurement:
    """One row of the table."""

    experiment: str
    run_id: str
    seed: int
    metric: Metric
    epoch: int
    """The epochs trained when it was measured."""
    value: float
    """NaN where the run has ended without one: such a run is worse than any number."""
    read_scores: Callable[[], NDArray[np.floating] | None]
    """Read the scores per test image, (N,), whose mean is the value; None if there are none."""
    read_correct: Callable[[], NDArray[np.bool_] | None]
    """Read which test images are classified correctly, (N,); None if that is unknown."""


def final(result: ExperimentResult, metric: Metric) -> list[Measurement]:
    """Return the final value of every run of an experiment that has ended, by seed."""
    return sorted(
        (_measurement(result.name, run, metric) for run in result.runs if run.ended),
        key=lambda row: row.seed,
    )


def rows(results: Iterable[ExperimentResult], metrics: Sequence[Metric]) -> Iterator[Measurement]:
    """Yield the final values of experiments, for every metric that runs have."""
    for result in results:
        for metric in metrics:
            if metric.read is not None:
                yield from final(result, metric)


def paired(
    a: Iterable[Measurement], b: Iterable[Measurement]
) -> tuple[list[Measurement], list[Measurement]]:
    """Return the rows of the seeds that both have, in the order of the seeds."""
    of_a, of_b = ({row.seed: row for row in side} for side in (a, b))
    seeds = sorted(of_a.keys() & of_b.keys())
    return [of_a[seed] for seed in seeds], [of_b[seed] for seed in seeds]


def values(measured: Sequence[Measurement]) -> NDArray[np.float64]:
    """Return the values: (S,)."""
    return np.array([row.value for row in measured])


def scores(measured: Sequence[Measurement]) -> NDArray[np.float64] | None:
    """Return the scores per test image, (S, N); 0 for rows without a value.

    None where a row has a value and no scores, and where no row has any.
    """
    read = [row.read_scores() if np.isfinite(row.value) else None for row in measured]
    known = [one for one in read if one is not None]
    if not known or len(known) < np.isfinite(values(measured)).sum():
        return None
    return np.array([np.zeros(len(known[0])) if one is None else one for one in read])


def correct(measured: Sequence[Measurement]) -> NDArray[np.bool_] | None:
    """Return which test images are classified correctly, (S, N), by the rows that have a value;
    None if there is none, or one of them does not say."""
    read = [row.read_correct() for row in measured if np.isfinite(row.value)]
    known = [one for one in read if one is not None]
    return np.array(known) if known and len(known) == len(read) else None


def _measurement(experiment: str, run: Run, metric: Metric) -> Measurement:
    value = metric.value(run)

    def read_scores() -> NDArray[np.floating] | None:
        predictions = run.predictions if run.status == "finished" else None
        if metric.scores is None or predictions is None:
            return None
        score_N = metric.scores(predictions)
        # A probability that float32 rounds to 0, or to 1, has lost its loss.
        return score_N if np.isclose(score_N.mean(), value, rtol=1e-5, atol=1e-6) else None

    def read_correct() -> NDArray[np.bool_] | None:
        predictions = run.predictions if run.status == "finished" else None
        return None if predictions is None else predictions.correct

    return Measurement(
        experiment=experiment,
        run_id=run.id,
        seed=run.seed,
        metric=metric,
        epoch=run.epochs,
        value=value,
        read_scores=read_scores,
        read_correct=read_correct,
    )
