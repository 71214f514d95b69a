"""What to do about rows that seem to be of one run."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.elsewhere.columns import Roles
from paribus.elsewhere.frame import Cell, Frame, number, text_of


def tell_apart(frame: Frame, roles: Roles, rows: Sequence[int]) -> str:
    """Return what to do: a column of settings may tell the rows apart, else a run is there twice.

    rows: that seem to be of one run.
    """
    shown = {*roles.experiment, *roles.metric, roles.run, roles.seed, roles.epoch, roles.status}
    differ = [
        column
        for column, cells in frame.columns.items()
        if column not in shown
        and len({text_of(cells[row]) for row in rows}) == len(rows)
        and (any(number(cells[row]) is None for row in rows) or _is_setting(cells))
    ]
    if differ:
        by = ",".join([*roles.experiment, differ[0]])
        return f"if they are of different experiments, write --experiment {by}, else remove one"
    return (
        "a run counts once: remove one, or name the column that tells them apart with --run, "
        "--seed or --epoch"
    )


def _is_setting(cells: Sequence[Cell]) -> bool:
    """Whether a column of numbers has few different ones, as a setting has, and what is measured
    has not."""
    return len(set(map(text_of, cells))) <= len(cells) / 3
