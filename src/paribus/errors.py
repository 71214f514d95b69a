"""What can go wrong for a user, and the exit status it ends a command with.

The command line prints the message of a `ParibusError` alone. Any other exception that reaches
it is a defect of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


class ParibusError(Exception):
    """A failure that is told in one message, without a traceback."""

    exit_status = 1


class UserError(ParibusError):
    """A mistake in what the user typed or fed; the message says what to do about it."""

    exit_status = 2


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
