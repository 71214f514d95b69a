"""Opens a store: to look, to work with it, or to make it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Literal, TypeVar, overload

from paribus.errors import UserError
from paribus.store.claims import is_claimed
from paribus.store.damage import refuse_empty
from paribus.store.errors import FROM_COPY, disk_error, no_store, told
from paribus.store.migrate import SCHEMA_VERSION, migrate, refuse_newer, remove_files, version
from paribus.store.network import LOCK, connect_alone, mount_table, network_type
from paribus.store.places import refuse_foreign
from paribus.store.reader import Reader
from paribus.store.rest import AtRest, connect_at_rest, in_memory, recovered
from paribus.store.writer import Writer

T = TypeVar("T", bound=Reader)
Signature = tuple[tuple[int, int, int], ...]


@overload
def open_store(folder: Path, mode: Literal["read"], *, lenient: bool = ...) -> Reader: ...


@overload
def open_store(
    folder: Path, mode: Literal["write", "create"], *, lenient: bool = ...
) -> Writer: ...


def open_store(
    folder: Path, mode: Literal["read", "write", "create"], *, lenient: bool = False
) -> Reader:
    """Open the store in a folder, in the present format.

    "read": nothing is written, no lock taken, no folder made; a store of an older format is
    brought to the present one in memory. "write": it is brought there on disk. "create": it is
    made if there is none. Raises `UserError` if there is none, if a newer Paribus made it, if the
    folder cannot be written to, or if it is damaged beyond single runs (lenient: studies may be).
    """
    refuse_foreign(folder)
    refuse_empty(folder, made=mode == "create")
    if mode != "create" and not (folder / "paribus.db").is_file():
        raise no_store(folder)
    if mode == "read":
        return _opened(Reader, folder, _connect_to_read(folder), lenient=lenient)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "locks").mkdir(exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be used as a store: {error.strerror}; "
            "name another folder with --store"
        ) from None
    return _opened(Writer, folder, _connect_to_write(folder), lenient=lenient)


def _opened(kind: type[T], folder: Path, db: sqlite3.Connection, *, lenient: bool) -> T:
    try:
        try:
            return kind(folder, db, lenient=lenient)
        finally:
            if isinstance(db, AtRest):
                db.refuse_written()
    except BaseException:
        db.close()
        raise


def open_to_look(folder: Path, *, lenient: bool = False) -> Reader:
    """Open the store in a folder for a command that only reads it.

    Where the folder may be written to and is no network file system, one of an older format is
    migrated for good; but not while an older Paribus trains in it, which would go on to write the
    format that it knows. Raises what `open_store` raises.
    """
    database = folder / "paribus.db"
    writable = all(os.access(path, os.W_OK) for path in (folder, database) if path.exists())
    if network_type(folder, mount_table()):
        writable = False  # Another process may be writing, the only one that can.
    if writable and _is_trained_by_older(folder):
        writable = False
    return open_store(folder, "write" if writable else "read", lenient=lenient)


def signature(folder: Path) -> Signature:
    """Return a stamp that changes whenever a store is written to; empty without a store."""
    parts = []
    for name in ("paribus.db", "paribus.db-wal"):
        try:
            found = (folder / name).stat()
        except OSError:
            continue
        parts.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(parts)


def _connect_to_write(folder: Path) -> sqlite3.Connection:
    path = folder / "paribus.db"
    shared = network_type(folder, mount_table())
    with told(folder):
        db = (
            connect_alone(folder, shared)
            if shared
            else sqlite3.connect(path, timeout=60, isolation_level=None)
        )
        try:
            refuse_newer(db, folder)
            if _is_trained_by_older(folder):
                raise UserError(
                    f"{folder}: an older Paribus is training in this store, and does not know the "
                    "format of this one; wait until it has ended, or stop it with Ctrl-C, then "
                    "call the same command again"
                )
            # With a log, a killed process loses nothing; a power cut may lose the last epochs but
            # no consistency. Without one, it could be lost, unless each write is waited for.
            db.execute(f"PRAGMA journal_mode = {'DELETE' if shared else 'WAL'}")
            db.execute(f"PRAGMA synchronous = {'FULL' if shared else 'NORMAL'}")
            for run in migrate(db, folder):
                remove_files(run, folder)
            db.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            db.close()
            raise
    return db


def _is_trained_by_older(folder: Path) -> bool:
    """Whether a store of an older format has a run that some process trains at this moment."""
    path = (folder / "paribus.db").absolute()
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
            is_older = 0 < version(db) < SCHEMA_VERSION
    except sqlite3.Error:
        return False  # The command that opens it reports the fault.
    locks = sorted((folder / "locks").glob("*.lock")) if is_older else []
    return any(is_claimed(folder, lock.stem) for lock in locks if lock.name != LOCK)


def _connect_to_read(folder: Path) -> sqlite3.Connection:
    path = (folder / "paribus.db").absolute()
    # SQLite would make a write-ahead log where there is none, even to read. Without one nobody
    # writes at this moment, and the file can be read as it is. One with a rollback journal cannot
    # be told to be at rest, and nothing is made to read it.
    try:
        idle = _has_log(path) and not path.with_name("paribus.db-wal").exists()
        return _in_present_format(connect_at_rest(path) if idle else _connect_beside(path), folder)
    except sqlite3.Error as error:
        raise UserError(f"{path}: cannot be read as a store ({error}); {FROM_COPY}") from None
    except OSError as error:
        raise disk_error(folder, error) from None


def _in_present_format(db: sqlite3.Connection, folder: Path) -> sqlite3.Connection:
    try:
        refuse_newer(db, folder)
        if version(db) < SCHEMA_VERSION:
            db = in_memory(db)
            migrate(db, folder)
    except BaseException:
        db.close()
        raise
    return db


def _connect_beside(path: Path) -> sqlite3.Connection:
    """A connection that reads while others write."""
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5, isolation_level=None)
    try:
        version(db)
    except sqlite3.OperationalError as error:
        db.close()
        # What a killed process had half written would have to be undone in the file itself.
        refused = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
        if error.sqlite_errorcode & 0xFF in refused and (copy := recovered(path)) is not None:
            return copy
        raise
    return db


def _has_log(database: Path) -> bool:
    """Whether a database is written through a write-ahead log, by its header."""
    with open(database, "rb") as file:
        return file.read(20)[18:] == b"\2\2"
