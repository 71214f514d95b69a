"""Brings the database of a store to the present format, a migration at a time."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from importlib import import_module, resources
from pathlib import Path

from paribus.errors import UserError

_PACKAGE = "paribus.store.migrations"


def migrations() -> dict[int, str]:
    """Return the file name of each migration by the number of the format that it leads to."""
    found = {}
    for entry in resources.files(_PACKAGE).iterdir():
        if match := re.fullmatch(r"v(\d{4})_\w+\.(sql|py)", entry.name):
            found[int(match[1])] = entry.name
    return dict(sorted(found.items()))


SCHEMA_VERSION = max(migrations())


def version(db: sqlite3.Connection) -> int:
    """Return the number of a database's format, 0 for an empty one."""
    number: int = db.execute("PRAGMA user_version").fetchone()[0]
    return number


def refuse_newer(db: sqlite3.Connection, folder: Path) -> None:
    """Raise `UserError` if a newer Paribus made the store."""
    if (found := version(db)) > SCHEMA_VERSION:
        raise UserError(
            f"{folder}: this store was made by a newer Paribus (its format is {found}, "
            f"this one knows {SCHEMA_VERSION}); update Paribus, or use another store with --store"
        )


def migrate(db: sqlite3.Connection, folder: Path) -> set[str]:
    """Bring a database to the present format; an empty one gets its tables. Return the ids of runs
    that have become another's, whose files are of no use any more.

    Each migration is a transaction: a process that is killed leaves the format before it or the
    one after it. Foreign keys must be off. Raises `UserError` if a newer Paribus made the store.
    """
    refuse_newer(db, folder)
    gone: set[str] = set()
    for number, name in migrations().items():
        if version(db) >= number:
            continue
        db.execute("BEGIN IMMEDIATE")
        try:
            # Asked again under the lock: another process may have done it in the meantime.
            if version(db) < number:
                before = _runs(db)
                _apply(db, name)
                gone |= before - _runs(db)
                db.execute(f"PRAGMA user_version = {number}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
    return gone


def remove_files(run: str, folder: Path) -> None:
    """Remove the files of a run that is not in a store any more. Nothing but such files goes, and
    no link is followed."""
    files = folder / "runs" / run
    if not re.fullmatch(r"[0-9a-f]{12}-\w+-\d+", run) or files.is_symlink():
        return
    with suppress(OSError):  # They are in nobody's way.
        for name in ("weights.safetensors", "probabilities.npy"):
            (files / name).unlink(missing_ok=True)
        files.rmdir()


def _runs(db: sqlite3.Connection) -> set[str]:
    if version(db) == 0:
        return set()
    return {run for (run,) in db.execute("SELECT id FROM runs")}


def _apply(db: sqlite3.Connection, name: str) -> None:
    if name.endswith(".py"):
        import_module(f"{_PACKAGE}.{name.removesuffix('.py')}").migrate(db)
        return
    text = resources.files(_PACKAGE).joinpath(name).read_text("utf-8")
    for statement in text.split(";\n"):
        db.execute(statement)
