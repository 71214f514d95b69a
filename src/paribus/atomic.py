"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_atomically(path: Path, content: bytes | NDArray[np.generic]) -> None:
    """Write bytes, or an array in NumPy's format, so that `path` never holds half of it."""
    name = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with open(name, "xb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                np.save(file, content, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
        _sync_folder(path.parent)
    except BaseException:
        name.unlink(missing_ok=True)
        raise


def half_written_of(path: Path) -> list[Path]:
    """Return the files that killed processes left while they wrote to a path."""
    own = re.compile(rf"\.{re.escape(path.name)}-[0-9a-f]{{32}}")
    return [found for found in path.parent.glob(".*") if own.fullmatch(found.name)]


def _sync_folder(folder: Path) -> None:
    """Have the name outlive a power cut too, not just the content."""
    if os.name == "nt":  # Windows opens no folders.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
