from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paribus.data.sources import known, load
from paribus.errors import UserError

ACCEPTED = (
    "needs a folder of the IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte, "
    "t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each gzipped (.gz) or not; or a folder of "
    "train/<class>/ and test/<class>/, each with image files; or an .npz file"
)


def save(file: Path) -> None:
    images = np.zeros((2, 3, 3), np.uint8)
    np.savez(file, x_train=images, y_train=[0, 1], x_test=images, y_test=[0, 1])


def refusal(source: str, relative_to: Path | None = None) -> str:
    with pytest.raises(UserError) as caught:
        load(source, relative_to)
    return str(caught.value)


def test_relative_paths_start_where_told(tmp_path: Path) -> None:
    save(tmp_path / "data.npz")
    dataset = load("data.npz", tmp_path)
    assert dataset.name == "data.npz"
    assert dataset.classes == 2


def test_relative_paths_start_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "data.npz")
    monkeypatch.chdir(tmp_path)
    assert load("data.npz").classes == 2
    assert load("./data.npz").classes == 2


def test_absolute_paths_and_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "data.npz")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load(str(tmp_path / "data.npz"), Path("/nowhere")).classes == 2
    assert load("~/data.npz", Path("/nowhere")).classes == 2


def test_a_name_comes_before_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    assert load("mnist", tmp_path).classes == 10
    assert refusal("./mnist", tmp_path) == f"{tmp_path}/mnist: holds no dataset; {ACCEPTED}."


def test_unknown_name(tmp_path: Path) -> None:
    assert refusal("minst", tmp_path) == (
        'data "minst": there is no dataset of that name, and no file or folder '
        f'{tmp_path}/minst; did you mean "mnist"?'
    )
    assert refusal("xyz", tmp_path) == (
        'data "xyz": there is no dataset of that name, and no file or folder '
        f"{tmp_path}/xyz; known are mnist, digits, fashion-mnist, kmnist, cifar-10, cifar-100"
    )


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("MNIST", "mnist"),
        ("Mnist", "mnist"),
        ("FashionMNIST", "fashion-mnist"),
        ("Fashion_MNIST", "fashion-mnist"),
        ("KMNIST", "kmnist"),
        ("CIFAR10", "cifar-10"),
        ("Cifar100", "cifar-100"),
        ("load_digits", "digits"),
    ],
)
def test_names_in_another_case(source: str, meant: str, tmp_path: Path) -> None:
    assert refusal(source, tmp_path).endswith(f'; did you mean "{meant}"?')


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("", ""),
        (" ", " "),
        ("a\0b", "a\\x00b"),
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("caf\udce9", "caf\\xe9"),
        ("x" * 5000, f"{'x' * 200}...{'x' * 150}"),
        ("~nobody-of-that-name/x", "~nobody-of-that-name/x"),
    ],
)
def test_what_can_be_no_path(source: str, shown: str, tmp_path: Path) -> None:
    said = refusal(source, tmp_path)
    assert said.startswith(f'data "{shown}": there is no dataset of ')
    assert len(said) < 1000
    assert said.isprintable()


@pytest.mark.parametrize("name", ["pipe", "pipe.npz"])
def test_a_pipe_is_not_waited_for(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    assert refusal(name, tmp_path) == (
        f"{tmp_path}/{name}: is a pipe, not a regular file; save its content to a file first."
    )


def test_devices_and_sockets_are_not_read(tmp_path: Path) -> None:
    assert refusal("/dev/zero").startswith("/dev/zero: is a device, not a regular file; ")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert refusal("s", tmp_path).startswith(f"{tmp_path}/s: is a socket, not a regular file; ")


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("digits.zip", b"PK\3\4", "a zip archive"),
        ("digits.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("digits.npy", b"\x93NUMPY\1\0", "a NumPy array (.npy)"),
        ("digits.csv", b"1,2,3", "not a dataset"),
        ("empty", b"", "not a dataset"),
    ],
)
def test_other_kinds_of_files_are_named(
    name: str, content: bytes, what: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(name, tmp_path) == f"{tmp_path}/{name}: is {what}; {ACCEPTED}."


def test_another_file(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    assert refusal("train-images-idx3-ubyte.gz", tmp_path) == (
        f"{tmp_path}/train-images-idx3-ubyte.gz: is not a dataset; {ACCEPTED}."
    )


def test_known(tmp_path: Path) -> None:
    mnist, digits, fashion, kmnist, cifar, cifar_100 = known(tmp_path)
    assert (mnist.name, fashion.name, kmnist.name) == ("mnist", "fashion-mnist", "kmnist")
    assert (digits.present, digits.url, digits.image_shape) == (True, None, (1, 8, 8))
    assert (cifar.name, cifar.download_bytes) == ("cifar-10", 170_052_171)
    assert (cifar_100.folder, cifar_100.classes) == (tmp_path / "cifar-100", 100)
    assert mnist.present
    assert mnist.url is None
    assert mnist.download_bytes == 0
    assert (mnist.folder / "train-images-idx3-ubyte.gz").is_file()
    assert not fashion.present
    assert fashion.folder == tmp_path / "fashion-mnist"
    assert fashion.download_bytes == 30_878_645
    assert kmnist.url == "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"
    assert kmnist.license == "CC BY-SA 4.0"
    assert (kmnist.train_images, kmnist.test_images, kmnist.classes) == (60_000, 10_000, 10)


def test_importing_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'matplotlib', 'requests'}"
    code = (
        f"import sys, paribus.data.sources, paribus.data.batches; print({heavy} & {{*sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
