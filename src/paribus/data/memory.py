"""A bound on the memory of a dataset, applied to what headers announce before any is taken.

A small file can ask for much: 2 MB of gzip hold 2 GB of zeros.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field

from paribus.errors import UserError
from paribus.text import size_text

VARIABLE = "PARIBUS_MAX_DATA_GB"
DEFAULT_GB = 1.0
_COPIES = 8


def limit() -> int:
    """Return the bound in bytes: $PARIBUS_MAX_DATA_GB, or 1 GB.

    Raises `UserError` if the variable holds anything but a positive number.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return round(DEFAULT_GB * 1e9)
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = math.nan
    if not 0 < gigabytes < 1e9:
        raise UserError(f'{VARIABLE}: must be a positive number of gigabytes, got "{text}"')
    return round(gigabytes * 1e9)


@dataclass
class Memory:
    """The memory that a dataset may still take, in bytes."""

    left: int = field(default_factory=limit)
    taken: int = 0

    def check(self, where: str, size: int) -> None:
        """Raise `UserError` if fewer than `size` bytes are left. where: names what needs them."""
        if size <= self.left:
            return
        bound = size_text(self.taken + self.left)
        needs = f"{where}: needs {size_text(size)} of memory"
        if self.taken:
            needs += f" beside {size_text(self.taken)} of what was read before"
        enough = max(1, math.ceil((self.taken + size) / 1e9))
        raise UserError(
            f"{needs}, but a dataset may take {bound}; reduce it, or set {VARIABLE}={enough} to "
            "allow it."
        )

    def check_one(self, where: str, size: int) -> None:
        """The same of one image, which may take an eighth: to read it takes several copies."""
        if size > self.left // _COPIES:
            enough = max(1, math.ceil(_COPIES * (self.taken + size) / 1e9))
            raise UserError(
                f"{where}: needs {size_text(size)} of memory, but an image may take "
                f"{size_text(self.left // _COPIES)}; resize it, or set {VARIABLE}={enough} to "
                "allow it."
            )

    def take(self, where: str, size: int) -> None:
        """Count `size` bytes as taken. Raises `UserError` if they are more than are left."""
        self.check(where, size)
        self.taken += size
        self.left -= size
