"""Rows of a table that are no runs: means and spreads of other rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import Frame, is_value, text_of
from paribus.elsewhere.columns.names import plain
from paribus.elsewhere.notices import Notice, RowOfMeans, SameValues
from paribus.elsewhere.runs.records import RecordedExperiment, RecordedRun
from paribus.errors import UserError
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count, plural

_SUMMARIES = {
    "mean", "means", "avg", "average", "median", "std", "sd", "stdev", "stddev", "stderr", "sem",
    "se", "var", "variance", "ci", "ci95", "min", "max", "best", "worst", "sum", "total", "overall",
    "all",
}  # fmt: skip
_WITH_THEM = {"and", "or", "of", "over", "n", "seeds", "runs", "dev", "error", "standard"}
_RARE = 0.005
"""How often runs may be their own means by chance where it is said."""


def is_summary_row(name: str) -> bool:
    """Return whether a seed or a run, by its plain name, is a summary of others.

    >>> is_summary_row("mean"), is_summary_row("std_dev"), is_summary_row("mean_n_5")
    (True, True, True)
    >>> is_summary_row("mean_teacher_3"), is_summary_row("3"), is_summary_row("n")
    (False, False, False)
    """
    words = name.split("_")
    known = all(one in _SUMMARIES or one in _WITH_THEM or one.isdecimal() for one in words)
    return known and any(one in _SUMMARIES for one in words)


def check_summaries(frame: Frame, roles: Roles, runs: Sequence[RecordedRun]) -> None:
    """Raise `UserError` where the seed or the ID of a run, or a word in a column of numbers, such
    as folds, says that it is a mean, or a spread, of others: counted as a run, it would add nothing
    and shorten the interval."""
    columns = [*roles.of("seed"), *roles.of("run")]
    columns += [name for name in roles.unused if any(map(is_value, frame.columns[name]))]
    found = [
        (run, column, name)
        for run in runs
        for column in columns
        if is_summary_row(plain(name := text_of(frame.columns[column][run.rows[-1]])))
    ]
    if not found:
        return
    run, column, name = found[0]
    rows = len({id(one) for one, _, _ in found})
    others = f" (so {plural(rows - 1, 'is', 'are')} {count(rows - 1, 'more row')})"
    raise UserError(
        f'{frame.places[run.rows[0]]}: {column} "{name}" of {run.experiment} is, by its name, a '
        f"summary of other rows, not a run{others if rows > 1 else ''}; remove "
        f"{plural(rows, 'it', 'them')}"
    )


def mean_rows(
    frame: Frame, experiments: Sequence[RecordedExperiment], metric: str, step: float
) -> Iterator[Notice]:
    """Whether the last run of each of several experiments has the mean value of its others."""
    last: list[str] = []
    by_chance = 1.0
    for one in experiments:
        value_R = np.array([series.value for series in one.series[metric]])
        own, others = value_R[-1], value_R[:-1]
        if not np.isfinite(value_R).all() or others.size < FEWEST_SEEDS:
            return
        if abs(own - others.mean()) > step * (0.5 + 1e-6):
            return
        # The density of a normal distribution at its mean, times the step.
        by_chance *= min(1.0, 0.4 * step / max(float(others.std(ddof=1)), 1e-300))
        last.append(frame.places[one.runs[-1].rows[-1]])
    if len(last) > 1 and by_chance < _RARE:
        yield RowOfMeans(metric, tuple(last))


def same_values(experiments: Sequence[RecordedExperiment], metric: str) -> Iterator[Notice]:
    """Which experiments have the same values as another, run for run: at least three different
    ones, so that it is no chance."""
    first: dict[tuple[tuple[str, float], ...], str] = {}
    for one in experiments:
        rows = zip(one.runs, one.series[metric], strict=True)
        values = sorted((run.seed, row.value) for run, row in rows if math.isfinite(row.value))
        if len({value for _, value in values}) >= FEWEST_SEEDS:
            other = first.setdefault(tuple(values), one.name)
            if other != one.name:
                yield SameValues(metric, (other, one.name), len(values))
