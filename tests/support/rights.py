"""Rights of a common user, where the tests run as root, whom permissions do not stop."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

T = TypeVar("T")

_VERSION_3 = 0x20080522
_OVERRIDES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: to read and write what permissions forbid."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def with_common_rights(what: Callable[[], T]) -> T:
    """Call `what` where permissions hold, also for root: in a thread, which gives up root's
    capabilities for good. Skips the test where permissions are of another kind."""
    if os.name == "nt":
        pytest.skip("permissions of Windows are others")
    if sys.platform != "linux" or os.geteuid() != 0:
        return what()
    with ThreadPoolExecutor(1, initializer=_give_up) as thread:
        return thread.submit(what).result()


def _give_up() -> None:
    header, sets = _Header(_VERSION_3, 0), (_Sets * 2)()
    libc = ctypes.CDLL(None)
    assert libc.capget(ctypes.byref(header), sets) == 0
    sets[0].permitted &= ~_OVERRIDES
    sets[0].effective &= ~_OVERRIDES
    assert libc.capset(ctypes.byref(header), sets) == 0
