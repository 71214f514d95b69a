"""Logs of Lightning's CSVLogger: a folder for each run, with metrics.csv and hparams.yaml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from paribus.elsewhere.cells import Cell
from paribus.elsewhere.formats.csv import read_one, text_of_file
from paribus.elsewhere.formats.run_folders import run_folders, runs_by_name
from paribus.elsewhere.frame import Frame, of_rows
from paribus.elsewhere.readers import ResultReader

_FILE = "metrics.csv"
_SETTINGS = "hparams.yaml"
_LINE = re.compile(r"([\w./-]+):[ \t]+([^\s{\[|>!&*#][^#]*?)[ \t]*(?:#.*)?")


def recognises(path: Path) -> bool:
    """Return whether a path is such a log, or a folder that has some."""
    if path.is_dir():
        return next(path.rglob(_FILE), None) is not None
    return path.name == _FILE


def read(paths: Sequence[Path]) -> Frame:
    """Return a row for each row of each log, with what `hparams.yaml` has beside it."""
    files = sorted(file for path in paths for file in _files(path))
    rows: list[dict[str, Cell]] = []
    runs = run_folders([file.parent for file in files])
    for file, run in zip(files, runs, strict=True):
        of_run = run.cells() | _settings(file.parent / _SETTINGS)
        log = read_one(file)
        for place in range(len(log)):
            rows.append(of_run | {name: cells[place] for name, cells in log.columns.items()})
    source = str(paths[0]) if len(paths) == 1 else f"{len(files)} logs"
    known = {"experiment": ("experiment",), "run": ("run",), "epoch": ("step",)}
    return of_rows(source, rows, known, runs_by_name(runs, "experiment"))


def _files(path: Path) -> list[Path]:
    return list(path.rglob(_FILE)) if path.is_dir() else [path]


def _settings(file: Path) -> dict[str, Cell]:
    """The settings of hparams.yaml that are one value in one line; others are no columns."""
    if not file.is_file():
        return {}
    found = (_LINE.fullmatch(line) for line in text_of_file(file).splitlines())
    return {one[1]: one[2].strip("'\"") for one in found if one}


READER = ResultReader("a folder of Lightning's CSVLogger", recognises, read)
