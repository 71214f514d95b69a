"""What to do about a table whose columns do not say what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from paribus.elsewhere.cells import is_value, number, plain, text_of, unmeasured
from paribus.elsewhere.columns.metrics import preference
from paribus.elsewhere.columns.names import beside_values, called_like
from paribus.elsewhere.frame import Frame
from paribus.text import listed, plural

_METRIC = "test_acc"

ADD_WIDE = f"add --wide NAME with what they hold, e.g. --wide {_METRIC}"


def how_to_write(frame: Frame) -> str:
    """Return what a table should look like, by its own first cells if it may have a column for
    each experiment."""
    beside = beside_values(frame)
    columns = [
        name
        for name, cells in frame.columns.items()
        if name not in beside and all(number(cell) is not None for cell in cells)
    ]
    columns = [one for one in columns if not unmeasured(frame.columns[one])] or columns
    right = "a row is a run, with the name of its experiment in a column"
    if settings := _settings(frame, beside):
        names = listed(settings, len(settings))
        them = plural(len(settings), f"{names} names", f"{names} together name")
        return f"; {right}; if {them} one, add --experiment {','.join(settings)}"
    if len(columns) < 2:
        return f"; {right}"
    seed = (*called_like("seed", frame), "")[0]
    lines = [("experiment", *filter(None, [seed]), _METRIC)]
    for name in columns[:2]:
        cells = [text_of(frame.columns[one][0]) for one in (seed, name) if one]
        lines.append((name, *cells))
    example = "\n".join(f"  {','.join(line)}" for line in lines)
    return f".\nIf {listed(columns, 3)} are experiments, {ADD_WIDE}. Else {right}:\n{example}\n  …"


def nearly_numbers(frame: Frame, taken: Container[str]) -> str:
    """Return the first cell that keeps a column from being one of numbers; "" if there is none."""
    for column, cells in frame.columns.items():
        odd = [row for row, cell in enumerate(cells) if number(cell) is None]
        few = 0 < len(odd) < len(cells) / 2
        measured = odd and preference(plain(column)) is not None
        if column not in taken and (few or measured):
            place, text = frame.places[odd[0]], text_of(cells[odd[0]])
            return f'; {place}: {column}: "{text}" is not a number'
    return ""


def _settings(frame: Frame, beside: Container[str]) -> list[str]:
    """The columns that may together name experiments: of few different cells, where others have
    numbers that vary more, and each combination is there at least twice."""
    few = [
        name
        for name, cells in frame.columns.items()
        if name not in beside
        and preference(plain(name)) is None
        and 1 < len(set(map(text_of, cells))) <= len(cells) / 3
    ]  # fmt: skip
    measured = any(
        name not in few and name not in beside and all(map(is_value, cells))
        for name, cells in frame.columns.items()
    )
    often = Counter(zip(*(map(text_of, frame.columns[name]) for name in few), strict=True))
    return few if few and measured and min(often.values()) > 1 else []
