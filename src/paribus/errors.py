"""What can go wrong for a user, and the exit status it ends a command with.

The command line prints the message of a `ParibusError` alone. Any other exception that reaches
it is a defect of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.util import find_spec


class ParibusError(Exception):
    """A failure that is told in one message, without a traceback."""

    exit_status = 1


class UserError(ParibusError):
    """A mistake in what the user typed or fed; the message says what to do about it."""

    exit_status = 2


def require_packages(what: str, *packages: str, extra: str) -> None:
    """Raise `UserError`, saying how to install it, if one of some packages is missing.

    what: what needs them, with its verb, e.g. 'the format "onnx" needs'. extra: the extra of
    `paribus` that brings them.
    """
    if missing := [package for package in packages if find_spec(package) is None]:
        raise UserError(
            f"{what} the package {missing[0]}, which is not installed; install it with: "
            f"pip install paribus[{extra}]"
        )


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
