"""What single cells and names of columns say, and how columns of numbers count."""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections.abc import Sequence

Cell = str | float | int | bool | None
"""A cell; text as it was written, None where there is nothing."""
_NUMBER = re.compile(r"[-+−]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DECIMALS = re.compile(r"[-+−]?\d*\.?(\d*)(?:[eE]([-+]?\d+))?")
_SPREAD = re.compile(r"\d\s*(±|\+/?-|\\pm|\()\s*\d")
_MOST_DECIMALS = 300
_NO_VALUE = {"", "nan", "na", "n/a", "none", "null", "-", "–", "inf", "-inf", "+inf", "infinity",
             "-infinity"}  # fmt: skip


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


def values_in(cells: Sequence[Cell]) -> list[float]:
    """Return the numbers among cells, without those that say that there is none."""
    return [value for cell in cells if (value := number(cell)) is not None and value == value]


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


def plain(name: str) -> str:
    """Return the name of a column in small letters, with _ between words.

    >>> plain("Random Seed"), plain("accuracy/test")
    ('random_seed', 'accuracy_test')
    """
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", name).lower()).strip("_")


def counts_up(values: Sequence[float]) -> bool:
    """Return whether numbers are 0, 1, 2, …, or 1, 2, 3, …, in any order.

    >>> counts_up([2, 0, 1]), counts_up([1, 2, 3]), counts_up([2, 3]), counts_up([0, 2])
    (True, True, False, False)
    """
    first = min(values, default=0)
    return first in (0, 1) and sorted(values) == [first + place for place in range(len(values))]


def numbers_rows(cells: Sequence[Cell]) -> bool:
    """Return whether a column numbers the rows, in any order, as the index of a DataFrame does, and
    so names no runs."""
    return all(map(is_value, cells)) and counts_up([number(cell) or 0.0 for cell in cells])


def unmeasured(cells: Sequence[Cell]) -> str:
    """Return what tells a column from a measured one, by its numbers; "" if nothing."""
    numbers = values_in(cells)
    if len(numbers) > 1 and len(set(numbers)) == 1:
        return f"is {numbers[0]:g} in each row"
    if len(numbers) > 1 and counts_up(numbers):
        return f"counts from {min(numbers):g} to {max(numbers):g}"
    return ""
