"""Seals: digests by which a store notices what has changed in it outside of Paribus.

Each run, study and timing has a row in the table `seals`. A run's digest covers its row, epochs,
checkpoint, environments and the digests of its files; a study's covers its row and what it calls
experiments; a timing's is that of its file. An experiment needs none: its hash is one. Seals are
written in the transaction that writes what they are of.

They are against accidents: whoever can write to a store can also write its seals.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from typing import Any

import numpy as np

from paribus.store.rows import EPOCH_COLUMNS

Rows = list[tuple[Any, ...]]

_RUN_TABLES = {
    "runs": "SELECT id, id, experiment, seed, engine, bits, status, reason FROM runs",
    "environments": "SELECT run, first_epoch, environment FROM environments",
    "files": "SELECT run, name, digest FROM files",
    "checkpoints": "SELECT run, epoch, state FROM checkpoints",
    "epochs": f"SELECT run, epoch, {', '.join(EPOCH_COLUMNS)} FROM epochs",
}
_ORDERS = {
    "runs": "",
    "environments": "ORDER BY run, first_epoch",
    "files": "ORDER BY run, name",
    "checkpoints": "",
    "epochs": "ORDER BY run, epoch",
}


def seal_run(db: sqlite3.Connection, run: str) -> None:
    """Seal a run as it is now."""
    (digest,) = run_digests(db, run).values()
    _seal(db, "run", run, digest)


def seal_study(db: sqlite3.Connection, study: int) -> None:
    """Seal a study, by its id, as it is now."""
    _seal(db, "study", str(study), study_digests(db)[study])


def seal_timing(db: sqlite3.Connection, name: str, content: bytes) -> None:
    """Seal a timing. name: of its file."""
    _seal(db, "timing", name, hashlib.sha256(content).hexdigest())


def seals(db: sqlite3.Connection, kind: str) -> dict[str, str]:
    """Return the digests that were kept of a kind: "run", "study" or "timing"; by id."""
    return dict(db.execute("SELECT id, digest FROM seals WHERE kind = ?", (kind,)))


def run_digests(db: sqlite3.Connection, run: str | None = None) -> dict[str, str]:
    """Return the digests of all runs as they are now, or of one of them, by id."""
    parts: dict[str, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    for table, query in _RUN_TABLES.items():
        key = "id" if table == "runs" else "run"
        where = "" if run is None else f"WHERE {key} = ?"
        values = () if run is None else (run,)
        for id_, *row in db.execute(f"{query} {where} {_ORDERS[table]}", values):
            parts[id_][table].append(tuple(row))
    return {id_: _digest(rows) for id_, rows in parts.items() if rows["runs"]}


def study_digests(db: sqlite3.Connection) -> dict[int, str]:
    """Return the digests of all studies as they are now, by id."""
    names: dict[int, Rows] = defaultdict(list)
    for study, *named in db.execute(
        "SELECT study, name, experiment, data FROM names ORDER BY rowid"
    ):
        names[study].append(tuple(named))
    rows = db.execute("SELECT id, name, folder, preview, plan FROM studies")
    return {id_: _sha256([*row, names[id_]]) for id_, *row in rows}


def _seal(db: sqlite3.Connection, kind: str, id_: str, digest: str) -> None:
    db.execute("INSERT OR REPLACE INTO seals VALUES (?, ?, ?)", (kind, id_, digest))


def _digest(rows: dict[str, Rows]) -> str:
    digest = hashlib.sha256()
    digest.update(_sha256([rows["runs"], rows["environments"], rows["files"]]).encode())
    for epoch, state in rows["checkpoints"]:
        digest.update(f"checkpoint {epoch}".encode())
        digest.update(state if isinstance(state, bytes) else repr(state).encode())
    try:
        # Missing numbers are NaN here as everywhere.
        digest.update(np.array(rows["epochs"], dtype="<f8").tobytes())
    except (ValueError, TypeError, OverflowError):  # A damaged row has other types.
        digest.update(repr(rows["epochs"]).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, default=repr).encode()).hexdigest()
