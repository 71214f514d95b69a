"""The one long table between runs and everything above: experiment, seed, metric, epoch, value.

The rows of a run and a metric stand together, as arrays over the epochs: `Series`. With the value
at the end goes what it is the mean of, a score for each test image. Questions, figures, tables,
exports and pages read from here what runs measured; runs of a store fill it, and results from
elsewhere can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.measure.built_in_metrics import OF_EVERY_EPOCH
from paribus.measure.metric import Metric
from paribus.measure.runs import ExperimentResult, Run

# E epochs, S seeds, N test images


@dataclass(frozen=True, eq=False)
class Series:
    """The rows of one run and one metric."""

    experiment: str
    run_id: str
    seed: int
    metric: Metric
    epoch_E: NDArray[np.int64]
    """The epochs trained when it was measured, from 1: (E,)."""
    value_E: NDArray[np.float64]
    """NaN where there is none: (E,)."""
    value: float
    """At the end of the run, what questions are about; NaN where it ended without one (such a run
    is worse than any number) or has not ended."""
    read_scores: Callable[[], NDArray[np.floating] | None]
    """Read the scores per test image, (N,), whose mean is the value; None if there are none."""
    read_correct: Callable[[], NDArray[np.bool_] | None]
    """Read which test images are classified correctly, (N,); None if that is unknown."""


def rows(results: Iterable[ExperimentResult], metrics: Sequence[Metric]) -> Iterator[Series]:
    """Yield the table of experiments, for every metric that runs have; the runs of an experiment by
    seed."""
    for result in results:
        for metric in metrics:
            if metric.is_of_runs:
                for run in sorted(result.runs, key=lambda run: run.seed):
                    yield series(result.name, run, metric)


def final(result: ExperimentResult, metric: Metric) -> list[Series]:
    """Return the rows of every run of an experiment that has ended, by seed."""
    ended = {run.id for run in result.runs if run.ended}
    return [one for one in rows([result], [metric]) if one.run_id in ended]


def series(experiment: str, run: Run, metric: Metric) -> Series:
    """Return the rows of a run and a metric."""
    value = metric.value(run)

    def read_scores() -> NDArray[np.floating] | None:
        predictions = run.predictions if run.status == "finished" else None
        if metric.scores is None or predictions is None:
            return None
        score_N = metric.scores(predictions)
        # A probability that float32 rounds to 0, or to 1, has lost its loss.
        off = abs(float(score_N.mean()) - value)
        return score_N if off <= 1e-6 + 1e-5 * abs(value) else None

    def read_correct() -> NDArray[np.bool_] | None:
        predictions = run.predictions if run.status == "finished" else None
        return None if predictions is None else predictions.correct

    return Series(
        experiment=experiment,
        run_id=run.id,
        seed=run.seed,
        metric=metric,
        epoch_E=np.arange(1, run.epochs + 1),
        value_E=metric.values(run),
        value=value,
        read_scores=read_scores,
        read_correct=read_correct,
    )


def by_epoch(run: Run) -> dict[str, NDArray[np.float64]]:
    """Return the metrics after every epoch of a run: (E,) by the metric's name,
    in the order of the store's `EPOCH_COLUMNS`."""
    return {metric.key: metric.values(run) for metric in OF_EVERY_EPOCH}


def paired(*sides: Iterable[Series]) -> list[list[Series]]:
    """Return the rows of the seeds that all sides have, in the order of the seeds."""
    by_seed = [{row.seed: row for row in side} for side in sides]
    seeds = sorted(set.intersection(*(set(side) for side in by_seed)))
    return [[side[seed] for seed in seeds] for side in by_seed]


def by_seed(
    sides: Iterable[Sequence[Series]],
) -> tuple[tuple[NDArray[np.float64], ...], tuple[NDArray[np.bool_], ...]]:
    """Return the values of each side and the seeds that it has a row of, (S,) each, of all seeds
    that any has; NaN where it has none."""
    rows_of = [{row.seed: row.value for row in side} for side in sides]
    seeds = sorted(set().union(*rows_of))
    return (
        tuple(np.array([side.get(seed, np.nan) for seed in seeds]) for side in rows_of),
        tuple(np.array([seed in side for seed in seeds]) for side in rows_of),
    )


def values(measured: Sequence[Series]) -> NDArray[np.float64]:
    """Return the values: (S,)."""
    return np.array([row.value for row in measured])


def scores(measured: Sequence[Series]) -> NDArray[np.float64] | None:
    """Return the scores per test image, (S, N); 0 for rows without a value.

    None where a row has a value and no scores, and where no row has any.
    """
    read = [row.read_scores() if np.isfinite(row.value) else None for row in measured]
    known = [one for one in read if one is not None]
    if not known or len(known) < np.isfinite(values(measured)).sum():
        return None
    return np.array([np.zeros(len(known[0])) if one is None else one for one in read])


def correct(measured: Sequence[Series]) -> NDArray[np.bool_] | None:
    """Return which test images are classified correctly, (S, N), by the rows that have a value;
    None if there is none, or one of them does not say."""
    read = [row.read_correct() for row in measured if np.isfinite(row.value)]
    known = [one for one in read if one is not None]
    return np.array(known) if known and len(known) == len(read) else None
