"""The file of a packed run: its record, its epochs and its predictions.

A line `paribus run 1` (the format), 8 bytes with the size of the content, then the content
compressed (xz). The content is a line of JSON and after it arrays, little-endian: the epochs,
float64 (8, E); where the run finished the predicted classes, int16 (N,), and the probability of the
true class, float32 (N,), exactly as they were. Of every array the first bytes of all values come
first, then the second, and so on, since bytes of one kind compress better.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import UserError
from paribus.packs.reading import Checked, damaged, parse, read_regular
from paribus.store.files import ID
from paribus.store.predictions import PROBABILITIES, WEIGHTS
from paribus.store.rows import EPOCH_COLUMNS, EndedRun, Environment, KeptPredictions, StoredRun

# E epochs, N test images

FORMAT = 1
_OPENING = b"paribus run "
_HEAD = b"paribus run %d\n" % FORMAT
_SIZE = struct.Struct("<Q")
MOST_BYTES = 100_000_000
"""Of the content: 16 million test images, or 1.5 million epochs."""
_MOST_PIECES = 1000
_DICTIONARY = 1 << 20
_MEMORY = 1 << 24
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": _DICTIONARY}]
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HIGHEST_SEED = 1 << 53


@dataclass(frozen=True, eq=False)
class PackedRun:
    """A run in a pack."""

    ended: EndedRun
    predictions: KeptPredictions | None
    """None if it diverged."""


def path_of(folder: Path, run: str) -> Path:
    """Return the path of a run's file in a pack."""
    return folder / f"{run}.run"


def content_of(packed: PackedRun) -> bytes:
    """Return the content of a run's file, uncompressed."""
    run, predictions = packed.ended.run, packed.predictions
    record = {
        "id": run.id,
        "experiment": run.experiment,
        "seed": run.seed,
        "engine": run.engine,
        "bits": run.bits,
        "status": run.status,
        "reason": run.reason,
        "environments": [[e.first_epoch, dict(e.where)] for e in packed.ended.environments],
        "files": dict(sorted(packed.ended.digests.items())),
        "epochs": len(packed.ended.epochs[EPOCH_COLUMNS[0]]),
        "test_images": 0 if predictions is None else len(predictions.class_N),
    }
    epochs = np.array([packed.ended.epochs[column] for column in EPOCH_COLUMNS], dtype="<f8")
    parts = [json.dumps(record).encode(), b"\n", _split(epochs)]
    if predictions is not None:
        parts.append(_split(predictions.class_N.astype("<i2")))
        parts.append(_split(predictions.of_truth_N.astype("<f4")))
    return b"".join(parts)


def digest_of(content: bytes) -> str:
    """Return the digest that a pack's index has of a run's content."""
    return hashlib.sha256(content).hexdigest()


def compressed(content: bytes) -> bytes:
    """Return the bytes of a run's file."""
    return _HEAD + _SIZE.pack(len(content)) + lzma.compress(content, filters=_FILTERS)


def read_run(path: Path, digest: str) -> PackedRun:
    """Return the run of a file. digest: of its content, as the index has it.

    Raises `UserError` if it is not what the index says, or nothing that a run could be.
    """
    return _parsed(path, read_content(path, digest))


def read_content(path: Path, digest: str) -> bytes:
    """Return the content of a run's file, uncompressed. Raises `UserError` as `read_run` does."""
    file = read_regular(path, MOST_BYTES)
    if not file.startswith(_HEAD):
        if file.startswith(_OPENING) and file[len(_OPENING) : 20].split(b"\n")[0].isdigit():
            raise UserError(f"{path}: was packed by a newer Paribus; update Paribus")
        raise damaged(path, "it is not a packed run")
    start = len(_HEAD) + _SIZE.size
    if len(file) < start:
        raise damaged(path, "it is cut off")
    (size,) = _SIZE.unpack_from(file, len(_HEAD))
    if size > MOST_BYTES:
        raise damaged(path, f"it announces {size:,} bytes, and {MOST_BYTES:,} are allowed")
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
    try:
        content = decompressor.decompress(file[start:], max_length=size)
        # The end of the file follows the last byte, and needs asking for.
        for _ in range(_MOST_PIECES):
            if decompressor.eof or decompressor.needs_input or len(content) > size:
                break
            content += decompressor.decompress(b"", max_length=1)
    except (lzma.LZMAError, EOFError) as error:
        raise damaged(path, str(error)) from None
    if not decompressor.eof or len(content) != size or decompressor.unused_data:
        raise damaged(path, "its size is not as announced")
    if digest_of(content) != digest:
        raise damaged(path, "its digest is not that of the index")
    return content


def _parsed(path: Path, content: bytes) -> PackedRun:
    line, newline, arrays = content.partition(b"\n")
    record = Checked(path, parse(path, line))
    status = record.text("status")
    finished = status == "finished"
    epochs, images = record.count("epochs", least=1), record.count("test_images")
    expected = epochs * len(EPOCH_COLUMNS) * 8 + images * (2 + 4)
    if not newline or status not in ("finished", "diverged") or finished != (images > 0):
        raise damaged(path, "its record is not of a run that has ended")
    if len(arrays) != expected:
        raise damaged(path, "its arrays are not of the sizes that its record announces")
    columns = _joined(arrays[: epochs * len(EPOCH_COLUMNS) * 8], "<f8").reshape(-1, epochs)
    run = StoredRun(
        id=record.text("id", ID),
        experiment=record.text("experiment", _DIGEST),
        seed=record.count("seed", most=_HIGHEST_SEED),
        engine=record.text("engine", ID),
        bits=record.text("bits"),
        status="finished" if finished else "diverged",
        reason=record.text("reason"),
    )
    if not np.isfinite(columns[-2:]).all():
        raise damaged(path, "some of its times are not numbers")
    ended = EndedRun(
        run,
        tuple(_environment(path, found) for found in record.list("environments")),
        dict(zip(EPOCH_COLUMNS, columns, strict=True)),
        _digests(path, record.table("files"), finished=finished),
    )
    predictions = _predictions(path, arrays[-images * 6 :], images) if finished else None
    return PackedRun(ended, predictions)


def _environment(path: Path, found: Any) -> Environment:
    match found:
        case [int(first), dict(where)] if first >= 1 and all(
            isinstance(value, str) for value in where.values()
        ):
            return Environment(first, where)
    raise damaged(path, "it does not say where it was trained")


def _digests(path: Path, found: dict[str, Any], *, finished: bool) -> dict[str, str]:
    names = {WEIGHTS, PROBABILITIES} if finished else set()
    if set(found) != names or not all(
        isinstance(value, str) and _DIGEST.fullmatch(value) for value in found.values()
    ):
        raise damaged(path, "it lacks the digests of its weights and probabilities")
    return found


def _predictions(path: Path, arrays: bytes, images: int) -> KeptPredictions:
    class_N = _joined(arrays[: images * 2], "<i2").astype(np.int16)
    of_truth_N = _joined(arrays[images * 2 :], "<f4").astype(np.float32)
    # A sum of rounded parts may pass 1 by a little.
    if class_N.min() < 0 or not ((of_truth_N >= 0) & (of_truth_N < 1.001)).all():
        raise damaged(path, "its predictions are none")
    return KeptPredictions(class_N, of_truth_N)


def _split(array: NDArray[np.generic]) -> bytes:
    """The first bytes of all values, then the second, and so on."""
    values = np.ascontiguousarray(array).reshape(-1)
    return values.view(np.uint8).reshape(len(values), values.itemsize).T.tobytes()


def _joined(split: bytes, dtype: str) -> NDArray[Any]:
    """What `_split` was given, flat."""
    size = np.dtype(dtype).itemsize
    planes = np.frombuffer(split, np.uint8).reshape(size, -1)
    return np.ascontiguousarray(planes.T).view(dtype).reshape(-1)
