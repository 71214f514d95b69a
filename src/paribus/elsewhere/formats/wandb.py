"""CSV exports of Weights & Biases: of a table of runs, or of a chart."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from paribus.elsewhere.cells import Cell, is_blank, number, plain
from paribus.elsewhere.formats.csv import read_one
from paribus.elsewhere.formats.run_folders import RunFolder, run_names, runs_by_name
from paribus.elsewhere.frame import Frame, of_rows, united
from paribus.elsewhere.readers import ResultReader
from paribus.errors import UserError

_OF_RUNS = {"Name", "State", "Created", "Runtime"}
_ABOUT_RUNS = {
    "Name", "State", "Notes", "User", "Tags", "Created", "Runtime", "Sweep", "Updated", "End Time",
    "Hostname", "GitHub", "Description", "Commit", "GPU Count", "GPU Type", "Host", "Job Type",
    "Start Time", "Agent", "Duration",
}  # fmt: skip
"""Columns of a table of runs that W&B adds itself."""
_LOW, _HIGH = "__MIN", "__MAX"


def recognises(path: Path) -> bool:
    """Return whether a path is a CSV file with the columns of either export."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    header = _header(path)
    return set(header) >= _OF_RUNS or any(f"{name}{_LOW}" in header for name in header)


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def read(paths: Sequence[Path]) -> Frame:
    """Return a row for each run, or for each step of each run of a chart."""
    frames = [read_one(path) for path in paths]
    of_runs = [set(frame.columns) >= _OF_RUNS for frame in frames]
    if all(of_runs):
        return united([_of_runs(frame) for frame in frames])
    if any(of_runs):
        raise UserError(
            f"{paths[0]} and others: some are tables of runs and some are charts; judge either"
        )
    rows = [row for frame in frames for row in _of_chart(frame)]
    by_name = [one for frame in frames for one in runs_by_name(_runs(frame), "experiment")]
    source = str(paths[0]) if len(paths) == 1 else f"{len(paths)} charts"
    known = {"experiment": ("experiment",), "run": ("run",), "epoch": ("step",)}
    return of_rows(source, rows, known, tuple(by_name))


def _of_runs(frame: Frame) -> Frame:
    # What W&B counts itself, such as _step and _runtime, begins with a _.
    columns = {name: cells for name, cells in frame.columns.items()
               if name not in _ABOUT_RUNS and not name.startswith("_")}  # fmt: skip
    names = [str(cell) for cell in frame.columns["Name"]]
    columns["run"] = list(frame.columns.get("ID", names))
    columns["state"] = frame.columns["State"]
    if "Group" in columns and all(map(is_blank, columns["Group"])):
        del columns["Group"]
    columns.pop("ID", None)
    read = run_names(names)
    columns["run name"] = [one.experiment for one in read]
    if all(one.seed for one in read) and not any(plain(name) == "seed" for name in columns):
        columns["seed"] = [one.seed for one in read]
    known = {"run": ("run",), "status": ("state",)}
    by_name = runs_by_name(read, "run name")
    return Frame(frame.source, columns, frame.places, known, by_name=by_name)


def _of_chart(frame: Frame) -> list[dict[str, Cell]]:
    """A row for each step and run: the chart has a column for each run."""
    step = next(iter(frame.columns))
    rows: list[dict[str, Cell]] = []
    for column, read in zip(_drawn(frame), _runs(frame), strict=True):
        run, metric = _run_of(column), column.rpartition(" - ")[2]
        cells = frame.columns[column]
        for place, cell in enumerate(cells):
            if is_blank(cell):
                continue
            ends = (frame.columns.get(f"{column}{end}", cells)[place] for end in (_LOW, _HIGH))
            if len({number(end) for end in ends}) > 1:
                raise UserError(
                    f'{frame.places[place]}: "{column}" is a mean of several values, of a group of '
                    "runs or of several steps; export the table of runs, or the chart ungrouped "
                    "and with every step"
                )
            rows.append({
                "experiment": read.experiment, "run": run, "step": frame.columns[step][place],
                metric: cell, **({"seed": read.seed} if read.seed else {}),
            })  # fmt: skip
    return rows


def _drawn(frame: Frame) -> list[str]:
    """The columns of runs of a chart."""
    return [name for name in list(frame.columns)[1:] if not name.endswith((_LOW, _HIGH))]


def _run_of(column: str) -> str:
    return column.rpartition(" - ")[0] or column


def _runs(frame: Frame) -> list[RunFolder]:
    return run_names([*map(_run_of, _drawn(frame))])


READER = ResultReader("a CSV export of Weights & Biases", recognises, read)
