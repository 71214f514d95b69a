"""Datasets as one .npz file of NumPy arrays."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from paribus.data import split
from paribus.data.dataset import Dataset, Images, Labels, check_lengths, numbered
from paribus.data.memory import Memory
from paribus.data.reading import damaged, kind_of, open_file, passed_over
from paribus.data.zips import directory_size
from paribus.errors import UserError
from paribus.text import listed, shown

KEYS = ("train_images", "train_labels", "test_images", "test_labels")
KERAS_KEYS = ("x_train", "y_train", "x_test", "y_test")
# Validation images and labels beside either, the first as MedMNIST has them.
VALIDATION_KEYS = (
    ("val_images", "val_labels"),
    ("validation_images", "validation_labels"),
    ("x_val", "y_val"),
)
CLASS_NAMES = "class_names"
# Images and labels that test images can be taken from.
PAIRS = (
    ("images", "labels"),
    ("x", "y"),
    ("X", "y"),
    ("data", "target"),
    ("train_images", "train_labels"),
    ("x_train", "y_train"),
)

_LAYOUTS = (
    "needs uint8 of shape (N, H, W), or (N, H, W, C) or (N, C, H, W) with C = 1 or 3 channels"
)

_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000  # NumPy's own bound
_LONGEST_DIRECTORY = 1_000_000  # bytes, about 10,000 arrays
_BLOCK = 1 << 24  # values that are looked at together


def load(file: Path, name: str, share: float | None = None) -> Dataset:
    """Return the dataset in an .npz file, under `KEYS` or `KERAS_KEYS`, with its validation images
    if it has any under `VALIDATION_KEYS`.

    Images: see `channels_first`. Labels: integers of shape (N,) or (N, 1). Nothing pickled is ever
    loaded. share: which part of each class are test images, if there are none; the arrays may then
    be called as in `PAIRS`. Raises `UserError`.
    """
    where = shown(file)
    with open_file(file) as stream:
        arrays = _read(where, stream, share)
    return made_of(where, name, arrays, share)


def made_of(
    where: str, name: str, arrays: Mapping[str, npt.NDArray[Any]], share: float | None = None
) -> Dataset:
    """Return the dataset that arrays make; those that are no part of it are remarked.

    arrays: by their keys, as in a file. where: names them in messages. Raises `UserError`.
    """
    keys = keys_of(where, list(arrays), share)
    remarks = _not_used([key for key in arrays if key not in (*keys, CLASS_NAMES)])
    images = [channels_first(f"{where}, {key}", arrays[key]) for key in keys[::2]]
    labels = [_labels(f"{where}, {key}", arrays[key]) for key in keys[1::2]]
    names = numbered(*labels)
    if CLASS_NAMES in arrays:
        names = _class_names(f"{where}, {CLASS_NAMES}", arrays[CLASS_NAMES])
    if share is not None:
        check_lengths(name, "training", len(images[0]), len(labels[0]))
        return split.with_test_images(
            name, images[0], labels[0], names, share=share, remarks=remarks
        )
    return Dataset(
        name=name,
        train_images=images[0],
        train_labels=labels[0],
        test_images=images[1],
        test_labels=labels[1],
        validation_images=images[2] if len(images) > 2 else None,
        validation_labels=labels[2] if len(labels) > 2 else None,
        class_names=names,
        remarks=remarks,
    )


def channels_first(where: str, images: npt.NDArray[Any]) -> Images:
    """Return `images` as (N, C, H, W), from (N, H, W), (N, H, W, C) or (N, C, H, W), C = 1 or 3.

    >>> channels_first("x", np.zeros((5, 28, 20, 3), np.uint8)).shape
    (5, 3, 28, 20)

    Raises `UserError` for any other shape or type, and if both layouts of channels fit.
    """
    if images.dtype != np.uint8:
        raise UserError(f"{where}: is {shown(images.dtype)}; {_LAYOUTS}{_as_bytes(images)}.")
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


def _as_bytes(images: npt.NDArray[Any]) -> str:
    """Return how pixels of another type become 0 to 255, going by their values; or ""."""
    if images.dtype.kind not in "iufb" or not images.size:
        return ", so convert pixels to 0 to 255"
    low, high = float(images.min()), float(images.max())
    if not math.isfinite(low + high):
        return ", and it holds values that are not finite; convert pixels to 0 to 255"
    if images.dtype.kind == "b" or (low >= 0 and high <= 1):
        how = '(255 * x).round().astype("uint8"), as they are 0 to 1'
    elif low >= 0 and high <= 255:
        how = 'x.round().astype("uint8")' if images.dtype.kind == "f" else 'x.astype("uint8")'
        how += ", as they are 0 to 255"
    elif low >= -1 and high <= 1:
        how = '(127.5 * (x + 1)).round().astype("uint8"), as they are -1 to 1'
    elif images.dtype.kind in "iu" and low >= 0 and high <= 65535:
        how = f'(x / 257).round().astype("uint8") if they are 0 to 65,535; the largest is {high:,g}'
    else:
        return f", so convert pixels to 0 to 255; these are {low:g} to {high:g}"
    return f", so convert pixels to 0 to 255, e.g. with {how}"


def _class_names(where: str, names: npt.NDArray[Any]) -> tuple[str, ...]:
    if names.dtype.kind != "U" or names.ndim != 1:
        raise UserError(
            f"{where}: is {shown(names.dtype)} of shape {names.shape}; needs one text for each "
            "class, shape (classes,)."
        )
    return tuple(map(str, names))


def _labels(where: str, labels: npt.NDArray[Any]) -> Labels:
    if labels.dtype.kind not in "iufb":
        number = "number the classes 0, 1, 2 and so on, alike in both parts"
        text = "text" if labels.dtype.kind in "US" else shown(labels.dtype)
        raise UserError(f"{where}: is {text}; needs integers, so {number}.")
    # Keras gives the labels of CIFAR as a column.
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise UserError(
            f"{where}: has shape {labels.shape}; needs one integer for each image, shape (N,)"
            f"{_one_label(labels)}."
        )
    if labels.dtype.kind not in "iu":
        whole = np.isfinite(labels) & (labels == np.trunc(labels)) if labels.size else labels == 0
        if not whole.all():
            raise UserError(
                f"{where}: holds numbers that are not integers, e.g. {labels[~whole][0]:g}; needs "
                "the number of each image's class, 0 for the first class, 1 for the next."
            )
        raise UserError(
            f"{where}: is {labels.dtype}; needs integers, 0 for the first class, 1 for the next, "
            'e.g. with astype("int64").'
        )
    if labels.dtype == np.uint64:  # What int64 cannot hold would turn negative.
        labels = np.minimum(labels, np.uint64(np.iinfo(np.int64).max))
    numbers: Labels = labels.astype(np.int64)
    return numbers


def _one_label(labels: npt.NDArray[Any]) -> str:
    """Return how labels (N, K) become one per image, if they stand for one class each."""
    if labels.ndim != 2 or not labels.size:
        return ""
    rows = max(1, _BLOCK // labels.shape[1])
    blocks = [labels[start : start + rows] for start in range(0, len(labels), rows)]
    zero_or_one = all(bool(((block == 0) | (block == 1)).all()) for block in blocks)
    if not all(_shares(block) for block in blocks):
        several = "these are several labels an image, and " if zero_or_one else ""
        return f"; {several}Paribus trains one"
    if zero_or_one:
        return ", e.g. argmax(1) of these one-hot labels"
    return ", e.g. argmax(1) of these probabilities, the most probable class of each image"


def _shares(rows: npt.NDArray[Any]) -> bool:
    """Return whether every row is made of shares of 1, as one-hot labels and probabilities are."""
    sums = rows.sum(axis=1, dtype=np.float64)
    return bool(rows.min() >= 0 and np.allclose(sums, 1, rtol=0, atol=1e-3))


@dataclass(frozen=True)
class _Header:
    """Header of an array, which precedes its values."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """In bytes, as it is stored."""
        return math.prod(self.shape) * self.dtype.itemsize


def _read(where: str, stream: BinaryIO, share: float | None) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays by their keys; of those that are not needed, see `keys_of`, empty ones.

    All headers are read, and the sizes in them added up, before any array is.
    """
    start = stream.read(300)
    if start.startswith(_MAGIC):
        raise UserError(
            f"{where}: holds a single array (.npy); write all four into one file with numpy.savez."
        )
    if directory_size(stream) > _LONGEST_DIRECTORY:
        raise UserError(f"{where}: holds too many arrays to be a dataset; write the four alone.")
    try:
        archive = zipfile.ZipFile(stream)
    except Exception as error:  # zipfile raises almost anything for arbitrary bytes.
        what = kind_of(start)
        if what is None or what == "a zip archive":
            what = "no .npz file"
        raise UserError(f"{where}: is {what}; write it with numpy.savez.") from error
    with archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        keys = keys_of(where, list(members), share)
        wanted = [*keys, *([CLASS_NAMES] if CLASS_NAMES in members else [])]
        headers = {key: _header(f"{where}, {key}", archive, members[key]) for key in wanted}
        needed = sum(header.size for header in headers.values())
        for key in keys[1::2]:  # Labels are turned into int64.
            needed += 8 * math.prod(headers[key].shape[:1])
        Memory().check(where, needed)
        return {
            key: _array(f"{where}, {key}", archive, members[key]) if key in wanted else np.empty(0)
            for key in members
        }


def _not_used(keys: list[str]) -> tuple[str, ...]:
    """Return a clause on arrays that are not read, if there are any."""
    validates = any("val" in key.lower() for key in keys)
    return passed_over([shown(key) for key in keys], validates=validates)


def keys_of(where: str, there: list[str], share: float | None) -> tuple[str, ...]:
    """Return the keys of the arrays to read: images and labels of the training images, of the test
    images, and of the validation images if there are any; of one part if test images are taken from
    it. there: the keys that there are. Raises `UserError` if some are missing.
    """
    whole = next((keys for keys in (KEYS, KERAS_KEYS) if set(keys) <= set(there)), None)
    pair = next((keys for keys in PAIRS if set(keys) <= set(there)), None)
    if share is not None and whole is not None:
        raise split.no_effect(where, share, f"test images of its own ({whole[2]})")
    found = whole if share is None else pair
    if found is not None:
        if share is not None:
            return found
        held_out = (keys for keys in VALIDATION_KEYS if set(keys) <= set(there))
        return found + next(held_out, ())
    held = listed([shown(key) for key in there], most=20) or "nothing"
    if share is not None:
        raise UserError(
            f"{where}: holds {held}; needs {listed([' and '.join(keys) for keys in PAIRS], most=9)}"
            " to take test images from them."
        )
    hint = f"; or {split.HINT}" if pair is not None else ""
    raise UserError(
        f"{where}: holds {held}; needs {', '.join(KEYS)}, or {', '.join(KERAS_KEYS)}{hint}."
    )


def _header(where: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Header:
    """Return the header of one array. Raises `UserError` if it does not agree with the archive."""
    try:
        with archive.open(member) as stream:
            start = stream.read(len(_MAGIC) + 6 + _LONGEST_HEADER)
        if not start.startswith(_MAGIC):
            raise UserError(f"{where}: is not an array; write the file with numpy.savez.")
        header = BytesIO(start)
        version = npy.read_magic(header)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(header)
    except UserError:
        raise
    except Exception as error:  # as above
        raise _damaged(where) from error
    if dtype.hasobject:
        raise UserError(
            f"{where}: holds Python objects, which are never loaded from a file; save it as an "
            "array of numbers."
        )
    found = _Header(shape, dtype)
    if found.size != member.file_size - header.tell():
        raise _damaged(where)
    return found


def _array(where: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    try:
        with archive.open(member) as stream:
            array: npt.NDArray[Any] = npy.read_array(stream, allow_pickle=False)
            if stream.read(1):
                raise ValueError("more follows")
            array.flags.writeable = False
            return array
    except Exception as error:  # as above
        raise _damaged(where) from error


def _damaged(where: str) -> UserError:
    return damaged(where, "write the file again")
