"""Archives as CIFAR's, a few images of random pixels from a fixed seed."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import tarfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import numpy.typing as npt
import pytest

from paribus.data.cifar import CLASSES_10, assemble
from paribus.data.named import CIFAR_10, CIFAR_100, Named
from paribus.data.remote import Remote, RemoteFile
from paribus.errors import UserError

BATCHES = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def pixels(images: int, seed: int) -> npt.NDArray[np.uint8]:
    """(N, 3, 32, 32)."""
    return np.random.default_rng(seed).integers(0, 256, (images, 3, 32, 32), np.uint8)


def records(images: npt.NDArray[np.uint8], *labels: list[int]) -> bytes:
    columns = [np.array(column, np.uint8)[:, None] for column in labels]
    return np.hstack([*columns, images.reshape(len(images), -1)]).tobytes()


def cifar_10() -> dict[str, bytes]:
    """Two images in each file, labeled by the number of their file, from 0, and 9."""
    made = {
        f"cifar-10-batches-bin/{file}": records(pixels(2, seed), [seed, 9])
        for seed, file in enumerate(BATCHES)
    }
    return {"cifar-10-batches-bin/readme.html": b"<html>", **made}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def downloaded(of: Named, name: str, raw: bytes, tmp_path: Path) -> Named:
    """`of` with an archive from a server on loopback."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / name).write_bytes(raw)
    file = RemoteFile(name, len(raw), hashlib.sha256(raw).hexdigest())
    handler = partial(Quiet, directory=str(tmp_path / "there"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        local = dataclasses.replace(of, files=Remote(url, (file,)))
        local.load(tmp_path / "cache")
        server.shutdown()
        thread.join()
    return local


def test_cifar_10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    local = downloaded(CIFAR_10, "cifar-10-binary.tar.gz", archive(cifar_10()), tmp_path)
    dataset = local.load(tmp_path / "cache")  # The server is gone.
    assert (dataset.name, dataset.class_names) == ("cifar-10", CLASSES_10)
    assert dataset.train_labels.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    assert dataset.test_labels.tolist() == [5, 9]
    assert np.array_equal(dataset.train_images, np.concatenate([pixels(2, n) for n in range(5)]))
    assert np.array_equal(dataset.test_images, pixels(2, 5))


def test_cifar_100(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    raw = archive(
        {
            "cifar-100-binary/train.bin": records(pixels(3, 0), [4, 0, 0], [0, 51, 83]),
            "cifar-100-binary/test.bin": records(pixels(1, 1), [13], [99]),
        }
    )
    local = downloaded(CIFAR_100, "cifar-100-binary.tar.gz", raw, tmp_path)
    dataset = local.load(tmp_path / "cache")
    assert dataset.train_labels.tolist() == [0, 51, 83]
    assert [dataset.class_names[label] for label in (0, 51, 83, 99)] == [
        *("apple", "mushroom", "sweet_pepper", "worm")
    ]
    assert np.array_equal(dataset.test_images, pixels(1, 1))


def refusal(raw: bytes) -> str:
    with pytest.raises(UserError) as caught:
        assemble("cifar-10", {"cifar-10-binary.tar": ("x.tar.gz", raw)}, class_names=CLASSES_10)
    return str(caught.value)


def test_damaged_archives() -> None:
    whole = archive(cifar_10())
    damaged = "x.tar.gz: is damaged and cannot be read; get the file again."
    assert refusal(whole[:3000]) == damaged
    assert refusal(b"no archive") == damaged
    # Where the damage is, tarfile takes the archive to end.
    assert refusal(whole[:9000] + bytes(500) + whole[9500:]).endswith("; get the file again.")


def test_files_that_do_not_hold_what_they_should() -> None:
    files = cifar_10()
    del files["cifar-10-batches-bin/test_batch.bin"]
    assert refusal(archive(files)) == (
        "x.tar.gz: cifar-10-batches-bin/test_batch.bin is missing in it; get the file again."
    )
    files["cifar-10-batches-bin/test_batch.bin"] = bytes(3074)
    assert refusal(archive(files)) == (
        "x.tar.gz: test_batch.bin has 3,074 bytes, which is not a multiple of 3,073, the bytes of "
        "an image with its label; get the file again."
    )
    files["cifar-10-batches-bin/test_batch.bin"] = b"\x0a" + bytes(3072)
    assert "label 10 of image 0" in refusal(archive(files))


def test_size_is_bounded_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", "0.00002")
    assert "data_batch_2.bin" not in refusal(archive(cifar_10()))
    assert "needs 12.3 kB of memory" in refusal(archive(cifar_10())).replace("0.0123 MB", "12.3 kB")
