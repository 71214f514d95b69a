"""Rows for several numbers of epochs: a sweep of which each row is a run, or the log of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paribus.elsewhere.cells import number, text_of
from paribus.elsewhere.frame import Frame
from paribus.errors import UserError

MOST_BUDGETS = 8
"""More different values than these are moments of a run."""
_TOTAL = "epochs"
"""What a total is called rather than a moment."""
_FEW = 4
"""In a log of so many moments gaps are not found."""


@dataclass(frozen=True)
class Budgets:
    """The numbers of epochs of a sweep, none if rows are no runs of their own. `sure`: whether the
    rows cannot be moments of runs as well."""

    numbers: tuple[float, ...] = ()
    sure: bool = True


def budgets_of(frame: Frame, column: str, names: Sequence[str], ids: Sequence[str]) -> Budgets:
    """Return the budgets of a sweep over epochs, each row of which is a run of its own; none where
    rows are moments of runs, or their number of epochs came about by itself.

    names: of the experiment of each row. ids: columns of seeds and run IDs. Runs of several rows
    are logs if these count in even steps (1, 2, 3; 5, 10, 15; 0, 10, 20, 25), and may be either if
    the steps grow (5, 10, 20), or are few. A column called "epochs" is one of totals, unless it
    counts every one. Runs of one row are a sweep if each experiment has at least two of each
    budget. Raises `UserError` where a run of a sweep has no number.
    """
    values = [number(cell) for cell in frame.columns[column]]
    budgets = sorted({value for value in values if value is not None and value == value})
    if frame.is_log or None in values or not 1 < len(budgets) <= MOST_BUDGETS:
        return Budgets()
    if _has_row_each(frame, names, ids):
        cells = Counter(zip(names, values, strict=True))
        crossed = all(cells[name, budget] > 1 for name in set(names) for budget in budgets)
        found = Budgets(tuple(budgets)) if crossed else Budgets()
    else:
        found = _by_steps(column, budgets)
    if found.numbers and found.sure:
        check_filled(frame, column)
    return found


def check_filled(frame: Frame, column: str) -> None:
    """Raise `UserError` where a run of a sweep does not say how long it was trained."""
    for cell, place in zip(frame.columns[column], frame.places, strict=True):
        value = number(cell)
        if value is not None and value != value:
            raise UserError(
                f"{place}: {column} is empty; each run of a sweep needs its number; add it, or "
                "remove the row"
            )


def _has_row_each(frame: Frame, names: Sequence[str], ids: Sequence[str]) -> bool:
    """Whether each run has one row, by its seed and ID."""
    runs = Counter(
        (name, *(text_of(frame.columns[one][row]) for one in ids)) for row, name in enumerate(names)
    )
    return max(runs.values()) == 1


def _by_steps(column: str, budgets: Sequence[float]) -> Budgets:
    """As `budgets_of`, of runs that have several rows."""
    gaps = np.diff(budgets)
    is_even = counts_evenly(budgets)
    # With smaller gaps behind larger ones, many are a log that was sampled.
    growing = not is_even and bool((np.diff(gaps) >= 0).all())
    if column.lower() == _TOTAL and (growing or min(gaps) > 1):
        return Budgets(tuple(budgets))
    either = growing or (not is_even and len(budgets) <= _FEW)
    return Budgets(tuple(budgets), sure=False) if either else Budgets()


def counts_evenly(values: Sequence[float]) -> bool:
    """Return whether growing numbers can be the epochs of a log: every one, or every k-th, perhaps
    with one before training or after the first epoch, and with the last one of all.

    >>> counts_evenly([1, 2, 3]), counts_evenly([0, 10, 20, 25]), counts_evenly([1, 10, 20])
    (True, True, True)
    >>> counts_evenly([5, 10, 20]), counts_evenly([5, 20]), counts_evenly([1, 10, 100])
    (False, False, False)
    """
    starts = [list(values), *([list(values[1:])] if values[0] in (0, 1) else [])]
    return any(_is_even(start) for start in starts if len(start) > 1)


def _is_even(values: Sequence[float]) -> bool:
    gaps = np.diff(values)
    if len(gaps) > 2 and gaps[-1] < gaps[0]:
        gaps = gaps[:-1]
    same = bool(np.allclose(gaps, gaps[0]))
    begins = values[0] <= 1 or gaps[0] in (values[0], values[0] + 1)
    return same and (len(gaps) > 1 or begins)
