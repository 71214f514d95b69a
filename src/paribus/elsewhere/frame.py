"""A table as a file has it, before anything is known of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paribus.elsewhere.cells import Cell
from paribus.elsewhere.notices import RunsByName


@dataclass(frozen=True, eq=False)
class Frame:
    """Named columns of one length.

    `columns`: their cells by name. `source`: what messages call it. `places`: where each row is,
    for messages, such as "results.csv, line 3". `known`: the columns that the format itself has a
    meaning for, by role (`terms.ROLES`). `is_log`: whether rows are moments of runs of which each
    records some columns alone, so that an empty cell is no missing value. `folder`: where paths in
    cells start from. `by_name`: which experiments are the names of runs.
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
