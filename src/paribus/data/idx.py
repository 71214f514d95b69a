"""Data sets as four IDX files, the format of MNIST.

The format (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/): two zero bytes, a byte
for the type (8: unsigned bytes), a byte for the number of axes, the length of each axis as a
big-endian 32-bit integer, then the values, last axis fastest.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from paribus.data.dataset import Dataset, Images, Labels, numbered
from paribus.data.reading import entries, read_bytes
from paribus.errors import UserError
from paribus.text import plural

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)

_KINDS = {0x801: "labels", 0x803: "images"}


def find(folder: Path) -> dict[str, Path]:
    """The IDX files in a folder: for each of `FILES` that is there, where it is.

    Both spellings are known ("train-images-idx3-ubyte", "train-images.idx3-ubyte"), each gzipped
    (".gz") or not; of several, the first in this order is taken: not gzipped before gzipped.
    """
    present = {entry.name: entry for entry in entries(folder)}
    found = {}
    for file in FILES:
        spellings = (file, file.replace("-idx", ".idx"))
        for name in (*spellings, *(f"{spelling}.gz" for spelling in spellings)):
            if name in present:
                found[file] = present[name]
                break
    return found


def load(folder: Path, name: str) -> Dataset:
    """The data set of the four IDX files in `folder`. Raises `UserError` where one is faulty."""
    found = find(folder)
    missing = [file for file in FILES if file not in found]
    if missing:
        raise UserError(
            f"{folder}: {', '.join(missing)} {plural(len(missing), 'is', 'are')} missing; a "
            f"folder of IDX files holds {', '.join(FILES)}, each gzipped (.gz) or not."
        )
    return assemble(name, {file: (str(path), read_bytes(path)) for file, path in found.items()})


def assemble(
    name: str,
    files: Mapping[str, tuple[str, bytes]],
    class_names: tuple[str, ...] | None = None,
    attribution: str = "",
) -> Dataset:
    """The data set that the content of four files makes.

    files: for each of `FILES`, where it came from, and its bytes; gzipped where the name of where
    it came from ends in ".gz". class_names: numbers where None.
    """
    train_labels = read_labels(*files[TRAIN_LABELS])
    test_labels = read_labels(*files[TEST_LABELS])
    return Dataset(
        name=name,
        train_images=read_images(*files[TRAIN_IMAGES]),
        train_labels=train_labels,
        test_images=read_images(*files[TEST_IMAGES]),
        test_labels=test_labels,
        class_names=class_names or numbered(train_labels, test_labels),
        attribution=attribution,
    )


def read_images(where: str, raw: bytes) -> Images:
    """The images of one IDX file, (N, 1, H, W). where: its name, for messages."""
    values, (count, rows, columns) = _read(where, raw, 0x803)
    return values.reshape(count, 1, rows, columns)


def read_labels(where: str, raw: bytes) -> Labels:
    """The labels of one IDX file, (N,). where: its name, for messages."""
    values, _ = _read(where, raw, 0x801)
    return values.astype(np.int64)


def _read(where: str, raw: bytes, magic: int) -> tuple[Images, tuple[int, ...]]:
    """The values of a file, in one row, and the lengths of its axes."""
    if not raw:
        raise UserError(f"{where}: is empty; get the file again.")
    content = _unzip(where, raw) if where.endswith(".gz") else raw
    kind, axes = _KINDS[magic], magic & 0xFF
    header = 4 + 4 * axes
    got = int.from_bytes(content[:4], "big")
    if len(content) >= 4 and got != magic:
        if got in _KINDS:
            raise UserError(
                f"{where}: is a file of {_KINDS[got]}, where one of {kind} is expected; give each "
                "file its own name again."
            )
        if content[:2] == b"\x1f\x8b":
            raise UserError(f"{where}: is compressed with gzip; add .gz to its name.")
        raise UserError(
            f"{where}: is no IDX file of {kind}: it begins with 0x{got:08x}, where 0x{magic:08x} "
            f"(unsigned bytes, axes: {axes}) is expected; get the file again."
        )
    if len(content) < header:
        raise UserError(
            f"{where}: is cut off: it has {len(content)} bytes, and its header alone takes "
            f"{header}; get the file again."
        )
    shape = struct.unpack(f">{axes}I", content[4:header])
    lengths = " × ".join(f"{length:,}" for length in shape)
    if 0 in shape:
        raise UserError(f"{where}: holds no {kind}: its header says {lengths}.")
    promised, there = math.prod(shape), len(content) - header
    if there != promised:
        verdict = "is cut off" if there < promised else f"has {there - promised:,} bytes too many"
        raise UserError(
            f"{where}: {verdict}: its header promises {lengths} = {promised:,} bytes of {kind}, "
            f"and {there:,} follow; get the file again."
        )
    return np.frombuffer(content, np.uint8, offset=header), shape


def _unzip(where: str, raw: bytes) -> bytes:
    if raw[:2] != b"\x1f\x8b":
        raise UserError(
            f"{where}: is not compressed with gzip, though its name ends in .gz; get the file "
            "again, or take .gz off its name."
        )
    try:
        return gzip.decompress(raw)
    except EOFError as error:
        raise UserError(
            f"{where}: is cut off: its compressed data end too soon; get the file again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(
            f"{where}: is damaged: it cannot be unpacked ({error}); get the file again."
        ) from error
