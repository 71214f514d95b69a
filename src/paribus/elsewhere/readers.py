"""The formats that results from elsewhere are read from, by name.

Another package registers its own by an entry point of the group "paribus.readers".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.elsewhere.frame import Frame, united
from paribus.errors import UserError
from paribus.registry import Registry


@dataclass(frozen=True)
class ResultReader:
    """A format.

    `what`: what it is, for messages, such as "a CSV file". `recognises`: whether a path, which
    exists, is of this format, by its name and first bytes. `read`: returns its table; raises
    `UserError` saying what is wrong with it.
    """

    what: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], Frame]


READERS: Registry[ResultReader] = Registry(
    "readers",
    "format of results",
    {
        "csv": "paribus.elsewhere.csv:READER",
    },
)


def read(paths: Sequence[Path], form: str | None = None) -> Frame:
    """Return the table of files or folders. form: the name of their format, known by itself if
    None.

    Raises `UserError` where a path is not there, or of no known format.
    """
    return united([_reader(path, form).read(path) for path in paths])


def _reader(path: Path, form: str | None) -> ResultReader:
    if not path.exists():
        raise UserError(f"{path}: there is no such file")
    if form is not None:
        return READERS.get(form)
    for name in READERS.names():
        reader = READERS.get(name)
        if reader.recognises(path):
            return reader
    known = ", ".join(READERS.get(name).what for name in READERS.names())
    raise UserError(
        f"{path}: no results were recognised in it; known are {known}; --format names the format"
    )
