"""Reads a database without writing anything: at rest, or left by a process that was killed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from paribus.errors import UserError
from paribus.store.errors import told

_LOGS = ("-journal", "-wal")
Stamp = tuple[int, int, int] | None
"""What changes when a file is written to; None if there is none."""


class AtRest(sqlite3.Connection):
    """A connection to a database that nobody writes to, which SQLite reads without locks."""

    path: Path
    before: Stamp

    def refuse_written(self) -> None:
        """Raise `UserError` if the database has been written to since: what was read of it may be
        half of before and half of after."""
        if _stamp(self.path) != self.before:
            raise _written(self.path)


class Copied(sqlite3.Connection):
    """A connection to a copy of a database in a temporary folder, which goes when it is closed."""

    folder: TemporaryDirectory[str]

    def close(self) -> None:
        """Close it, and remove the copy."""
        super().close()
        self.folder.cleanup()


def connect_at_rest(path: Path) -> AtRest:
    """Return a connection to a database that nobody writes to at this moment. path: absolute."""
    before = _stamp(path)
    db = sqlite3.connect(
        f"{path.as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, factory=AtRest
    )
    db.path, db.before = path, before
    return db


def in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    """Return a copy of a database, in place of its connection. Raises `UserError` if it was at
    rest and is so no more."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with db:
        db.backup(copy)
    db.close()
    if isinstance(db, AtRest):
        db.refuse_written()
    return copy


def recovered(path: Path) -> Copied | None:
    """Return a connection to a copy of a database without what a killed process had half written;
    None if it left nothing beside it. SQLite would write to the file itself, which it may not.

    Raises `ParibusError` if there is no room for the copy, or if a file may not be read or is
    written to meanwhile.
    """
    files = [path, *(path.with_name(path.name + end) for end in _LOGS)]
    before = [_stamp(file) for file in files]
    if not any(before[1:]):
        return None
    with told(path.parent):
        folder = TemporaryDirectory(prefix="paribus-")
    try:
        with told(Path(folder.name)):  # If a disk is full, it is this one's.
            for file, stamp in zip(files, before, strict=True):
                if stamp:
                    shutil.copyfile(file, Path(folder.name, file.name))
        if [_stamp(file) for file in files] != before:
            raise _written(path)
        db = sqlite3.connect(Path(folder.name, path.name), isolation_level=None, factory=Copied)
    except BaseException:
        folder.cleanup()
        raise
    db.folder = folder
    return db


def _written(path: Path) -> UserError:
    return UserError(
        f"{path.parent}: another process has begun to write to the store while it was read; run "
        "the same command again"
    )


def _stamp(path: Path) -> Stamp:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
