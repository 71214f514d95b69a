"""Datasets as four IDX files, the format of MNIST.

The format (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/): two zero bytes, a byte
for the type (8: unsigned bytes), a byte for the number of axes, the length of each axis as a
big-endian 32-bit integer, then the values, last axis fastest.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from paribus.data import split
from paribus.data.dataset import Dataset, Images, Labels, check_lengths, numbered
from paribus.data.memory import Memory
from paribus.data.reading import entries, kind_of, not_used, read_bytes
from paribus.errors import UserError
from paribus.text import plural, shown

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)

_KINDS = {0x801: "labels", 0x803: "images"}
_AXES = {0x801: "images", 0x803: "images, rows, columns"}
_UNSIGNED_BYTES = 0x08
_TYPES = {
    0x08: "unsigned bytes",
    0x09: "signed bytes",
    0x0B: "16-bit integers",
    0x0C: "32-bit integers",
    0x0D: "32-bit floats",
    0x0E: "64-bit floats",
}
_GZIP = b"\x1f\x8b"

# How many bytes too many are counted before the rest is left unread.
_MOST_COUNTED = 1_000_000


def find(folder: Path) -> dict[str, Path]:
    """Return the IDX files in a folder: for each of `FILES` that is there, where it is.

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


def load(folder: Path, name: str, share: float | None = None) -> Dataset:
    """Return the dataset of the four IDX files in `folder`.

    share: which part of each class are test images, if there are no files of test images. Raises
    `UserError` if a file is faulty or missing.
    """
    found = find(folder)
    without_test = TEST_IMAGES not in found and TEST_LABELS not in found
    if share is not None and not without_test:
        raise split.no_effect(shown(folder), share, "test images of its own")
    needed = FILES[:2] if share is not None else FILES
    missing = [file for file in needed if file not in found]
    if missing:
        hint = f"; or {split.HINT}" if missing == list(FILES[2:]) else ""
        raise UserError(
            f"{shown(folder)}: {', '.join(missing)} {plural(len(missing), 'is', 'are')} missing; a "
            f"folder of IDX files holds {', '.join(FILES)}, each gzipped (.gz) or not{hint}."
        )
    files = {file: (shown(path), read_bytes(path)) for file, path in found.items()}
    remarks = not_used(folder, found.values())
    if share is None:
        return assemble(name, files, remarks=remarks)
    memory = Memory()
    labels = read_labels(*files[TRAIN_LABELS], memory)
    images = read_images(*files[TRAIN_IMAGES], memory)
    check_lengths(name, "training", len(images), len(labels))
    return split.with_test_images(
        name, images, labels, numbered(labels, labels), share=share, remarks=remarks
    )


def assemble(
    name: str,
    files: Mapping[str, tuple[str, bytes]],
    *,
    class_names: tuple[str, ...] | None = None,
    attribution: str = "",
    remarks: tuple[str, ...] = (),
) -> Dataset:
    """Return the dataset that the content of four files makes.

    files: for each of `FILES`, where it came from, and its bytes; gzipped where the name of where
    it came from ends in ".gz". class_names: numbers where None.
    """
    memory = Memory()
    train_labels = read_labels(*files[TRAIN_LABELS], memory)
    test_labels = read_labels(*files[TEST_LABELS], memory)
    return Dataset(
        name=name,
        train_images=read_images(*files[TRAIN_IMAGES], memory),
        train_labels=train_labels,
        test_images=read_images(*files[TEST_IMAGES], memory),
        test_labels=test_labels,
        class_names=class_names or numbered(train_labels, test_labels),
        attribution=attribution,
        remarks=remarks,
    )


def read_images(where: str, raw: bytes, memory: Memory | None = None) -> Images:
    """Return the images of one IDX file, (N, 1, H, W). where: its name, for messages."""
    values, (count, rows, columns) = _read(where, raw, 0x803, memory or Memory())
    return values.reshape(count, 1, rows, columns)


def read_labels(where: str, raw: bytes, memory: Memory | None = None) -> Labels:
    """Return the labels of one IDX file, (N,). where: its name, for messages."""
    memory = memory or Memory()
    values, (count,) = _read(where, raw, 0x801, memory)
    memory.take(where, 8 * count)
    return values.astype(np.int64)


def _read(where: str, raw: bytes, magic: int, memory: Memory) -> tuple[Images, tuple[int, ...]]:
    """Return the values of a file, in one row, and the lengths of its axes."""
    if not raw:
        raise UserError(f"{where}: is empty; get the file again.")
    kind, axes = _KINDS[magic], magic & 0xFF
    header = 4 + 4 * axes
    with _unpacking(where, raw) as stream:
        start = stream.read(header)
        _check_magic(where, start + stream.peek(300)[:300], magic)
        if len(start) < header:
            raise UserError(
                f"{where}: is cut off: it has {len(start)} bytes, and its header alone takes "
                f"{header}; get the file again."
            )
        shape = struct.unpack(f">{axes}I", start[4:])
        lengths = " × ".join(f"{length:,}" for length in shape)
        if 0 in shape:
            raise UserError(f"{where}: holds no {kind}: its header says {lengths}.")
        promised = math.prod(shape)
        reversed_ = struct.unpack(f"<{axes}I", start[4:])
        if promised > memory.left >= math.prod(reversed_):
            raise _little_endian(where, lengths, reversed_)
        memory.take(where, promised)
        if where.endswith(".gz"):
            values = np.empty(promised, np.uint8)
            there = _fill(stream, values.data)
            there += _count(stream)
        else:  # What is in memory already is not copied.
            values = np.frombuffer(raw, np.uint8, offset=header)[:promised]
            there = len(raw) - header
        if there == math.prod(reversed_) != promised:
            raise _little_endian(where, lengths, reversed_)
        if there < promised:
            raise UserError(
                f"{where}: is cut off: its header promises {lengths} = {promised:,} bytes of "
                f"{kind}, and {there:,} follow; get the file again."
            )
        if there > promised:
            counted = min(there - promised, _MOST_COUNTED)
            more = "more than " if there - promised > counted else ""
            raise UserError(
                f"{where}: has {more}{counted:,} bytes too many: its header promises {lengths} = "
                f"{promised:,} bytes of {kind}, and {more}{promised + counted:,} follow; get the "
                "file again."
            )
    values.flags.writeable = False
    return values, shape


def _check_magic(where: str, start: bytes, magic: int) -> None:
    """Raise `UserError` if a file begins with another magic number than `magic`, saying what it is.

    start: its first few hundred bytes.
    """
    got = int.from_bytes(start[:4], "big")
    if len(start) < 4 or got == magic:
        return
    kind, axes = _KINDS[magic], magic & 0xFF
    if got in _KINDS:
        raise UserError(
            f"{where}: is a file of {_KINDS[got]}, where one of {kind} is expected; give each "
            "file its own name again."
        )
    zeros, type_, got_axes = start[:2], start[2], start[3]
    if zeros == b"\0\0" and type_ in _TYPES and type_ != _UNSIGNED_BYTES:
        convert = "pixels to 0 to 255" if kind == "images" else "labels to 0, 1, 2 and so on"
        raise UserError(
            f"{where}: holds {_TYPES[type_]} (IDX type 0x{type_:02x}), and Paribus reads unsigned "
            f"bytes (0x08); convert the {convert}, as unsigned bytes."
        )
    if zeros == b"\0\0" and type_ == _UNSIGNED_BYTES:
        elsewhere = "; give images in color as an .npz file or a folder" if got_axes == 4 else ""
        raise UserError(
            f"{where}: has {got_axes} {'axis' if got_axes == 1 else 'axes'}, where {kind} have "
            f"{axes} ({_AXES[magic]}){elsewhere}."
        )
    if start[2:4] == b"\0\0" and start[1] in _TYPES and start[0] == axes:
        raise UserError(
            f"{where}: its header is little-endian, and IDX files are big-endian; write the file "
            'again, the header with e.g. struct.pack(">...").'
        )
    if start[:2] == _GZIP:
        raise UserError(
            f"{where}: is compressed with gzip twice; unpack it once, e.g. with gunzip, and keep "
            "the .gz of its name."
            if where.endswith(".gz")
            else f"{where}: is compressed with gzip; add .gz to its name."
        )
    if what := kind_of(start):
        raise UserError(
            f"{where}: is {what}, where an IDX file of {kind} is expected; unpack or convert it, "
            "or get the right file."
        )
    raise UserError(
        f"{where}: is not an IDX file of {kind}: it begins with 0x{got:08x}, where 0x{magic:08x} "
        f"(unsigned bytes, axes: {axes}) is expected; get the file again."
    )


def _little_endian(where: str, lengths: str, meant: tuple[int, ...]) -> UserError:
    return UserError(
        f"{where}: the lengths in its header are little-endian: {lengths}, where "
        f"{' × '.join(f'{length:,}' for length in meant)} is meant; write them big-endian, e.g. "
        'with struct.pack(">I", length).'
    )


def _fill(stream: BinaryIO, values: memoryview) -> int:
    """Read into `values` until it is full or the stream ends; return how many bytes were read."""
    filled = 0
    while filled < len(values):
        # A piece at a time: memory is used for what is there, not for what was promised.
        piece = stream.read(min(1 << 20, len(values) - filled))
        if not piece:
            break
        values[filled : filled + len(piece)] = piece
        filled += len(piece)
    return filled


def _count(stream: BinaryIO) -> int:
    """Return how many bytes are left in a stream, of many some number above `_MOST_COUNTED`."""
    count = 0
    while count <= _MOST_COUNTED and (piece := stream.read(1 << 16)):
        count += len(piece)
    return count


@contextmanager
def _unpacking(where: str, raw: bytes) -> Iterator[BufferedReader[Any]]:
    """Give the content of a file as a stream, unpacked if its name ends in ".gz".

    Raises `UserError` for what goes wrong while it is read.
    """
    if not where.endswith(".gz"):
        yield BufferedReader(BytesIO(raw))
        return
    if raw[:2] != _GZIP:
        what = kind_of(raw)
        raise UserError(
            f"{where}: is {f'{what}, ' if what else ''}not compressed with gzip, though its name "
            "ends in .gz; get the file again, or take .gz off its name."
        )
    try:
        with BufferedReader(gzip.GzipFile(fileobj=BytesIO(raw))) as stream:
            yield stream
    except EOFError as error:
        raise UserError(
            f"{where}: is cut off: its compressed data end too soon; get the file again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(
            f"{where}: is damaged: it cannot be unpacked ({error}); get the file again."
        ) from error
