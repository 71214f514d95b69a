"""A table that is in memory already: a DataFrame, columns, or rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paribus.elsewhere.cells import Cell
from paribus.elsewhere.frame import Frame
from paribus.errors import UserError

_SOURCE = "the table"


def frame_of(table: Any) -> Frame:
    """Return a DataFrame (pandas or polars), a mapping of columns or a list of rows as a table. The
    index of pandas is columns too, if it has names.

    Raises `UserError` for anything else, for columns of different lengths, and for no rows.
    """
    if isinstance(table, Mapping):
        columns = {str(name): list(cells) for name, cells in table.items()}
    elif hasattr(table, "columns") and hasattr(table, "__getitem__"):
        columns = _index(table)
        for name in table.columns:
            if str(name) in columns:
                raise UserError(f'{_SOURCE}: two columns are called "{name}"; rename one')
            columns[str(name)] = list(table[name])
    elif isinstance(table, Sequence) and all(isinstance(row, Mapping) for row in table):
        names = dict.fromkeys(str(name) for row in table for name in row)
        columns = {name: [row.get(name) for row in table] for name in names}
    else:
        raise UserError(
            "results: needs a DataFrame, a mapping of columns, a list of rows (mappings) or paths, "
            f"got {type(table).__name__}"
        )
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise UserError(f"{_SOURCE}: columns of different lengths, got {lengths}")
    rows = next(iter(lengths.values()), 0)
    if not rows:
        raise UserError(f"{_SOURCE}: has no rows; it needs a row per run")
    return Frame(
        source=_SOURCE,
        columns={name: [_cell(cell) for cell in cells] for name, cells in columns.items()},
        places=[f"row {number}" for number in range(1, rows + 1)],
    )


def _index(table: Any) -> dict[str, list[Any]]:
    """The columns that pandas keeps as an index: those with a name, and one of words without."""
    index: Any = getattr(table, "index", None)
    levels = {}
    for place, name in enumerate(getattr(index, "names", ())):
        cells = list(index.get_level_values(place))
        words = bool(cells) and all(isinstance(cell, str) for cell in cells)
        if (name is not None and name not in table.columns) or (name is None and words):
            levels["index" if name is None else str(name)] = cells
    return levels


def _cell(cell: Any) -> Cell:
    """A cell as plain Python; None for what stands for nothing."""
    if isinstance(cell, np.generic):
        cell = cell.item()
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    # NA of pandas is equal to nothing, not even to itself, nor unequal.
    if type(cell).__name__ in ("NAType", "NaTType"):
        return None
    return cell if isinstance(cell, str | float | int | bool) else str(cell)
