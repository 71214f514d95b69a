"""Data sets as one .npz file of NumPy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset, Images, Labels, numbered
from paribus.data.reading import unreadable
from paribus.errors import UserError

KEYS = ("train_images", "train_labels", "test_images", "test_labels")
KERAS_KEYS = ("x_train", "y_train", "x_test", "y_test")

_LAYOUTS = (
    "needs uint8 of shape (N, H, W), or (N, H, W, C) or (N, C, H, W) with C = 1 or 3 channels"
)


def load(file: Path, name: str) -> Dataset:
    """The data set in an .npz file, under `KEYS` or `KERAS_KEYS`. Raises `UserError`.

    Images: see `channels_first`. Labels: whole numbers of shape (N,) or (N, 1). Nothing pickled is
    ever loaded.
    """
    arrays = _read(file)
    train_images, train_labels, test_images, test_labels = arrays.values()
    train_key, train_labels_key, test_key, test_labels_key = arrays
    train_labels = _labels(f"{file}, {train_labels_key}", train_labels)
    test_labels = _labels(f"{file}, {test_labels_key}", test_labels)
    return Dataset(
        name=name,
        train_images=channels_first(f"{file}, {train_key}", train_images),
        train_labels=train_labels,
        test_images=channels_first(f"{file}, {test_key}", test_images),
        test_labels=test_labels,
        class_names=numbered(train_labels, test_labels),
    )


def channels_first(where: str, images: npt.NDArray[Any]) -> Images:
    """`images` as (N, C, H, W), from (N, H, W), (N, H, W, C) or (N, C, H, W), C being 1 or 3.

    >>> channels_first("x", np.zeros((5, 28, 20, 3), np.uint8)).shape
    (5, 3, 28, 20)

    Raises `UserError` for any other shape or type, and where both layouts of channels fit.
    """
    if images.dtype != np.uint8:
        raise UserError(
            f"{where}: is {images.dtype}; {_LAYOUTS}, so convert pixels to 0 to 255, e.g. with "
            '(255 * x).round().astype("uint8") where they are 0 to 1.'
        )
    if images.ndim == 3:
        return images[:, np.newaxis]
    first = images.ndim == 4 and images.shape[1] in (1, 3)
    last = images.ndim == 4 and images.shape[3] in (1, 3)
    if first and last:
        raise UserError(
            f"{where}: of shape {images.shape}, either axis 1 or axis 3 may be the channels; "
            f"{_LAYOUTS}, but not both at once."
        )
    if first:
        return images
    if last:
        return images.transpose(0, 3, 1, 2)
    raise UserError(f"{where}: has shape {images.shape}; {_LAYOUTS}.")


def _labels(where: str, labels: npt.NDArray[Any]) -> Labels:
    if labels.dtype.kind not in "iu":
        raise UserError(
            f"{where}: is {labels.dtype}; needs whole numbers, 0 for the first class, 1 for the "
            'next, e.g. with astype("int64").'
        )
    # Keras gives the labels of CIFAR as a column.
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise UserError(
            f"{where}: has shape {labels.shape}; needs one number for each image, shape (N,), e.g. "
            "argmax(1) of one-hot labels."
        )
    if labels.dtype == np.uint64:  # What int64 cannot hold would turn negative.
        labels = np.minimum(labels, np.uint64(np.iinfo(np.int64).max))
    whole: Labels = labels.astype(np.int64)
    return whole


def _read(file: Path) -> dict[str, npt.NDArray[Any]]:
    """The four arrays by their keys: training images and labels, test images and labels."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise unreadable(file, error) from error
    with stream:
        try:
            archive = np.load(stream, allow_pickle=False)
        except Exception as error:  # NumPy and zipfile raise almost anything for arbitrary bytes.
            raise UserError(f"{file}: is no .npz file; write it with numpy.savez.") from error
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise UserError(
                f"{file}: holds a single array (.npy); write all four into one file with "
                "numpy.savez."
            )
        with archive:
            for keys in (KEYS, KERAS_KEYS):
                if all(key in archive for key in keys):
                    return {key: _array(file, archive, key) for key in keys}
            raise UserError(
                f"{file}: holds {', '.join(archive.files) or 'nothing'}; needs "
                f"{', '.join(KEYS)}, or {', '.join(KERAS_KEYS)}."
            )


def _array(file: Path, archive: np.lib.npyio.NpzFile, key: str) -> npt.NDArray[Any]:
    try:
        array = archive[key]
    except Exception as error:  # as above
        if "allow_pickle" in str(error):
            raise UserError(
                f"{file}, {key}: holds Python objects, which are never loaded from a file; save it "
                "as an array of numbers."
            ) from error
        raise UserError(
            f"{file}, {key}: is damaged and cannot be read; write the file again."
        ) from error
    if not isinstance(array, np.ndarray):
        raise UserError(f"{file}, {key}: is no array; write the file with numpy.savez.")
    return array
