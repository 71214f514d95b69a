"""The values of a run: of a row, or of the rows of a log, the one that counts."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.elsewhere.cells import Cell, has_spread, is_blank, number, text_of
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.recorded.records import RecordedRun
from paribus.elsewhere.recorded.rows import epoch_of
from paribus.errors import UserError
from paribus.measure.metric import Metric
from paribus.measure.table import Series

_WITH_COMMA = re.compile(r"[-+−]?\d+,\d+")
_LARGEST = 1e100
"""Beyond it squares of values overflow."""


@dataclass(frozen=True, eq=False)
class Read:
    """The series of a run and a metric, and the cell of its final value."""

    series: Series
    last: Cell


def measured_at(
    frame: Frame, roles: Roles, runs: Sequence[RecordedRun], metric: Metric
) -> set[float]:
    """Return the epochs at which some run has a value; none of logs with rows for each metric."""
    if not roles.epoch or frame.is_log:
        return set()
    cells = frame.columns[metric.key]
    rows = (row for run in runs for row in run.rows)
    return {epoch_of(frame, roles, row) for row in rows if not is_blank(cells[row])}


def values_of(
    frame: Frame,
    roles: Roles,
    run: RecordedRun,
    metric: Metric,
    *,
    seed: int,
    measured: Container[float],
) -> Read:
    """Return the rows of a run and a metric, and the cell of its final value.

    measured: the epochs at which some run has a value. One that has a later row of such an epoch,
    without a value, ended without one, as a DataFrame leaves NaN empty.
    """
    cells = frame.columns[metric.key]
    # In a log an empty cell is of a moment at which something else was measured.
    rows = [row for row in run.rows if not is_blank(cells[row])]
    values = [_number(cells[row], frame.places[row], metric.key) for row in rows]
    epoch_E = np.array([epoch_of(frame, roles, row) if roles.epoch else 1.0 for row in rows])
    _check_whole(frame, run, metric, epoch_E)
    counts = range(len(rows)) if run.kept is None else np.flatnonzero(epoch_E == run.kept)
    last = int(counts[-1]) if len(counts) else None
    if run.kept is not None and rows and last is None and not run.lost:
        raise UserError(
            f"{frame.places[run.rows[0]]}: {metric.key} has values at other epochs and none at "
            f"{roles.epoch} {run.kept:g}, which {roles.kept} names; export every epoch"
        )
    later = run.rows[run.rows.index(rows[-1]) + 1 :] if rows else ()
    ended = run.kept is None and any(epoch_of(frame, roles, row) in measured for row in later)
    final = math.nan if last is None or run.lost or ended else values[last]
    series = Series(
        experiment=run.experiment,
        run_id=run.name,
        seed=seed,
        metric=metric,
        epoch_E=epoch_E.astype(np.int64),
        value_E=np.array(values, dtype=np.float64),
        value=final,
        read_scores=lambda: None,
        read_correct=lambda: None,
    )
    return Read(series, None if last is None else cells[rows[last]])


def _number(cell: Cell, place: str, column: str) -> float:
    value = number(cell)
    if value is not None:
        if value and not math.isnan(value) and not 1 / _LARGEST <= abs(value) <= _LARGEST:
            raise UserError(
                f"{place}: {column}: {value:g} is beyond ±{_LARGEST:g}, or nearer to 0 than "
                f"{1 / _LARGEST:g}; correct it, or leave the cell empty if the run diverged"
            )
        return value
    text = text_of(cell)
    if has_spread(cell):
        raise UserError(
            f'{place}: {column}: "{text}" is a mean with its spread; write one row per run'
        )
    if _WITH_COMMA.fullmatch(text):
        raise UserError(
            f'{place}: {column}: "{text}" is not a number for certain: its comma may divide '
            "thousands or decimals; leave it out, or write a point"
        )
    raise UserError(
        f'{place}: {column}: "{text}" is not a number; correct it, or leave the cell empty if the '
        "run has no value"
    )


def _check_whole(
    frame: Frame, run: RecordedRun, metric: Metric, epoch_E: NDArray[np.float64]
) -> None:
    """Raise `UserError` where a log has gaps: its last row need not be the run's last epoch.

    The first and the last gap may differ from the others, as before training and after it.
    """
    gaps = np.diff(epoch_E)[1:-1]
    if gaps.size and not np.allclose(gaps, gaps[0]):
        shown = ", ".join(f"{epoch:g}" for epoch in epoch_E[:5])
        raise UserError(
            f"{frame.source}: the log of {metric.key} of run {run.name} of {run.experiment} has "
            f"gaps (it has {shown} …), so it was sampled, and its last value need not be the "
            "final one; export the whole log, or a row for each run with its final value"
        )
