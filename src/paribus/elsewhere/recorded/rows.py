"""Which rows of a table are a run, and in which order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from paribus.elsewhere.cells import is_blank, number, text_of
from paribus.elsewhere.columns.roles import Roles, experiments_of
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.recorded.records import RecordedRun
from paribus.elsewhere.recorded.repeats import check_copies, check_once, tell_apart
from paribus.elsewhere.recorded.states import is_lost, is_running
from paribus.elsewhere.recorded.summaries import check_summaries
from paribus.errors import UserError
from paribus.text import listed

_INTEGER = re.compile(r"0*(\d+)(?:\.0*)?")
_LATEST = 1e15
"""Integers beyond it are not told apart."""


def runs_of(frame: Frame, roles: Roles) -> tuple[list[RecordedRun], dict[str, list[str]]]:
    """Return the runs that have ended, and the seeds of those that have not, by experiment.

    Raises `UserError` for a run that is there twice, and for rows that are no runs.
    """
    names = experiments_of(frame, roles.experiment)
    rows_of: dict[tuple[str, str, str], list[int]] = {}
    unnamed: set[str] = set()
    for row, name in enumerate(names):
        run, seed = _cell(frame, roles.run, row), _seed(frame, roles, row)
        if not (run or seed or roles.epoch):
            # Without ids, and without a log, a row is a run.
            run = f"row {row + 1}"
            unnamed.add(run)
        rows_of.setdefault((name, run, seed), []).append(row)
    found = []
    running: dict[str, list[str]] = {}
    is_log = any(len(rows) > 1 for rows in rows_of.values())
    for (name, run, seed), rows in rows_of.items():
        ordered = _by_epoch(frame, roles, rows, name=name, called=_called(run, seed))
        state = state_of(frame, roles, ordered)
        if is_running(state):
            running.setdefault(name, []).append(seed)
        else:
            lost, kept = is_lost(state), _kept(frame, roles, ordered) if is_log else None
            named = run not in unnamed
            found.append(RecordedRun(name, run or seed, seed, tuple(ordered), lost, kept, named))
    check_summaries(frame, roles, found)
    check_once(frame, roles, found)
    check_copies(frame, roles, found)
    return found, running


def _cell(frame: Frame, column: str, row: int) -> str:
    return text_of(frame.columns[column][row]) if column else ""


def _seed(frame: Frame, roles: Roles, row: int) -> str:
    """The seed of a row, the same for 1, 01 and 1.0."""
    seed = _cell(frame, roles.seed, row)
    found = _INTEGER.fullmatch(seed)
    return found[1] if found else seed


def state_of(frame: Frame, roles: Roles, rows: Sequence[int]) -> str:
    """Return what the last row of a run that says so says of its state."""
    states = [_cell(frame, roles.status, row) for row in rows]
    return next(filter(None, reversed(states)), "")


def _called(run: str, seed: str) -> str:
    return f"run {run}" if run else f"seed {seed}" if seed else "the only run"


def _by_epoch(
    frame: Frame, roles: Roles, rows: list[int], *, name: str, called: str
) -> Sequence[int]:
    """The rows of a run by epoch. Raises `UserError` where it has two without, or of one epoch."""
    if len(rows) == 1:
        return rows
    if not roles.epoch:
        raise UserError(
            f"{frame.places[rows[1]]}: {called} of {name} is already in "
            f"{frame.places[rows[0]]}; {tell_apart(frame, roles, rows)}"
        )
    epochs = {row: epoch_of(frame, roles, row) for row in rows}
    ordered = sorted(rows, key=lambda row: (epochs[row], row))
    if not frame.is_log:
        for before, after in pairwise(ordered):
            if epochs[before] == epochs[after]:
                raise UserError(
                    f"{frame.places[after]}: {roles.epoch} {epochs[after]:g} of {called} of "
                    f"{name} is already in {frame.places[before]}; "
                    f"{tell_apart(frame, roles, [before, after])}"
                )
    return ordered


def _kept(frame: Frame, roles: Roles, rows: Sequence[int]) -> float | None:
    """The epoch of a run of a log whose values count, None if that is the last one. Raises
    `UserError` if it is none of its epochs, or its rows do not agree."""
    if not roles.kept or not roles.epoch:
        return None
    cells = [frame.columns[roles.kept][row] for row in rows]
    said = list(dict.fromkeys(text_of(cell) for cell in cells if not is_blank(cell)))
    if not said:
        return None
    kept = number(said[0])
    if len(said) > 1 or kept not in [epoch_of(frame, roles, row) for row in rows]:
        raise UserError(
            f"{frame.places[rows[0]]}: {roles.kept} must be one {roles.epoch} of the run, the same "
            f"in all its rows, got {listed(said, 3)}"
        )
    return kept


def epoch_of(frame: Frame, roles: Roles, row: int) -> float:
    """Return the epoch of a row. Raises `UserError` if it has none."""
    cell = frame.columns[roles.epoch][row]
    epoch = number(cell)
    if epoch is None or not abs(epoch) <= _LATEST:
        raise UserError(
            f'{frame.places[row]}: "{text_of(cell)}" is no {roles.epoch}; each row of a log needs '
            "one"
        )
    return epoch


def counting_row(frame: Frame, roles: Roles, run: RecordedRun) -> int:
    """Return the row of a run whose values count."""
    if run.kept is None:
        return run.rows[-1]
    return next(row for row in run.rows if epoch_of(frame, roles, row) == run.kept)
