"""What can go wrong for a user, and the exit status it ends a command with.

The command line prints the message of a `ParibusError` alone. Any other exception that reaches
it is a defect of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib.util import find_spec

EXTRAS = {
    "download": ("requests",),
    "figures": ("matplotlib",),
    "mlflow": ("mlflow", "sqlalchemy", "alembic"),
    "onnx": ("onnx",),
    "pandas": ("pandas",),
    "ray": ("ray",),
    "serve": ("starlette", "uvicorn"),
    "tensorboard": ("tensorboard",),
    "torch": ("torch",),
}
"""The packages that an extra of Paribus brings and its part cannot do without, as they are
imported."""


class ParibusError(Exception):
    """A failure that is reported in one message, without a traceback."""

    exit_status = 1


class UserError(ParibusError):
    """An error in what the user typed or supplied; the message says what to do about it."""

    exit_status = 2


def check_all(*checks: Callable[[], object]) -> None:
    """Make several checks. Raises one `UserError` with what each of them finds wrong."""
    found: list[str] = []
    for check in checks:
        try:
            check()
        except UserError as error:
            found.append(str(error))
    if found:
        raise UserError("\n".join(found))


class NotInstalledError(UserError):
    """Optional packages that are not installed; the message has the command that installs them."""


def lacking(
    extra: str, what: str, packages: Sequence[str] | None = None
) -> NotInstalledError | None:
    """Return the error for a package of an extra that is not installed; None if all are.

    what: the subject of the sentence, which needs it. packages: those that it needs, by default
    all that the extra's part cannot do without.
    """
    for package in EXTRAS[extra] if packages is None else packages:
        if find_spec(package) is None:
            return NotInstalledError(
                f"{what} needs the package {package}, which is not installed; install it with: "
                f'pip install "paribus[{extra}]"'
            )
    return None


def need(extra: str, what: str) -> None:
    """Raise what `lacking` returns, if it returns something."""
    if error := lacking(extra, what):
        raise error


def did_you_mean(got: str, known: Sequence[str]) -> str:
    """Return the tail of a message about an unknown name: the nearest one known, or all of them.

    >>> did_you_mean("optimiser", ["optimizer", "epochs"])
    'did you mean "optimizer"?'
    >>> did_you_mean("MNIST", ["mnist", "kmnist"])
    'did you mean "mnist"?'
    >>> did_you_mean("x", ["optimizer", "epochs"])
    'known are optimizer, epochs'
    """
    lower = {name.lower(): name for name in reversed(known)}
    # Long texts are no slip of the pen, and take long to compare.
    if len(got) <= 100 and (near := get_close_matches(got.lower(), lower, n=1)):
        return f'did you mean "{lower[near[0]]}"?'
    return f"known are {', '.join(known)}" if known else "none is known"
