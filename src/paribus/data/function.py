"""Datasets from a function of the user's own, and from arrays in Python."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.data import npz, split
from paribus.data.dataset import Dataset
from paribus.data.remote import default_cache
from paribus.errors import UserError
from paribus.spec.functions import find_function, told

_RETURN = (
    f"it must return a dict of arrays with the keys {', '.join(npz.KEYS)}, "
    "and val_images and val_labels if there are any"
)


def load(path: str, folder: Path, name: str, share: float | None = None) -> Dataset:
    """Return the dataset that a function of an import path, e.g. "my_package.data:load", returns.

    It is called without arguments, in every process that needs the data, and must return the same
    each time: a dict of arrays as an .npz file holds them, or a `Dataset`. folder: the study's,
    which it is imported from. share: as `npz.load` has it. Raises `UserError` with the place where
    it fails.
    """
    where = f'data "{path}"'
    function = find_function(path, folder, where)
    with told(where):
        given = function()
    if isinstance(given, Dataset):
        if share is not None:
            raise split.no_effect(where, share, "test images of its own")
        return replace(given, name=name)
    if not isinstance(given, Mapping):
        raise UserError(f"{where}: returned a {type(given).__name__}; {_RETURN}")
    with told(where):
        arrays = {str(key): np.asarray(array) for key, array in given.items()}
    return npz.made_of(where, name, arrays, share)


def save_arrays(
    *,
    train_images: npt.ArrayLike,
    train_labels: npt.ArrayLike,
    test_images: npt.ArrayLike,
    test_labels: npt.ArrayLike,
    **others: Any,
) -> str:
    """Save a dataset of arrays as a file, and return its path: the `data` of a study in Python.

    Images are uint8 of shape (N, H, W), (N, H, W, C) or (N, C, H, W) with C = 1 or 3; labels are
    integers from 0, of shape (N,). others: `val_images` and `val_labels`, and `class_names`, a list
    of texts. The file lies in the folder of downloads under a name made of its content, so the
    same arrays are saved once. Raises `UserError` if
    they are not fit for training.
    """
    given = {
        "train_images": train_images,
        "train_labels": train_labels,
        "test_images": test_images,
        "test_labels": test_labels,
        **others,
    }
    arrays: dict[str, Any] = {
        key: np.asarray(array) for key, array in given.items() if array is not None
    }
    known = (*npz.KEYS, *npz.VALIDATION_KEYS[0], npz.CLASS_NAMES)
    if unknown := [key for key in arrays if key not in known]:
        raise UserError(f"arrays: {unknown[0]} is unknown; known are {', '.join(known)}")
    dataset = npz.made_of("arrays", "arrays", arrays)
    digest = hashlib.sha256(repr((dataset.fingerprint, dataset.class_names)).encode()).hexdigest()
    path = default_cache() / "arrays" / f"{digest[:16]}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as stream:
            np.savez_compressed(stream, **arrays)
        part.replace(path)
    return str(path)
