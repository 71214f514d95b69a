"""An MLflow tracking database in SQLite. It is only read, and needs no MLflow."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from paribus.elsewhere.cells import Cell
from paribus.elsewhere.formats.run_folders import run_names, runs_by_name
from paribus.elsewhere.frame import Frame, of_rows
from paribus.elsewhere.notices import RunsByName
from paribus.elsewhere.readers import ResultReader
from paribus.errors import UserError

_FILE = "mlflow.db"
_SQLITE = b"SQLite format 3\0"
_TABLES = {"experiments", "runs", "metrics", "params", "tags"}
_OUR_NAME = "paribus.experiment"
"""Where `paribus export --to mlflow` writes the name of a run's experiment."""


def recognises(path: Path) -> bool:
    """Return whether a path is an SQLite file, or a folder with `mlflow.db`."""
    file = path / _FILE if path.is_dir() else path
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(len(_SQLITE)) == _SQLITE


def read(paths: Sequence[Path]) -> Frame:
    """Return a row for each step of each run that is not deleted, its parameters in each.

    Raises `UserError` where a file is not a database of MLflow.
    """
    rows: list[dict[str, Cell]] = []
    by_name: list[RunsByName] = []
    for path in paths:
        file = path / _FILE if path.is_dir() else path
        try:
            uri = f"{file.resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as db:
                _check(db, file)
                rows += _rows(db, by_name)
        except sqlite3.Error as error:
            raise UserError(f"{file}: cannot be read as a database of MLflow: {error}") from None
    source = str(paths[0]) if len(paths) == 1 else f"{len(paths)} databases"
    if not rows:
        raise UserError(f"{source}: has no runs")
    known = {"run": ("run",), "status": ("status",), "epoch": ("step",)}
    if all("experiment" in row for row in rows):
        known["experiment"] = ("experiment",)
    return of_rows(source, rows, known, tuple(by_name))


def _check(db: sqlite3.Connection, file: Path) -> None:
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if not tables >= _TABLES:
        lacking = ", ".join(sorted(_TABLES - tables))
        raise UserError(f"{file}: is not a database of MLflow: it has no tables {lacking}")


def _rows(db: sqlite3.Connection, by_name: list[RunsByName]) -> list[dict[str, Cell]]:
    """The rows of all runs; `by_name` gets which names are runs of one experiment."""
    # Cast, since a column of SQLite may hold anything.
    runs = db.execute(
        "SELECT CAST(run_uuid AS TEXT), CAST(COALESCE(runs.name, run_uuid) AS TEXT), "
        "CAST(status AS TEXT), CAST(COALESCE(experiments.name, '') AS TEXT) "
        "FROM runs LEFT JOIN experiments USING (experiment_id) "
        "WHERE run_uuid IS NOT NULL AND runs.lifecycle_stage IS NOT 'deleted' "
        "ORDER BY start_time, runs.rowid"
    ).fetchall()
    used = {experiment for *_, experiment in runs}
    names = [name for _, name, *_ in runs]
    read = run_names(names)
    by_name += runs_by_name(read, "run name")
    rows: list[dict[str, Cell]] = []
    for (uuid, _, status, experiment), named in zip(runs, read, strict=True):
        params, tags = (_texts(db, table, uuid) for table in ("params", "tags"))
        of_several = experiment if len(used) > 1 else ""
        of_run: dict[str, Cell] = params | {
            "run name": named.experiment,
            "run": uuid,
            "status": status,
        }
        if named.seed:
            of_run.setdefault("seed", named.seed)
        if called := tags.get(_OUR_NAME) or of_several:
            of_run["experiment"] = called
        steps: dict[int, dict[str, Cell]] = {}
        for key, value, is_nan, step in db.execute(
            "SELECT CAST(key AS TEXT), CAST(value AS REAL), is_nan, CAST(step AS INTEGER) "
            "FROM metrics WHERE run_uuid = ? AND key IS NOT NULL ORDER BY step, timestamp, rowid",
            (uuid,),
        ):
            steps.setdefault(step, {})[key] = "nan" if is_nan else value
        rows += [of_run | {"step": step} | metrics for step, metrics in steps.items()]
        if not steps:
            rows.append(of_run | {"step": 0})
    return rows


def _texts(db: sqlite3.Connection, table: str, run: str) -> dict[str, Cell]:
    """The keys and values that a table has of a run."""
    rows = db.execute(
        f"SELECT CAST(key AS TEXT), CAST(value AS TEXT) FROM {table} "
        "WHERE run_uuid = ? AND key IS NOT NULL",
        (run,),
    )
    return dict(rows)


READER = ResultReader("a database of MLflow", recognises, read)
