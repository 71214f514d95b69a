"""Small files that ask for much memory."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from PIL import Image

from paribus.data import idx
from paribus.data.memory import Memory, limit
from paribus.data.reading import read_bytes
from paribus.data.sources import load
from paribus.errors import UserError


def refusal(what: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        what()
    return str(caught.value)


def peak_memory(what: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        what()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("text", "bound"), [("", 10**9), ("2.5", 2_500_000_000), (" 1 ", 10**9)])
def test_the_limit_can_be_set(text: str, bound: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", text)
    assert limit() == Memory().left == bound


@pytest.mark.parametrize("text", ["much", "-1", "0", "nan", "inf"])
def test_limits_that_are_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", text)
    assert refusal(limit) == (
        f'PARIBUS_MAX_DATA_GB: must be a positive number of gigabytes, got "{text}"'
    )


def test_gzip_with_a_header_that_promises_much() -> None:
    raw = gzip.compress(struct.pack(">4I", 0x803, 2_000_000, 28, 28) + bytes(1000))
    assert peak_memory(lambda: refusal(lambda: idx.read_images("a.gz", raw))) < 2e6
    assert refusal(lambda: idx.read_images("a.gz", raw)) == (
        "a.gz: needs 1.57 GB of memory, but a dataset may take 1 GB; reduce it, or set "
        "PARIBUS_MAX_DATA_GB=2 to allow it."
    )


def test_gzip_that_holds_more_than_its_header_promises() -> None:
    raw = gzip.compress(struct.pack(">4I", 0x803, 6, 3, 2) + bytes(100_000_000), 1)
    assert peak_memory(lambda: refusal(lambda: idx.read_images("a.gz", raw))) < 5e6
    assert refusal(lambda: idx.read_images("a.gz", raw)) == (
        "a.gz: has more than 1,000,000 bytes too many: its header promises 6 × 3 × 2 = 36 bytes of "
        "images, and more than 1,000,036 follow; get the file again."
    )


def test_a_cut_off_file_takes_the_memory_of_what_is_there() -> None:
    raw = struct.pack(">4I", 0x803, 1_000_000, 28, 28) + bytes(1000)
    assert peak_memory(lambda: refusal(lambda: idx.read_images("a", raw))) < 2e6


def test_files_of_one_dataset_count_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = np.zeros((6, 3, 2), np.uint8), np.array([0, 1, 2, 0, 1, 2], np.uint8)
    for name, values in zip(idx.FILES, (images, labels, images[:2], labels[:2]), strict=True):
        header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
        (tmp_path / name).write_bytes(header + values.tobytes())
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", "110e-9")  # 6 + 48 + 2 + 16 of labels, 36 + 12
    assert refusal(lambda: load(str(tmp_path))) == (
        f"{tmp_path}/t10k-images-idx3-ubyte: needs 12 bytes of memory beside 108 bytes of what was "
        "read before, but a dataset may take 110 bytes; reduce it, or set PARIBUS_MAX_DATA_GB=1 to "
        "allow it."
    )
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", "120e-9")
    assert load(str(tmp_path)).classes == 3


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    """1.5 GB of zeros in an .npz of 1.6 MB."""
    file = tmp_path / "zeros.npz"

    def member(archive: zipfile.ZipFile, key: str, values: np.ndarray, times: int) -> None:
        stream: IO[bytes]
        with archive.open(f"{key}.npy", "w", force_zip64=True) as stream:
            shape = (len(values) * times, *values.shape[1:])
            descr = np.lib.format.dtype_to_descr(values.dtype)
            header = {"descr": descr, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(stream, header)
            for _ in range(times):
                stream.write(values.tobytes())

    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        member(archive, "x_train", np.zeros((15_000, 100, 10), np.uint8), 100)
        member(archive, "y_train", np.array([0, 1]), 1)
        member(archive, "x_test", np.zeros((2, 100, 10), np.uint8), 1)
        member(archive, "y_test", np.array([0, 1]), 1)
    return file


@pytest.mark.slow
def test_npz_whose_headers_promise_much(npz: Path) -> None:
    assert peak_memory(lambda: refusal(lambda: load(str(npz)))) < 2e6
    assert refusal(lambda: load(str(npz))) == (
        f"{npz}: needs 1.5 GB of memory, but a dataset may take 1 GB; reduce it, or set "
        "PARIBUS_MAX_DATA_GB=2 to allow it."
    )


def many_entries(count: int, zip64: bool) -> bytes:
    """An archive of empty entries, of which only the directory is there."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 8, 8, *[0] * 6)
    directory = b"".join(entry + b"%08d" % number for number in range(count))
    records = b""
    size = len(directory)
    if zip64:
        records = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, 0)
        records += struct.pack("<4sLQL", b"PK\6\7", 0, size, 1)
        size = 2**32 - 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count & 65535, count & 65535, size, 0, 0)
    return directory + records + end


@pytest.mark.parametrize("zip64", [False, True])
def test_npz_of_very_many_arrays(zip64: bool, tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    file.write_bytes(many_entries(10, zip64))
    assert f"{file}: holds 00000000, 00000001, " in refusal(lambda: load(str(file)))
    file.write_bytes(many_entries(30_000, zip64))
    assert peak_memory(lambda: refusal(lambda: load(str(file)))) < 1e6
    assert refusal(lambda: load(str(file))) == (
        f"{file}: holds too many arrays to be a dataset; write the four alone."
    )


def test_labels_count_as_what_they_become(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.npz"
    images, labels = np.zeros((1000, 1, 1), np.uint8), np.arange(1000, dtype=np.uint16) % 2
    np.savez(file, x_train=images, y_train=labels, x_test=images, y_test=labels)
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", "10e-6")
    assert "needs 0.022 MB of memory" in refusal(lambda: load(str(file)))
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", "22e-6")
    assert load(str(file)).classes == 2


def test_pictures_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("train/a", "train/b", "test/a", "test/b"):
        (tmp_path / place).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (80, 80)).save(tmp_path / place / f"{number}.png")
    pictures = f"{tmp_path}, 12 images of 80 × 80 pixels (rows × columns)"

    def assert_refused(megabytes: float, message: str) -> None:
        monkeypatch.setenv("PARIBUS_MAX_DATA_GB", f"{megabytes / 1000}")
        assert refusal(lambda: load(str(tmp_path))) == (
            f"{message}, or set PARIBUS_MAX_DATA_GB=1 to allow it."
        )

    assert_refused(
        0.06, f"{pictures}: needs 0.0768 MB of memory, but a dataset may take 0.06 MB; reduce it"
    )
    assert_refused(
        0.02,
        f"{tmp_path}/train/a/0.png: needs 0.0064 MB of memory, but an image may take 0.0025 MB; "
        "resize it",
    )
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", "80e-6")
    assert load(str(tmp_path)).image_shape == (1, 80, 80)
    Image.new("RGB", (80, 80)).save(tmp_path / "test/b/1.png")
    assert_refused(
        0.2,
        f"{pictures} in color: needs 0.23 MB of memory, but a dataset may take 0.2 MB; reduce it",
    )


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(10**12)
    assert peak_memory(lambda: refusal(lambda: read_bytes(file))) < 1e6
    assert refusal(lambda: read_bytes(file)) == (
        f"{file}: needs 1000 GB of memory, but a dataset may take 1 GB; reduce it, or set "
        "PARIBUS_MAX_DATA_GB=1000 to allow it."
    )
