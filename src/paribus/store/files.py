"""The files of a finished run, and the digests that vouch for them. No link is followed."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from paribus.errors import ParibusError
from paribus.places import FILE, FOLDER, standing
from paribus.store.predictions import (
    PREDICTIONS,
    PROBABILITIES,
    WEIGHTS,
    Unpacked,
    predictions_of,
)

ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}")
"""Pattern of run IDs and engines' names, which are parts of file names."""
NAMES = (WEIGHTS, PROBABILITIES, PREDICTIONS)
_AGAIN = "`paribus run` trains the run again, and `paribus verify` lists all damage"


def digest_of(content: bytes) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def digests_in(folder: Path) -> dict[str, str]:
    """Return the digests of the files that are in a run's folder, by name."""
    found = {}
    for name in NAMES:
        content = read_plain(folder / name)
        if content is not None:
            found[name] = digest_of(content)
    return found


def settle_files(folder: Path, trained: Mapping[str, str]) -> dict[str, str]:
    """Keep in a folder what training wrote of a run, or else predictions in its place; return the
    digests of what is kept. Other files, as of a damaged run before, are removed.

    trained: the digests of what training wrote. Raises `ParibusError` if the folder has neither.
    """
    found = digests_in(folder)
    if all(found.get(name) == digest for name, digest in trained.items()):
        (folder / PREDICTIONS).unlink(missing_ok=True)
        return dict(trained)
    if PREDICTIONS not in found:
        raise ParibusError(
            f"{folder}: what was copied is not what training wrote; check both disks and run the "
            "same command again"
        )
    for name in trained:
        (folder / name).unlink(missing_ok=True)
    return {PREDICTIONS: found[PREDICTIONS]}


def read_plain(path: Path) -> bytes | None:
    """Return the bytes of a file; None if there is none.

    Raises `ParibusError` if it is not a regular file, or cannot be read.
    """
    try:
        for place, wanted in ((path.parent, FOLDER), (path, FILE)):
            found = standing(place)
            if found is None:
                return None
            if found != wanted:
                raise ParibusError(f"{place}: is {found}, not {wanted}; {_AGAIN}")
        return path.read_bytes()
    except OSError as error:
        raise ParibusError(f"{path}: cannot be read: {error.strerror}; {_AGAIN}") from None


@dataclass(frozen=True)
class RunFiles:
    """The files of a run. Its methods raise `ParibusError` where one is missing or damaged."""

    folder: Path
    digests: Mapping[str, str]
    """By name; none if an older Paribus wrote them, or before the run has finished."""

    @property
    def is_unpacked(self) -> bool:
        """Whether the run was unpacked: then it has no weights here."""
        if self.digests:
            return PREDICTIONS in self.digests
        return (self.folder / PREDICTIONS).is_file()

    def weights(self) -> dict[str, NDArray[np.generic]] | None:
        """Return the tensors by name; None if there are none."""
        content = self._read(WEIGHTS)
        try:
            return None if content is None else safetensors.numpy.load(content)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(WEIGHTS, f"is damaged ({error})") from None

    def probabilities(self) -> NDArray[np.float32] | None:
        """Return (N, K) for every test image, read-only; None if there are none."""
        content = self._read(PROBABILITIES)
        if content is None:
            return None
        try:
            values = _array(content)
        except (ValueError, OSError, EOFError, SyntaxError, MemoryError) as error:
            raise self._damaged(PROBABILITIES, f"is damaged ({error})") from None
        if values.dtype != np.float32 or values.ndim != 2:
            raise self._damaged(PROBABILITIES, "is damaged (it has no probabilities)")
        return values

    def unpacked(self) -> Unpacked | None:
        """Return the predictions of an unpacked run; None for any other."""
        content = self._read(PREDICTIONS) if self.is_unpacked else None
        return None if content is None else predictions_of(self.folder / PREDICTIONS, content)

    def trained(self) -> dict[str, str]:
        """Return the digests of what training wrote, wherever it was trained."""
        unpacked = self.unpacked()
        if unpacked is not None:
            return unpacked.digests
        self.refuse_damage()
        return dict(self.digests) or digests_in(self.folder)

    def refuse_damage(self, *, weights: bool = True) -> None:
        """Read all files, or all but the weights, of a run that has finished."""
        usual = [PREDICTIONS] if self.is_unpacked else [WEIGHTS, PROBABILITIES]
        for name in self.digests or usual:
            if (weights or name != WEIGHTS) and self._read(name) is None:
                raise self._damaged(name, "is missing")

    def _read(self, name: str) -> bytes | None:
        """The bytes of a file; None if the run has none of the name."""
        if self.digests and name not in self.digests:
            return None
        content = read_plain(self.folder / name)
        if self.digests and content is None:
            raise self._damaged(name, "is missing")
        if self.digests and content is not None and digest_of(content) != self.digests[name]:
            raise self._damaged(name, "has changed since it was stored")
        return content

    def _damaged(self, name: str, why: str) -> ParibusError:
        return ParibusError(f"{self.folder / name}: {why}; {_AGAIN}")


def _array(content: bytes) -> NDArray[Any]:
    """The array of a file in NumPy's format. Raises ValueError where it is none, or another one
    than it announces."""
    head = content[: 10 + int.from_bytes(content[8:10], "little")]
    shape, by_columns, dtype = _announced(head)
    values = np.frombuffer(content, dtype, offset=len(head))
    return values.reshape(shape, order="F" if by_columns else "C")


@lru_cache(maxsize=16)
def _announced(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """What the head of a file says of its array: its shape, whether columns come first, its type.
    Runs have the same head, and to parse it takes longer than to read the file."""
    file = io.BytesIO(head)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("it is of another version of NumPy's format")
    return np.lib.format.read_array_header_1_0(file)
