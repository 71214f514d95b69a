"""Reads what may come from a stranger: plain files of bounded size, and JSON of known types."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from paribus.errors import UserError


def damaged(path: Path, why: str) -> UserError:
    return UserError(
        f"{path}: is damaged or was changed ({why}); get the pack again, or pack its store again"
    )


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a file. No link is followed, and nothing but a plain file is read.

    Raises `UserError` if it is something else, or larger than `most` bytes.
    """
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            raise damaged(path, "it is not a regular file")
        if found.st_size > most:
            raise damaged(path, f"it is larger than {most:,} bytes")
        with open(path, "rb") as file:
            return file.read(found.st_size)
    except OSError as error:
        raise damaged(path, error.strerror or "it cannot be read") from None


def parse(path: Path, text: bytes) -> Any:
    """Return JSON as plain types. Raises `UserError` where it is none."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        # Half of a surrogate pair can be written in JSON, but nowhere else.
        json.dumps(value, ensure_ascii=False).encode()
        return value
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"no JSON: {error}"[:200]) from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


class Checked:
    """A table of JSON whose values are asked for by type. A method raises `UserError` where the
    value is missing or of another type."""

    def __init__(self, path: Path, table: Any) -> None:
        self._path = path
        if not isinstance(table, dict):
            raise damaged(path, "a table is missing")
        self._table: dict[str, Any] = table

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        """Return a text, which matches a pattern as a whole."""
        value = self._of(key, str)
        if pattern is not None and not pattern.fullmatch(value):
            raise damaged(self._path, f'"{key}" is not what it should be')
        return str(value)

    def count(self, key: str, least: int = 0, most: int = 1 << 40) -> int:
        """Return an integer within bounds."""
        value = self._of(key, int)
        if isinstance(value, bool) or not least <= value <= most:
            raise damaged(self._path, f'"{key}" is out of bounds')
        return int(value)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        return bool(self._of(key, bool))

    def list(self, key: str) -> list[Any]:
        """Return a list."""
        return list(self._of(key, list))

    def table(self, key: str) -> dict[str, Any]:
        """Return a table."""
        return dict(self._of(key, dict))

    def _of(self, key: str, kind: type) -> Any:
        value = self._table.get(key)
        if not isinstance(value, kind):
            raise damaged(self._path, f'"{key}" is missing or of another kind')
        return value
