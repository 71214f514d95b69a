"""Matrix products on one thread, so that sums have one order however many cores there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import (  # type: ignore[import-untyped]
    OpenBLASController,
    threadpool_info,
    threadpool_limits,
)

_lock = Lock()
_inside = 0
_limits: threadpool_limits | None = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold NumPy's BLAS to one thread.

    The setting is the whole process's, and runs in it may overlap: the first to come sets it and
    the last to leave restores it.
    """
    global _inside, _limits
    with _lock:
        if _inside == 0:
            _take_control()
            _limits = threadpool_limits(1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _limits is not None:
                _take_control()
                _limits.restore_original_limits()
                _limits = None
                OpenBLASController.clear_controlling_thread()


@cache
def blas_kernels() -> str:
    """Return which of its kernels NumPy's BLAS has chosen for this processor, e.g. "SkylakeX"; ""
    if NumPy's BLAS does not report it."""
    libraries = [found for found in threadpool_info() if found["user_api"] == "blas"]
    return next((found["architecture"] for found in libraries if "architecture" in found), "")


def _take_control() -> None:
    """threadpoolctl lets only the first thread that set a limit set others, and says nothing to the
    rest; but the first run to come, the last to leave and a caller's own limit may be of three."""
    OpenBLASController.clear_controlling_thread(force=True)
