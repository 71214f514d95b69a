"""Which test examples a run gets right: a file for each run, named in a column of the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.errors import UserError

# N test examples


def read_correct(path: Path, place: str) -> NDArray[np.bool_]:
    """Return which examples a run classifies correctly, (N,): from a file of NumPy (.npy) or a text
    with a 1 or a 0 for each example.

    place: what messages begin with. Raises `UserError` if it is no such file.
    """
    try:
        if path.suffix == ".npy":
            found = np.load(path, allow_pickle=False)
        else:
            words = path.read_text("utf-8-sig").replace(",", " ").split()
            found = np.array([float(word) for word in words])
    except OSError as error:
        raise UserError(f"{place}: {path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError):
        raise UserError(
            f"{place}: {path}: must be an array of NumPy (.npy) or a text with a 1 or a 0 for each "
            "example"
        ) from None
    is_number = found.dtype.kind in "biuf"
    if found.ndim != 1 or not found.size or not is_number or not np.isin(found, (0, 1)).all():
        raise UserError(
            f"{place}: {path}: needs a 1 or a 0 for each example, got an array of {found.dtype} of "
            f"shape {found.shape}"
        )
    return np.asarray(found, dtype=np.bool_)
