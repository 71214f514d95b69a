"""The formats that results from elsewhere are read from, by name.

Another package registers its own by an entry point of the group "paribus.readers".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.elsewhere.frame import Frame
from paribus.errors import UserError
from paribus.registry import Registry


@dataclass(frozen=True)
class ResultReader:
    """A format.

    `what`: what it is, for messages, such as "a CSV file". `recognises`: whether a path, which
    exists, is of this format, by its name and first bytes. `read`: returns the table of one or
    several such paths; raises `UserError` saying what is wrong with them.
    """

    what: str
    recognises: Callable[[Path], bool]
    read: Callable[[Sequence[Path]], Frame]


READERS: Registry[ResultReader] = Registry(
    "readers",
    "format of results",
    {
        "wandb": "paribus.elsewhere.formats.wandb:READER",
        "lightning": "paribus.elsewhere.formats.lightning:READER",
        "huggingface": "paribus.elsewhere.formats.huggingface:READER",
        "mlflow": "paribus.elsewhere.formats.mlflow:READER",
        "mlruns": "paribus.elsewhere.formats.mlruns:READER",
        "tensorboard": "paribus.elsewhere.formats.tensorboard:READER",
        "csv": "paribus.elsewhere.formats.csv:READER",
    },
)


def read(paths: Sequence[Path], form: str | None = None) -> Frame:
    """Return the table of files or folders of one format. form: its name, recognised if None.

    Raises `UserError` where a path cannot be read, is of no known format, or of another than the
    first.
    """
    try:
        return _read(paths, form)
    except OSError as error:
        place = error.filename or paths[0]
        raise UserError(f"{place}: cannot be read: {error.strerror or error}") from None


def _read(paths: Sequence[Path], form: str | None) -> Frame:
    names = [_format_of(path, form) for path in paths]
    for path, name in zip(paths, names, strict=True):
        if name != names[0]:
            raise UserError(
                f"{paths[0]} and {path} are of different formats ({names[0]}, {name}); judge them "
                "one by one, or write both into one CSV file"
            )
    return READERS.get(names[0]).read(paths)


def _format_of(path: Path, form: str | None) -> str:
    if not path.exists():
        raise UserError(f"{path}: there is no such file")
    if form is not None:
        READERS.get(form)
        return form
    for name in READERS.names():
        if READERS.get(name).recognises(path):
            return name
    known = ", ".join(READERS.get(name).what for name in READERS.names())
    raise UserError(
        f"{path}: no results were recognised in it; known are {known}; --format names the format"
    )
