"""Functions of a user's own, named by an import path as "my_package.data:load"."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

from paribus.errors import UserError, did_you_mean
from paribus.spec.code import import_module_of

# Where the code between us and the user's own lies.
_NOT_THE_USERS = (
    str(Path(__file__).parents[1]),
    str(Path(importlib.__file__).parent),
    "<frozen",
)
_INSTALLED = {"site-packages", "dist-packages"}

UNTRUSTED = "no code is run because a store names it; name the study that you trust"
"""Why a function or a custom module is not called that only a store names."""


def find_function(path: str, folder: Path, where: str) -> Callable[..., Any]:
    """Import a function from a study's folder first, as `code.import_code` does a module.

    where: what names it, for messages. Raises `UserError` if it cannot be found.
    """
    import_module_of(path, folder)
    function = imported(path, where)
    if not callable(function):
        raise UserError(f"{where}: is a {type(function).__name__}; it must be a function")
    found: Callable[..., Any] = function
    return found


def imported(path: str, where: str) -> Any:
    """Import what a path as "module:name" names.

    where: what names it, for messages. Raises `UserError` if it cannot be found.
    """
    module, _, name = path.partition(":")
    try:
        with set_apart():
            source = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # A user's own code may raise anything.
        raise UserError(
            f'{where}: cannot import "{module}": {in_one_line(error)}; is it installed, or in the '
            "folder of the study file?"
        ) from error
    if not hasattr(source, name):
        names = [key for key, value in vars(source).items() if callable(value)]
        raise UserError(f'{where}: "{module}" has no "{name}"; {did_you_mean(name, names)}')
    return getattr(source, name)


@dataclass(frozen=True)
class _Before:
    """State of a process before custom code ran in it."""

    stdout: TextIO
    folder: str
    """The current one; "" if it is gone."""
    filters: tuple[object, ...]
    """Of warnings."""

    @classmethod
    def now(cls) -> _Before:
        try:
            folder = os.getcwd()
        except FileNotFoundError:
            folder = ""
        return cls(sys.stdout, folder, tuple(warnings.filters))

    def give_back(self) -> None:
        sys.stdout = self.stdout
        if self.folder:
            with suppress(OSError):  # It may have been removed meanwhile.
                os.chdir(self.folder)
        if tuple(warnings.filters) != self.filters:
            warnings.resetwarnings()
            warnings.filters[:] = self.filters  # type: ignore[index]


_LOCK = Lock()
_before: list[_Before] = []
"""Of the first of those that are set apart at this moment, once for each of them."""


@contextmanager
def set_apart() -> Iterator[None]:
    """Have what a user's own code prints go where messages do, since what a command prints may be
    read by a program, as JSON; and give back the current folder, from which paths of a command
    start, and the filters of warnings. Several threads may do so at once."""
    with _LOCK:
        _before.append(_before[0] if _before else _Before.now())
        sys.stdout = sys.stderr
    try:
        yield
    finally:
        with _LOCK:
            before = _before.pop()
            if not _before:
                before.give_back()


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what a user's own code raises into a `UserError` that says what and where."""
    try:
        with set_apart():
            yield
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise UserError(f"{where}: raised {in_one_line(error)}") from error


def in_one_line(error: BaseException) -> str:
    """Return an error in one line, with the last place in the user's own code that it went through,
    or in a package of theirs that is installed."""
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    theirs = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_NOT_THE_USERS)
    ]
    own = [frame for frame in theirs if not _INSTALLED & set(Path(frame.filename).parts)]
    place = (own or theirs)[-1:]
    return f"{text} ({place[0].filename}, line {place[0].lineno})" if place else text
