"""Changes of rows that several operations of a store make; each is a part of a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from paribus.errors import ParibusError
from paribus.spec.identity import Identity
from paribus.store.rows import EPOCH_COLUMNS, Arrays, Status
from paribus.store.seals import seal_run


def insert_experiment(db: sqlite3.Connection, identity: Identity) -> None:
    """Keep an experiment, in place of a damaged one too."""
    db.execute(
        "INSERT INTO experiments VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (hash) "
        "DO UPDATE SET canonical = ?2, data = ?3, code = ?4, recipe = ?5 WHERE canonical <> ?2 "
        "OR data <> ?3 OR code <> ?4 OR recipe <> ?5",
        (identity.hash, identity.canonical, identity.data, identity.code, identity.recipe),
    )


def insert_epoch(db: sqlite3.Connection, run: str, epoch: int, values: Mapping[str, float]) -> None:
    """Keep the values of an epoch, one for each of `EPOCH_COLUMNS`. Raises `ParibusError` if it is
    not the next one of its run."""
    query = "SELECT coalesce(max(epoch), 0) FROM epochs WHERE run = ?"
    (before,) = db.execute(query, (run,)).fetchone()
    if epoch != before + 1:
        raise ParibusError(
            f"run {run}: epoch {epoch} came after epoch {before}, so it was not kept; run the same "
            "command again, which resumes after the last kept one"
        )
    columns = ", ".join(EPOCH_COLUMNS)
    marks = ", ".join("?" * len(EPOCH_COLUMNS))
    db.execute(
        f"INSERT INTO epochs (run, epoch, {columns}) VALUES (?, ?, {marks})",
        (run, epoch, *(values[column] for column in EPOCH_COLUMNS)),
    )


def end(db: sqlite3.Connection, run: str, status: Status, reason: str) -> None:
    """Mark a run as ended; its state is of no use any more."""
    db.execute("UPDATE runs SET status = ?, reason = ? WHERE id = ?", (status, reason, run))
    db.execute("DELETE FROM checkpoints WHERE run = ?", (run,))
    seal_run(db, run)


def insert_files(db: sqlite3.Connection, run: str, digests: Mapping[str, str]) -> None:
    """Keep the digests of a run's files."""
    for name, digest in digests.items():
        db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (run, name, digest))


def delete_parts(db: sqlite3.Connection, run: str) -> None:
    """Remove all rows of a run but its own."""
    for table in ("epochs", "environments", "checkpoints", "files"):
        db.execute(f"DELETE FROM {table} WHERE run = ?", (run,))


def contiguous(arrays: Arrays) -> dict[str, NDArray[np.generic]]:
    """Return arrays as they can be written."""
    return {name: np.asarray(array, order="C") for name, array in arrays.items()}
