"""A table as a file has it, before anything is known of its columns."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paribus.elsewhere.notices import RunsByName

Cell = str | float | int | bool | None
"""A cell; text as it was written, None where there is nothing."""

_NUMBER = re.compile(r"[-+−]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DECIMALS = re.compile(r"[-+−]?\d*\.?(\d*)(?:[eE]([-+]?\d+))?")
_SPREAD = re.compile(r"\d\s*(±|\+/?-|\\pm|\()\s*\d")
_MOST_DECIMALS = 300
_NO_VALUE = {"", "nan", "na", "n/a", "none", "null", "-", "–", "inf", "-inf", "+inf", "infinity",
             "-infinity"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Frame:
    """Named columns of one length.

    `columns`: their cells by name. `source`: what messages call it. `places`: where each row is,
    for messages, such as "results.csv, line 3". `known`: the columns that the format itself has a
    meaning for, by the names of `columns.Roles`. `is_log`: whether rows are moments of runs of
    which each records some columns alone, so that an empty cell is no missing value. `folder`:
    where paths in cells start from. `by_name`: which experiments are the names of runs.
    """

    source: str
    columns: Mapping[str, Sequence[Cell]]
    places: Sequence[str]
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_log: bool = False
    folder: Path = Path()
    by_name: tuple[RunsByName, ...] = ()

    def __len__(self) -> int:
        return len(self.places)


def number(cell: Cell) -> float | None:
    """Return a cell as a number, NaN if it says that there is none; None if it is something else.

    A percentage counts as its number: "91.2%" is 91.2.

    >>> number("0.912"), number("91.2%"), number("NaN"), number("cnn")
    (0.912, 91.2, nan, None)
    """
    if cell is None:
        return math.nan
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return float(cell) if abs(cell) <= sys.float_info.max else math.nan
    text = cell.strip().removesuffix("%").strip()
    if text.lower() in _NO_VALUE:
        return math.nan
    return float(text.replace("−", "-")) if _NUMBER.fullmatch(text) else None


def is_value(cell: Cell) -> bool:
    """Return whether a cell is a number, and not one that says that there is none."""
    value = number(cell)
    return value is not None and value == value


def step_of(cells: Sequence[Cell]) -> float:
    """Return the step to which numbers are rounded, as far as their writing shows it.

    >>> step_of(["0.91", "0.9", "0.925"]), step_of([3, 5])
    (0.001, 1.0)
    """
    return min((10.0 ** -_decimals(cell) for cell in cells if number(cell) == number(cell)),
               default=0.0)  # fmt: skip


def _decimals(cell: Cell) -> int:
    text = cell if isinstance(cell, str) else repr(cell).removesuffix(".0")
    found = _DECIMALS.match(text.strip())
    assert found is not None
    return max(-_MOST_DECIMALS, min(_MOST_DECIMALS, len(found[1]) - int(found[2] or 0)))


def has_spread(cell: Cell) -> bool:
    """Return whether a cell holds a mean with its spread, such as "91.2 ± 0.3".

    >>> has_spread("91.2 ± 0.3"), has_spread("91.2 (0.3)"), has_spread("91.2")
    (True, True, False)
    """
    return isinstance(cell, str) and _SPREAD.search(cell) is not None


def is_blank(cell: Cell) -> bool:
    """Return whether there is nothing in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def text_of(cell: Cell) -> str:
    """Return a cell as text, an integer without its point.

    >>> text_of(3.0), text_of(" cnn "), text_of(None)
    ('3', 'cnn', '')
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def united(frames: Sequence[Frame]) -> Frame:
    """Return several tables of one format as one, with a column `file` before their own."""
    if len(frames) == 1:
        return frames[0]
    names = list(dict.fromkeys(name for frame in frames for name in frame.columns))
    columns: dict[str, list[Cell]] = {"file": [f.source for f in frames for _ in f.places]}
    for name in names:
        columns[name] = [cell for f in frames for cell in f.columns.get(name, [None] * len(f))]
    return Frame(
        source=f"{len(frames)} files",
        columns=columns,
        places=[place for frame in frames for place in frame.places],
        known=frames[0].known,
        is_log=frames[0].is_log,
        folder=frames[0].folder,
        by_name=tuple(notice for frame in frames for notice in frame.by_name),
    )


def of_rows(
    source: str,
    rows: Sequence[Mapping[str, Cell]],
    known: Mapping[str, tuple[str, ...]],
    by_name: tuple[RunsByName, ...] = (),
) -> Frame:
    """Return the table of a log: rows of which each has some columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return Frame(
        source=source,
        columns={name: [row.get(name) for row in rows] for name in names},
        places=[f"{source}, row {number}" for number in range(1, len(rows) + 1)],
        known={role: columns for role, columns in known.items() if set(columns) <= set(names)},
        is_log=True,
        by_name=by_name,
    )
