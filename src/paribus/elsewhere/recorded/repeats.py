"""Rows that seem to be of one run: what to do about them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from paribus.elsewhere.cells import Cell, number, numbers_rows, plain, text_of
from paribus.elsewhere.columns.names import NO_SETTINGS, SPLITS, called_like
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import EqualValues, Notice, SameValues
from paribus.elsewhere.recorded.records import RecordedExperiment, RecordedRun
from paribus.errors import UserError
from paribus.measure.table import Series
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count


def tell_apart(frame: Frame, roles: Roles, rows: Sequence[int]) -> str:
    """Return what to do: a column of settings may tell the rows apart, else a run is there twice.

    rows: that seem to be of one run.
    """
    shown = {*roles.experiment, *roles.metric, roles.run, roles.seed, roles.epoch, roles.status}
    differ = [
        column
        for column, cells in frame.columns.items()
        if column not in shown
        and len({text_of(cells[row]) for row in rows}) > 1
        and (any(number(cells[row]) is None for row in rows) or _is_setting(cells))
    ]
    counters = called_like("epoch", frame, shown)
    if counts := [one for one in counters if _telling(frame, [one], rows)]:
        return f"if it is another moment of the run, write --epoch {counts[0]}, else remove one"
    differ = [one for one in differ if one not in counters]
    if telling := _telling(frame, differ, rows):
        if plain(telling[0]) in SPLITS:
            return f"keep the rows of one {telling[0]}, such as those of the test data"
        by = ",".join([*roles.experiment, *telling])
        return f"if they are of different experiments, write --experiment {by}, else remove one"
    return (
        "a run counts once: remove one, or name the column that tells them apart with --run, "
        "--seed or --epoch"
    )


def _telling(frame: Frame, columns: Sequence[str], rows: Sequence[int]) -> tuple[str, ...]:
    """The columns that tell all rows apart: the first that does alone, else all together if they
    do; none if not."""
    for told in (*((column,) for column in columns), tuple(columns)):
        cells = {tuple(text_of(frame.columns[one][row]) for one in told) for row in rows}
        if len(cells) == len(rows):
            return told
    return ()


def _is_setting(cells: Sequence[Cell]) -> bool:
    """Whether a column of numbers has few different ones, as a setting has, and what is measured
    does not have."""
    return len(set(map(text_of, cells))) <= len(cells) / 3


def check_once(frame: Frame, roles: Roles, runs: Sequence[RecordedRun]) -> None:
    """Raise `UserError` where two runs of an experiment have one seed, or one id."""
    seen: dict[tuple[str, str, str], RecordedRun] = {}
    for run in runs:
        for role, value in (("seed", run.seed), ("run", run.name)):
            if not value:
                continue
            other = seen.setdefault((run.experiment, role, value), run)
            if other is not run:
                raise UserError(
                    f"{frame.places[run.rows[0]]}: {role} {value} of {run.experiment} is "
                    f"already in {frame.places[other.rows[0]]}; "
                    f"{tell_apart(frame, roles, [other.rows[0], run.rows[0]])}"
                )


def check_copies(frame: Frame, roles: Roles, runs: Sequence[RecordedRun]) -> None:
    """Raise `UserError` where rows of runs without seed and ID are copies of others.

    They are if at least two rows of an experiment, different ones, are there again and agree in
    more than one measured column; and where only one was measured, if each of at least three rows
    is there as often as each other one. Rows without a value are equal by themselves.
    """
    told = [
        column
        for column in frame.columns
        if column in roles.metric or not _is_beside(frame, column)
    ]
    measured = {column for column in (*roles.metric, *roles.unused) if _varies(frame, column)}
    copies: dict[str, dict[tuple[str, ...], list[int]]] = {}
    for run in runs:
        if not run.is_named and _has_value(frame, roles, run.rows[0]):
            cells = tuple(text_of(frame.columns[column][run.rows[0]]) for column in told)
            copies.setdefault(run.experiment, {}).setdefault(cells, []).append(run.rows[0])
    for name, rows_of in copies.items():
        repeated = [rows for rows in rows_of.values() if len(rows) > 1]
        often = {len(rows) for rows in rows_of.values()}
        all_repeated = len(rows_of) > 2 and len(often) == 1
        if repeated and (all_repeated or (len(measured.intersection(told)) > 1 < len(repeated))):
            first, second, *_ = repeated[0]
            more = sum(map(len, repeated)) - len(repeated) - 1
            others = f", and {count(more, 'more row')} of {name} as well" if more else ""
            raise UserError(
                f"{frame.places[second]}: the same row is already in {frame.places[first]}"
                f"{others}; a run counts once: remove the copies, or, if these are runs of their "
                "own, add a column of seeds or run IDs, or name it with --run"
            )


def _is_beside(frame: Frame, column: str) -> bool:
    """Whether a column says nothing of a run: by its name, or as it only counts rows."""
    return plain(column) in NO_SETTINGS or numbers_rows(frame.columns[column])


def _has_value(frame: Frame, roles: Roles, row: int) -> bool:
    """Whether a row has a value of some metric; other texts are found later."""
    values = [number(frame.columns[column][row]) for column in roles.metric]
    return any(value is None or value == value for value in values)


def _varies(frame: Frame, column: str) -> bool:
    return len(set(map(number, frame.columns[column]))) > 1


def equal_values(
    name: str, runs: Sequence[RecordedRun], series: Sequence[Series]
) -> Iterator[Notice]:
    """Whether values of an experiment are the same, and may be of one run: any without seeds and
    IDs; with them, if each of at least three values is there as often as each other one."""
    has = [one.value for one in series if math.isfinite(one.value)]
    times = Counter(has)
    repeated = sum(often for often in times.values() if often > 1)
    is_named = all(run.is_named for run in runs)
    all_copied = len(times) > 2 and len(set(times.values())) == 1
    if repeated and (all_copied or not is_named):
        yield EqualValues(name, series[0].metric.key, repeated, len(has), is_named)


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
