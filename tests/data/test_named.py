from __future__ import annotations

import dataclasses
import gzip
import hashlib
import struct
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from paribus.data import idx, named
from paribus.data.named import (
    CIFAR_10,
    CIFAR_100,
    DIGITS,
    FASHION_MNIST,
    KMNIST,
    MNIST,
    NAMED,
    known_facts,
)
from paribus.data.remote import Remote, RemoteFile
from paribus.errors import ParibusError


def test_mnist() -> None:
    mnist = MNIST.load()
    assert mnist.train_images.shape == (60_000, 1, 28, 28)
    assert mnist.test_images.shape == (10_000, 1, 28, 28)
    # Counts of each digit, LeCun et al. 1998.
    assert np.bincount(mnist.train_labels).tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    ]
    assert np.bincount(mnist.test_labels).tolist() == [
        *(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
    ]
    # The mean and the standard deviation that everybody normalizes with.
    assert mnist.train_images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert mnist.train_images.std() / 255 == pytest.approx(0.3081, abs=5e-5)
    assert mnist.class_names == tuple("0123456789")
    assert "CC BY-SA 3.0" in mnist.attribution
    assert mnist.fingerprint == "161dcace219dfb88ab6f7453772016287aca31a8e383c4e7092f4db60aad5f66"


def test_digits() -> None:
    digits = DIGITS.load()
    assert digits.train_images.shape == (1_437, 1, 8, 8)
    assert digits.test_images.shape == (360, 1, 8, 8)
    # Counts of each digit in scikit-learn's load_digits().target, and its first image's first rows.
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    assert np.bincount(labels).tolist() == [*(178, 182, 177, 183, 181, 182, 181, 179, 174, 180)]
    assert np.rint(digits.train_images[0, 0, :3] / 255 * 16).tolist() == [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
    ]
    assert digits.train_images.max() == 255
    assert digits.fingerprint == "f1af8eb648deac8e802551163d1b41f5e12ff59b07e22aec2242c876f179d483"


def test_digits_come_with_their_license() -> None:
    text = (files("paribus.data") / "digits" / "LICENSE").read_text()
    for part in ("E. Alpaydin", "C. Kaynak", "CC BY 4.0", "by/4.0/", "The\npixels were changed"):
        assert part in text


def test_mnist_comes_with_its_license() -> None:
    text = (files("paribus.data") / "mnist" / "LICENSE").read_text()
    for part in ("Yann LeCun", "Corinna Cortes", "Burges", "CC BY-SA 3.0", "by-sa/3.0/"):
        assert part in text


def test_changed_or_missing_package_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "PACKAGED_FILES", tmp_path)
    (tmp_path / "mnist").mkdir()
    with pytest.raises(ParibusError) as caught:
        MNIST.load()
    assert str(caught.value) == (
        f"{tmp_path}/mnist/train-images-idx3-ubyte.gz: cannot be read; install paribus again."
    )
    (tmp_path / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"")
    with pytest.raises(ParibusError) as caught:
        MNIST.load()
    assert str(caught.value) == (
        f"{tmp_path}/mnist/train-images-idx3-ubyte.gz: has been changed; install paribus again."
    )


@pytest.mark.parametrize("of", [FASHION_MNIST, KMNIST, CIFAR_10, CIFAR_100])
def test_descriptions_of_downloads(of: named.Named) -> None:
    assert isinstance(of.files, Remote)
    assert of.files.base_url.endswith("/")
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in of.files.files)
    assert len(of.class_names) == (100 if of is CIFAR_100 else 10)


def test_names() -> None:
    assert all(name == of.name for name, of in NAMED.items())


def test_downloads_and_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    there, cache = tmp_path / "there", tmp_path / "cache"
    there.mkdir()
    images = struct.pack(">4I", 0x803, 4, 3, 2) + bytes(range(24))
    labels = struct.pack(">2I", 0x801, 4) + bytes([0, 1, 2, 1])
    remote_files = []
    for name in idx.FILES:
        raw = gzip.compress(images if "images" in name else labels)
        (there / f"{name}.gz").write_bytes(raw)
        remote_files.append(RemoteFile(f"{name}.gz", len(raw), hashlib.sha256(raw).hexdigest()))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(there))) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        local = dataclasses.replace(
            KMNIST,
            class_names=("a", "b", "c"),
            files=Remote(f"http://127.0.0.1:{server.server_port}/", tuple(remote_files)),
        )
        assert not local.is_present(cache)
        dataset = local.load(cache)
        server.shutdown()
        thread.join()
    assert local.is_present(cache)
    assert local.folder(cache) == cache / "kmnist"
    assert dataset.name == "kmnist"
    assert dataset.class_names == ("a", "b", "c")
    assert dataset.attribution == KMNIST.attribution
    assert dataset.train_labels.tolist() == [0, 1, 2, 1]
    # From now on without the server.
    assert local.load(cache).fingerprint == dataset.fingerprint


def test_the_rejected_labels_of_mnist_come_with_it() -> None:
    mnist = MNIST.load()
    assert len(set(mnist.label_errors)) == 15
    assert all(0 <= image < 10_000 for image in mnist.label_errors)


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_the_facts_of_a_packaged_dataset_are_those_of_its_arrays(name: str) -> None:
    assert known_facts(name) == NAMED[name].load().facts


def test_the_facts_of_mnist_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "_packaged", lambda of: pytest.fail("its files were read"))
    found = known_facts("mnist")
    assert found is not None
    assert found.train_images == 60_000


def test_the_facts_of_other_data_are_not_known() -> None:
    assert known_facts("kmnist") is None
    assert known_facts("nothing-here") is None
