"""Whether a run is claimed: seen without claiming it, so nobody is in the way of another."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout

try:
    import fcntl
except ImportError:  # Windows has none.
    fcntl = None  # type: ignore[assignment]


def lock_path(store: Path, run: str) -> Path:
    """Return the file whose lock is held by the process that trains a run."""
    return store / "locks" / f"{run}.lock"


def is_claimed(store: Path, run: str) -> bool:
    """Return whether some process, this one included, trains a run at this moment."""
    path = lock_path(store, run)
    if fcntl is None:
        return _is_locked(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # Shared, so that others who look are not in the way; released at once.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _is_locked(path: Path) -> bool:
    """Where there are no shared locks: by taking it for a moment."""
    if not path.exists() or path.is_symlink():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0.2, poll_interval=0.02)
    except (Timeout, OSError):
        return True
    lock.release()
    return False
