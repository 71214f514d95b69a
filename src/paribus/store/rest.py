"""Reads a database without writing anything: at rest, or left by a process that was killed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from paribus.errors import UserError

_LOGS = ("-journal", "-wal")


class AtRest(sqlite3.Connection):
    """A connection to a database that nobody writes to, which SQLite reads without locks."""

    path: Path
    before: tuple[int, int, int]

    def refuse_written(self) -> None:
        """Raise `UserError` if the database has been written to since: what was read of it may be
        half of before and half of after."""
        if _stamp(self.path) != self.before:
            raise UserError(
                f"{self.path.parent}: another process has begun to write to the store while it was "
                "read; run the same command again"
            )


def connect_at_rest(path: Path) -> AtRest:
    """Return a connection to a database that nobody writes to at this moment. path: absolute."""
    before = _stamp(path)
    db = sqlite3.connect(
        f"{path.as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, factory=AtRest
    )
    db.path, db.before = path, before
    return db


def in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    """Return a copy of a database, in place of its connection."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with db:
        db.backup(copy)
    db.close()
    return copy


def recovered(path: Path) -> sqlite3.Connection | None:
    """Return a copy of a database without what a killed process had half written; None if it left
    nothing beside it. SQLite would write to the file itself, which it may not."""
    logs = [log for end in _LOGS if (log := path.with_name(path.name + end)).is_file()]
    if not logs:
        return None
    with TemporaryDirectory() as folder:
        for file in (path, *logs):
            shutil.copyfile(file, Path(folder, file.name))
        return in_memory(sqlite3.connect(Path(folder, path.name), isolation_level=None))


def _stamp(path: Path) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns
