"""Writes a file whole or not at all, and removes what killed processes half wrote.

What is being written stands beside its place under a name of its own, and is locked by the process
that writes it. The operating system releases a lock when its process ends, however it ends: so what
can be locked is left over.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

try:
    import fcntl
except ImportError:  # Windows has none, and nothing is swept there.
    fcntl = None  # type: ignore[assignment]

_PART = re.compile(r"\..+-[0-9a-f]{32}")


def write_atomically(
    path: Path, content: bytes | NDArray[np.generic], *, sweeps: bool = True
) -> None:
    """Write bytes, or an array in NumPy's format, so that `path` never holds half of it.

    sweeps: remove what killed processes left of writing to the path, which reads the whole folder.
    Who writes many files to a folder calls `sweep_folder` once instead.
    """
    if sweeps:
        sweep(path)
    name = _part(path)
    try:
        with open(name, "xb") as file:
            _lock(file.fileno())
            if isinstance(content, bytes):
                file.write(content)
            else:
                np.save(file, content, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is not None:
                os.replace(name, path)
        if fcntl is None:  # Windows renames no open file.
            os.replace(name, path)
        _sync_folder(path.parent)
    except BaseException:
        name.unlink(missing_ok=True)
        raise


@contextmanager
def part_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside a path, for what is to be moved there; it is gone at the end."""
    sweep(path)
    folder = _part(path)
    folder.mkdir()
    try:
        with _locked_folder(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(path: Path) -> None:
    """Remove what killed processes left of writing to a path."""
    _remove(half_written_of(path))


def sweep_folder(folder: Path, names: str) -> None:
    """Remove what killed processes left of writing to some files of a folder, where no later call
    writes to the same paths; nothing else, which may be somebody's.

    names: a pattern for `Path.glob`, such as "*.json".
    """
    _remove([found for found in folder.glob(f".{names}-*") if _PART.fullmatch(found.name)])


def _remove(left_over: Iterable[Path]) -> None:
    if fcntl is None:
        return
    for left in left_over:
        with suppress(OSError):
            descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            finally:
                os.close(descriptor)


def half_written_of(path: Path) -> list[Path]:
    """Return the half-written files and folders beside a path, left over or still being written."""
    own = re.compile(rf"\.{re.escape(path.name)}-[0-9a-f]{{32}}")
    return [found for found in path.parent.glob(".*") if own.fullmatch(found.name)]


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}-{uuid.uuid4().hex}")


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        with suppress(OSError):  # Some file systems have no locks; then nothing is swept there.
            fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def _locked_folder(folder: Path) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Have the name outlive a power cut too, not just the content."""
    if os.name == "nt":  # Windows opens no folders.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
