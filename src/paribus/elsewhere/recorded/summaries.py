"""Rows of a table that are no runs: means and spreads of other rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from paribus.elsewhere.cells import is_value, plain, text_of
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.columns.summary_names import is_summary_row
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import Notice, RowOfMeans
from paribus.elsewhere.recorded.records import RecordedExperiment, RecordedRun
from paribus.errors import UserError
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count, plural

_RARE = 0.005
"""How often runs may be their own means by chance where it is said."""


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
    if by_chance < _RARE:
        yield RowOfMeans(metric, tuple(last))
