"""Failures of the disk and of the database, in words."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paribus.errors import ParibusError, UserError

_ELSEWHERE = "or name another folder with --store"
FROM_COPY = f"restore it from a copy, {_ELSEWHERE}"
_SAFE = "nothing that was finished is lost"


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turn failures of the disk and of the database of a store into `ParibusError`s."""
    try:
        yield
    except sqlite3.Error as error:
        raise database_error(folder, error) from None
    except OSError as error:
        raise disk_error(folder, error) from None


def no_store(folder: Path) -> UserError:
    return UserError(
        f"{folder}: no store found; create one with `paribus run`, or name the folder of another"
    )


def refuse_another(folder: Path, file: os.stat_result) -> None:
    """Raise `UserError` if the database of an open store is no longer where it was opened: nothing
    that is written to it then would be found again. file: what was opened."""
    try:
        there = os.path.samestat(os.stat(folder / "paribus.db"), file)
    except OSError:
        there = False
    if not there:
        raise UserError(
            f"{folder}: the store was removed, moved or replaced while this command worked in it, "
            "and keeps nothing more; if it was moved, put it back, and run the same command again"
        )


def damaged_study(folder: Path, what: str) -> UserError:
    return UserError(
        f"{folder}: {what}; restore {folder / 'paribus.db'} from a copy, or move the sound runs to "
        f"a new store: `paribus merge {folder} --into NEW`"
    )


def database_error(folder: Path, error: sqlite3.Error) -> ParibusError:
    # The low byte is the primary code; what Python itself raises has none.
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return _full(folder)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return UserError(
                f"{folder}: the store cannot be written to; check its permissions, {_ELSEWHERE}"
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return ParibusError(
                f"{folder}: another program has kept the store's database locked for a minute; "
                "close it and run the same command again"
            )
        case sqlite3.SQLITE_IOERR:
            return ParibusError(
                f"{folder}: the disk fails, or allows no more ({error}); {_SAFE}: check the disk "
                "and its quota, and run the same command again"
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return broken(folder, str(error))
    return ParibusError(f"{folder / 'paribus.db'}: {error}")


def broken(folder: Path, why: str) -> UserError:
    return UserError(
        f"{folder / 'paribus.db'}: is not a Paribus store or is damaged ({why}); {FROM_COPY}"
    )


def disk_error(folder: Path, error: OSError) -> ParibusError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(folder)
    return UserError(
        f"{error.filename or folder}: {error.strerror}; check the folder's permissions, "
        "or name another one"
    )


def _full(folder: Path) -> ParibusError:
    return ParibusError(
        f"{folder}: the disk is full; {_SAFE}: make room and run the same command again"
    )
