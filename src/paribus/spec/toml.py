"""TOML of a study file, from bytes to tables, within bounds that are checked before it is parsed.

`tomllib` takes time or the stack without end for some small texts: arrays nested 3,000 deep, a
dotted key of 10,000 parts, an integer of 5,000 digits.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from paribus.errors import UserError, did_you_mean
from paribus.spec.bounds import (
    DEEPEST_FILE,
    LONGEST_LIST,
    MOST_BYTES,
    MOST_DIGITS,
    MOST_KEYS,
)
from paribus.text import shown

# What a TOML text is made of, as far as its bounds go: strings and comments, in which brackets and
# dots mean nothing, then brackets, dots, other words, ends of lines.
_PART = re.compile(
    r'''(?P<long>"""(?:[^"\\]|\\.|"(?!""))*(?:"{3,5}|\Z)|\'\'\'(?:[^']|'(?!''))*(?:'{3,5}|\Z))'''
    r"""|(?P<string>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<dot>\.)|(?P<end>\n)"
    r"|(?P<word>[A-Za-z0-9_+-]+)|(?P<space>[ \t\r]+)",
    re.DOTALL,
)

_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def read_text(path: Path, where: str, built_in: list[str]) -> str:
    """Return the text of a study file.

    where: what the user calls it. built_in: the names of studies that are no files. Raises
    `UserError` if there is no such file, if it is no regular file, too large, or not UTF-8.
    """
    name = shown(where)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise UserError(f"{name}: is a folder; name the study file in it")
        if not stat.S_ISREG(mode):
            raise UserError(f"{name}: is not a regular file, but a pipe or device; save it first")
        # Without O_NONBLOCK, what became a pipe since would be waited for.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UserError(
            f"{name}: there is no such file, nor a built-in study of that name; "
            f"{did_you_mean(where, built_in)}"
        ) from None
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror or error}") from None
    except ValueError:  # A NUL, which no path can hold.
        raise UserError(f"{name}: is not a path that a file can have") from None
    if len(content) > MOST_BYTES:
        raise UserError(f"{name}: is larger than {MOST_BYTES:,} bytes; a study is a TOML file")
    return _decoded(content, name)


def _decoded(content: bytes, name: str) -> str:
    """Return bytes as text, which other bytes than UTF-8's are no study's."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(f"{name}: is text in UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(
            f"{name}, line {line}: is not text in UTF-8; a study is a TOML file, saved as UTF-8"
        ) from None


def parse(text: str, where: str) -> dict[str, Any]:
    """Return the tables of a TOML text. Raises `UserError` with the line of an error."""
    text = text.removeprefix("\ufeff")
    if len(text) > MOST_BYTES:
        raise UserError(f"{where}: is longer than {MOST_BYTES:,} characters")
    for problem in _beyond_bounds(text):
        raise UserError(f"{where}, {problem}")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        said = str(error).replace("\n", "\\n") or type(error).__name__
        raise UserError(f"{where}: is not valid TOML: {shown(said)}") from None
    for problem in (*_too_wide(table), *_commanding(table)):
        raise UserError(f"{where}, {problem}")
    return table


def _commanding(value: Any, path: str = "") -> Iterator[str]:
    """Give the texts with characters that command a terminal, or turn the order of others."""
    if isinstance(value, str):
        if found := _COMMANDS.search(value):
            character = ascii(found[0])[1:-1]
            yield f"{path or 'a key'}: has the control character {character}; remove it"
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _commanding(key)
            yield from _commanding(part, f"{path}.{shown(key)}" if path else shown(key))
    elif isinstance(value, list):
        for part in value:
            yield from _commanding(part, path)


def _too_wide(value: Any, path: str = "") -> Iterator[str]:
    """Give the tables and arrays that have too many entries, the outermost first."""
    inner: Iterable[tuple[object, Any]]
    if isinstance(value, dict):
        if len(value) > MOST_KEYS:
            yield f"{path or 'top level'}: has {len(value):,} keys; write at most {MOST_KEYS:,}"
        inner = value.items()
    elif isinstance(value, list):
        if len(value) > LONGEST_LIST:
            yield f"{path}: has {len(value):,} entries; write at most {LONGEST_LIST:,}"
        inner = enumerate(value, start=1)
    else:
        return
    for key, part in inner:
        # Most values are neither, and there may be many.
        if isinstance(part, dict | list):
            yield from _too_wide(part, f"{path}.{shown(key)}" if path else shown(key))


def _beyond_bounds(text: str) -> Iterator[str]:
    """Give what in a text is beyond the bounds, with its line."""
    line, depth, dots, before = 1, 0, 0, 0
    for part in _PART.finditer(text):
        kind, found = part.lastgroup, part.group()
        # A comma or an equals sign stood between: dots before and after it are of two keys.
        if part.start() != before or kind in ("open", "close", "end", "comment"):
            dots = 0
        before = part.end()
        match kind:
            case "open":
                depth += 1
                if depth > DEEPEST_FILE:
                    yield f"line {line}: brackets are nested more than {DEEPEST_FILE} deep"
            case "close":
                depth = max(0, depth - 1)
            case "dot":
                dots += 1
                if dots >= DEEPEST_FILE:
                    yield f"line {line}: a key has more than {DEEPEST_FILE} parts"
            case "word" if len(found) > MOST_DIGITS and found[0] in "+-0123456789":
                yield (
                    f"line {line}: a number has {len(found):,} characters; write at most "
                    f"{MOST_DIGITS}"
                )
        line += found.count("\n")
