"""Functions of a user's own, named by an import path as "my_package.data:load"."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    where: what names it, for messages. Raises `UserError` if it is not to be had.
    """
    import_module_of(path, folder)
    function = imported(path, where)
    if not callable(function):
        raise UserError(f"{where}: is a {type(function).__name__}; it must be a function")
    found: Callable[..., Any] = function
    return found


def imported(path: str, where: str) -> Any:
    """Import what a path as "module:name" names.

    where: what names it, for messages. Raises `UserError` if it is not to be had.
    """
    module, _, name = path.partition(":")
    try:
        with printing_aside():
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


_LOCK = Lock()
_stdouts: list[TextIO] = []
"""The standard output that was there before, once for each that prints aside."""


@contextmanager
def printing_aside() -> Iterator[None]:
    """Have what a user's own code prints go where messages do: what a command prints may be read
    by a program, as JSON. Several threads may do so at once."""
    with _LOCK:
        _stdouts.append(_stdouts[0] if _stdouts else sys.stdout)
        sys.stdout = sys.stderr
    try:
        yield
    finally:
        with _LOCK:
            stdout = _stdouts.pop()
            if not _stdouts:
                sys.stdout = stdout


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what a user's own code raises into a `UserError` that says what and where."""
    try:
        with printing_aside():
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
