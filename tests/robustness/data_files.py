"""Mutated data files: folders of images, IDX and .npz files, each loaded.

PYTHONPATH=. python tests/robustness/data_files.py --count 1500 --folder /tmp/fuzz
"""

from __future__ import annotations

import gzip
import io
import shutil
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from paribus.data import idx
from paribus.data.sources import load
from tests.support.trials import Trials, main, touching_nothing_outside

IMAGES = np.arange(12 * 6 * 5, dtype=np.uint8).reshape(12, 6, 5)
LABELS = (np.arange(12) % 3).astype(np.uint8)

FORMATS = ("png", "jpeg", "bmp", "gif", "tiff", "webp", "ppm")
MAGIC = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"GIF89a",
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0", b"RIFF\0\0\0\0WEBP", b"BM", b"P5 9 9 255 ",
    b"P6 99999999 99999999 255\n", b"\x93NUMPY\x02\x00", b"\0\0\x08\x03", b"\0\0\x0d\x03", b"8BPS",
    b"<svg>", b"%PDF-1.5", b"\0\0\1\0", b"SIMPLE  =", b"\x89HDF", b"Rar!", b"\xd7\xcd\xc6\x9a",
)  # fmt: skip
NUMBERS = (0, 1, 2, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1)

Write = Callable[[Path, np.random.Generator], list[Path]]
"""Writes a sound dataset; returns the files that may be mutated."""


def idx_files(folder: Path, rng: np.random.Generator) -> list[Path]:
    packed = bool(rng.integers(2))
    written = []
    for name, values in zip(idx.FILES, (IMAGES, LABELS, IMAGES[:3], LABELS[:3]), strict=True):
        header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
        raw = header + values.tobytes()
        path = folder / f"{name}{'.gz' if packed else ''}"
        # Half of them are mutated as they are unpacked.
        raw = mutated(raw, rng) if rng.integers(8) == 0 else raw
        path.write_bytes(gzip.compress(raw, 1) if packed else raw)
        written.append(path)
    return written


def npz_file(folder: Path, rng: np.random.Generator) -> list[Path]:
    arrays = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:3], "y_test": LABELS[:3]}
    method = zipfile.ZIP_DEFLATED if rng.integers(2) else zipfile.ZIP_STORED
    with zipfile.ZipFile(folder / "data.npz", "w", method) as archive:
        for key, values in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, values)
            raw = buffer.getvalue()
            # Mutated inside, the archive's own checksums are right.
            raw = mutated(raw, rng) if rng.integers(4) == 0 else raw
            archive.writestr(f"{key}.npy", raw)
    return [folder / "data.npz"]


def pictures(folder: Path, rng: np.random.Generator) -> list[Path]:
    suffix = FORMATS[rng.integers(len(FORMATS))]
    mode = ("L", "RGB", "P", "RGBA", "1", "CMYK", "I;16")[rng.integers(7)]
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(10))
    written = []
    for place in ("train/a", "train/b", "test/a", "test/b"):
        (folder / place).mkdir(parents=True)
        path = folder / place / f"1.{suffix}"
        image = Image.fromarray(IMAGES[0])
        try:
            image.convert(mode).save(path, exif=exif)
        except (OSError, ValueError):  # Not every format has every mode.
            image.save(path)
        written.append(path)
    return written


def mutated(raw: bytes, rng: np.random.Generator) -> bytes:
    content = bytearray(raw)
    for _ in range(rng.integers(1, 5)):
        # Headers decide more than what follows them.
        end = len(content) if rng.integers(2) else min(len(content), 64)
        spot = int(rng.integers(end + 1))
        match rng.integers(8):
            case 0:
                content[spot : spot + 1] = bytes([rng.integers(256)])
            case 1:
                del content[spot:]
            case 2:
                del content[spot : spot + int(rng.integers(1, 16))]
            case 3:
                content[spot:spot] = bytes(rng.integers(256, size=rng.integers(1, 9)).tolist())
            case 4:
                form = (">I", "<I", ">H", "<H")[rng.integers(4)]
                number = NUMBERS[rng.integers(len(NUMBERS))] % 256 ** struct.calcsize(form)
                content[spot : spot + struct.calcsize(form)] = struct.pack(form, number)
            case 5:
                magic = MAGIC[rng.integers(len(MAGIC))]
                content[: len(magic)] = magic
            case 6:
                content += bytes(int(rng.integers(1, 5000)))
            case _:
                digits = str(NUMBERS[rng.integers(len(NUMBERS))]).encode()
                content[spot : spot + len(digits)] = digits
    return bytes(content)


def run(trials: Trials, rng: np.random.Generator, count: int, folder: Path) -> None:
    """Write so many mutated datasets into a folder, and load each."""
    here = folder.absolute() / "data"
    kinds: tuple[Write, ...] = (idx_files, npz_file, pictures, pictures)
    for number in range(count):
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        kind = kinds[rng.integers(len(kinds))]
        files = kind(here, rng)
        for _ in range(rng.integers(1, 3)):
            path = files[rng.integers(len(files))]
            path.write_bytes(mutated(path.read_bytes(), rng))
        source = str(files[0] if kind is npz_file else here)
        before = sorted(here.rglob("*"))
        if trials.run(f"data {number}", partial(loaded, source, here)) == "faults":
            shutil.copytree(here, folder / f"fault-{number}")
        assert sorted(here.rglob("*")) == before


def loaded(source: str, folder: Path) -> None:
    with touching_nothing_outside(folder):
        load(source).fingerprint  # noqa: B018


if __name__ == "__main__":
    main(run, "mutated data files")
