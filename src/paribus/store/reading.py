"""A store as one who only looks: nothing is written, no lock taken, no folder made."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from paribus.errors import UserError
from paribus.store.store import SCHEMA_VERSION, Store

try:
    import fcntl
except ImportError:  # Windows has none.
    fcntl = None  # type: ignore[assignment]

Signature = tuple[tuple[int, int, int], ...]


def signature(folder: Path) -> Signature:
    """Changes whenever something has been written to a store; empty where there is none."""
    parts = []
    for name in ("paribus.db", "paribus.db-wal"):
        try:
            found = (folder / name).stat()
        except OSError:
            continue
        parts.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(parts)


def open_to_read(folder: Path) -> Store:
    """The store in a folder, to be read only. Raises `UserError` if there is none, or one of a
    newer Paribus."""
    path = (folder / "paribus.db").absolute()
    if not path.is_file():
        raise UserError(
            f"{folder}: there is no store here; `paribus run` makes one, "
            "and --store names another folder"
        )
    # SQLite would make a write-ahead log where there is none, even to read. Without one nobody
    # writes at this moment, and the file can be read as it is.
    log = path.with_name("paribus.db-wal")
    mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(
            f"{path.as_uri()}?{mode}", uri=True, timeout=5, isolation_level=None
        )
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise UserError(
            f"{path}: cannot be read as a store ({error}); restore it from a copy, or name another "
            "folder with --store"
        ) from None
    if version > SCHEMA_VERSION:
        connection.close()
        raise UserError(
            f"{folder}: this store was made by a newer Paribus (its format is {version}, this one "
            f"knows {SCHEMA_VERSION}); update Paribus, or use another store with --store"
        )
    return Store(folder, connection)


def is_claimed(store: Store, run: str) -> bool:
    """Whether some process trains a run at this moment; seen without claiming it."""
    if fcntl is None:
        return store.is_claimed(run)
    try:
        with open(store.folder / "locks" / f"{run}.lock", "rb") as file:
            # Shared, so that others who look are not in the way; let go of at once.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
