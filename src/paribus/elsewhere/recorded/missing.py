"""Runs without a value: those of an empty cell, and those of a seed that has no row."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from paribus.elsewhere.notices import Notice, WithoutValue
from paribus.elsewhere.recorded.records import RecordedExperiment, RecordedRun, RecordedRuns
from paribus.elsewhere.terms import Missing
from paribus.errors import UserError
from paribus.measure.table import Series


def settled(found: RecordedRuns, missing: Missing | None) -> RecordedRuns:
    """Return the runs of a table as what is missing of them was declared to be.

    The same holds of an empty cell and of a seed without a row, if others that have seeds of the
    same experiment have it. Runs that failed, or whose value went unreported, are there without a
    value; absent ones are not there. Where nothing was declared, a row is a run that was made, and
    failed if it has no value; and a seed without a row is absent. A run whose state says that it
    failed is never absent. Raises `UserError` if all runs of an experiment are absent.
    """
    experiments = found.experiments
    notices: list[Notice] = []
    if missing in (Missing.FAILED, Missing.UNREPORTED):
        experiments = tuple(_completed(experiments))
    for one in experiments:
        failed = {run.name for run in one.runs if run.lost and run.rows}
        for series in one.series.values():
            lacking = [row.run_id for row in series if not math.isfinite(row.value)]
            if lacking:
                key, by_state = series[0].metric.key, len(failed.intersection(lacking))
                notice = WithoutValue(one.name, key, len(lacking), len(series), missing, by_state)
                notices.append(notice)
    if missing is Missing.ABSENT:
        experiments = tuple(map(_without_absent, experiments))
    return replace(found, experiments=experiments, notices=(*found.notices, *notices))


def absent_seeds(experiments: Sequence[RecordedExperiment]) -> dict[str, list[str]]:
    """Return which seeds each experiment lacks, of those that have others with some of its own:
    seeds of which none are shared were chosen to differ. A run without a seed shares none, and one
    that has not ended is not lacking."""
    seeds = {one.name: {run.seed for run in one.runs} - {""} for one in experiments}
    absent = {}
    for one in experiments:
        own = seeds[one.name]
        others = (theirs for theirs in seeds.values() if theirs & own)
        lacking = set[str]().union(*others) - own - one.running
        if lacking:
            absent[one.name] = sorted(lacking, key=by_number)
    return absent


def by_number(seed: str) -> tuple[int, str]:
    """Return what orders seeds by their numbers, those that have none before them by name."""
    return len(seed) * seed.isdecimal(), seed


def _completed(experiments: Sequence[RecordedExperiment]) -> Iterator[RecordedExperiment]:
    """The experiments with a run without a value for each seed that they lack."""
    absent = absent_seeds(experiments)
    numbers = {
        run.seed: row.seed
        for one in experiments
        for series in one.series.values()
        for run, row in zip(one.runs, series, strict=True)
    }
    for one in experiments:
        seeds = absent.get(one.name, [])
        series = {
            key: (*rows, *(_no_row(rows[0], seed, numbers[seed]) for seed in seeds))
            for key, rows in one.series.items()
        }
        runs = (RecordedRun(one.name, seed, seed, rows=(), lost=True) for seed in seeds)
        yield replace(one, runs=(*one.runs, *runs), series=series)


def _no_row(like: Series, seed: str, number: int) -> Series:
    nothing = np.zeros(0)
    return replace(
        like, run_id=seed, seed=number, epoch_E=nothing.astype(np.int64), value_E=nothing,
        value=math.nan, read_scores=lambda: None, read_correct=lambda: None,
    )  # fmt: skip


def _without_absent(one: RecordedExperiment) -> RecordedExperiment:
    """The experiment without runs that have no value. Raises `UserError` if none is left."""
    lost = {run.name for run in one.runs if run.lost}
    series = {
        key: tuple(row for row in rows if row.run_id in lost or math.isfinite(row.value))
        for key, rows in one.series.items()
    }
    for key, rows in series.items():
        if not rows:
            raise UserError(
                f"--missing absent: no run of {one.name} has a value of {key}, so that none is "
                "left; remove its rows"
            )
    there = {row.run_id for rows in series.values() for row in rows}
    return replace(one, runs=tuple(run for run in one.runs if run.name in there), series=series)
