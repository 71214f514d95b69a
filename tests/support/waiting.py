"""What a process does that is to be stopped or killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from time import sleep


def pid_and_wait(_: None) -> Iterator[int]:
    """Yield the id of the process, and then nothing more for a long time."""
    yield os.getpid()
    sleep(600)
