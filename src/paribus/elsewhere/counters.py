"""Whether a column that counts epochs is of logs, or says how long each run was trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from paribus.elsewhere.frame import Frame, number, text_of

MOST_BUDGETS = 8
"""More different values than these are moments of a run."""
_TOTALS = {"epochs", "steps"}
"""What a total is called rather than a moment."""


def budgets_of(
    frame: Frame, column: str, names: Sequence[str], ids: Sequence[str]
) -> tuple[float, ...]:
    """Return the budgets of a sweep over epochs, each row of which is a run of its own; none where
    rows are moments of runs, or their number of epochs came about by itself.

    names: of the experiment of each row. ids: columns of seeds and run IDs. Runs of several rows
    are logs if these count in even steps (1, 2, 3; 5, 10, 15; 0, 10, 20, 25), and a sweep if the
    steps grow (5, 10, 20). A column called "epochs" or "steps" is one of totals, unless it counts
    every one. Runs of one row are a sweep if each experiment has at least two of each budget.
    """
    values = [number(cell) for cell in frame.columns[column]]
    budgets = sorted({value for value in values if value is not None and value == value})
    if frame.is_log or None in values or not 1 < len(budgets) <= MOST_BUDGETS:
        return ()
    runs = Counter(
        (name, *(text_of(frame.columns[one][row]) for one in ids)) for row, name in enumerate(names)
    )
    if max(runs.values()) > 1:
        gaps = np.diff(budgets)
        # With smaller gaps behind larger ones it is a log that was sampled.
        growing = not counts_evenly(budgets) and bool((np.diff(gaps) >= 0).all())
        total = column.lower() in _TOTALS and min(gaps) > 1
        return tuple(budgets) if growing or total else ()
    cells = Counter(zip(names, values, strict=True))
    crossed = all(cells[name, budget] > 1 for name in set(names) for budget in budgets)
    return tuple(budgets) if crossed else ()


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
