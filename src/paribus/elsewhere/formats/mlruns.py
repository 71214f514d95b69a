"""MLflow's older store: a folder of files, `mlruns`. It is only read, and needs no MLflow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from paribus.elsewhere.cells import Cell, number
from paribus.elsewhere.formats.csv import text_of_file
from paribus.elsewhere.formats.run_folders import run_names, runs_by_name
from paribus.elsewhere.frame import Frame, of_rows
from paribus.elsewhere.readers import ResultReader
from paribus.errors import UserError

_META = "meta.yaml"
_LINE = re.compile(r"(\w+):[ \t]*'?(.*?)'?[ \t]*")
_STATES = {"1": "running", "2": "scheduled", "3": "finished", "4": "failed", "5": "killed"}


def recognises(path: Path) -> bool:
    """Return whether a path is such a folder: experiments with a `meta.yaml`, and runs in them."""
    return path.is_dir() and next(path.glob(f"*/*/{_META}"), None) is not None


def read(paths: Sequence[Path]) -> Frame:
    """Return a row for each step of each run that is not deleted, its parameters in each.

    Raises `UserError` where a metric's file has something else in it, and without any run.
    """
    metas = [meta for path in paths for meta in sorted(path.glob(f"*/*/{_META}"))]
    runs = [(meta.parent, _meta(meta)) for meta in metas]
    runs = [
        (folder, meta)
        for folder, meta in runs
        if "run_id" in meta and meta.get("lifecycle_stage") != "deleted"
    ]
    if not runs:
        raise UserError(f"{paths[0]}: has no runs")
    names = [meta.get("run_name") or meta["run_id"] for _, meta in runs]
    by_name = run_names(names)
    several = len({folder.parent for folder, _ in runs}) > 1
    rows: list[dict[str, Cell]] = []
    for (folder, meta), named in zip(runs, by_name, strict=True):
        of_run: dict[str, Cell] = {
            file.name: text_of_file(file) for file in _files(folder, "params")
        }
        status = _STATES.get(meta.get("status", ""), "")
        of_run |= {"run name": named.experiment, "run": meta["run_id"], "status": status}
        if named.seed:
            of_run.setdefault("seed", named.seed)
        if several:
            of_run["experiment"] = _meta(folder.parent / _META).get("name", folder.parent.name)
        steps: dict[float, dict[str, Cell]] = {}
        for file in _files(folder, "metrics"):
            for value, step in _values(file):
                steps.setdefault(step, {})[file.relative_to(folder / "metrics").as_posix()] = value
        rows += [of_run | {"step": step} | steps[step] for step in sorted(steps)]
        if not steps:
            rows.append(of_run | {"step": 0})
    known = {name: (name,) for name in ("run", "status", "experiment")} | {"epoch": ("step",)}
    return of_rows(str(paths[0]), rows, known, runs_by_name(by_name, "run name"))


def _meta(file: Path) -> dict[str, str]:
    """The lines of a file that are a key and a value."""
    if not file.is_file():
        return {}
    found = (_LINE.fullmatch(line) for line in text_of_file(file).splitlines())
    return {one[1]: one[2] for one in found if one}


def _files(folder: Path, kind: str) -> list[Path]:
    return sorted(file for file in (folder / kind).rglob("*") if file.is_file())


def _values(file: Path) -> Iterator[tuple[str, float]]:
    """The value and the step of each line, which begins with a time."""
    for line_number, line in enumerate(text_of_file(file).splitlines(), start=1):
        words = line.split()
        step = number(words[2]) if len(words) > 2 else 0.0
        if len(words) < 2 or number(words[1]) is None or step is None or step != step:
            raise UserError(f"{file}:{line_number}: needs a time, a value and a step, got {line}")
        yield words[1], step


READER = ResultReader("MLflow's folder mlruns", recognises, read)
