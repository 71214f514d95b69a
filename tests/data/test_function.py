"""Datasets from functions of the user's own, and from arrays in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paribus import save_arrays
from paribus.data.sources import load
from paribus.errors import UserError

FUNCTIONS = """
import numpy as np
from paribus.data.dataset import Dataset
from helper import IMAGES

LABELS = np.array([0, 1, 2, 0])
number = 3

def load():
    return {
        "train_images": IMAGES, "train_labels": LABELS, "test_images": IMAGES, "test_labels": LABELS
    }

def with_validation():
    return {**load(), "val_images": IMAGES[:1], "val_labels": [2], "class_names": ["a", "b", "c"]}

def images():
    return {"images": IMAGES, "labels": [0, 0, 1, 1]}

def dataset():
    return Dataset("other", IMAGES[:, None], LABELS, IMAGES[:, None], LABELS, ("a", "b", "c"))

def fails():
    return {}["x"]

def gives_a_list():
    return [1]

def too_dark():
    return {**load(), "train_images": IMAGES / 255}

def nothing():
    return {}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own_data.py").write_text(FUNCTIONS)
    (tmp_path / "helper.py").write_text(
        "import numpy as np\nIMAGES = np.arange(120, dtype=np.uint8).reshape(4, 5, 6)\n"
    )
    return tmp_path


def test_function_gives_the_dataset_of_a_file_with_its_arrays(folder: Path) -> None:
    dataset = load("own_data:load", folder)
    images, labels = np.arange(120, dtype=np.uint8).reshape(4, 5, 6), np.array([0, 1, 2, 0])
    np.savez(folder / "x.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    assert dataset.fingerprint == load("x.npz", folder).fingerprint
    assert dataset.name == "own_data:load"
    assert dataset.class_names == ("0", "1", "2")


def test_function_may_give_more(folder: Path) -> None:
    dataset = load("own_data:with_validation", folder)
    assert dataset.facts.validation_images == 1
    assert dataset.class_names == ("a", "b", "c")
    assert load("own_data:dataset", folder).name == "own_data:dataset"
    split = load("own_data:images test=0.5", folder)
    assert (len(split.train_labels), len(split.test_labels)) == (2, 2)


def test_edited_function_gives_other_data(folder: Path) -> None:
    before = load("own_data:load", folder).fingerprint
    text = (folder / "helper.py").read_text()
    (folder / "helper.py").write_text(text + "IMAGES = IMAGES[::-1]\n")
    after = load("own_data:load", folder)
    assert after.fingerprint != before
    assert after.train_images[0, 0, 0, 0] == 90


def test_file_of_that_name_comes_first(folder: Path) -> None:
    (folder / "own_data:load").write_bytes(b"text")
    with pytest.raises(UserError, match="is not a dataset"):
        load("own_data:load", folder)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no_such:load", 'data "no_such:load": cannot import "no_such": ModuleNotFoundError: No m'),
        ("own_data:laod", 'data "own_data:laod": "own_data" has no "laod"; did you mean "load"?'),
        ("own_data:number", 'data "own_data:number": is a int; it must be a function'),
        ("own_data:fails", "raised KeyError: 'x' ({folder}/own_data.py, line 24)"),
        ("own_data:gives_a_list", "returned a list; it must return a dict of arrays with the keys"),
        ("own_data:too_dark", 'data "own_data:too_dark", train_images: is float64; needs uint8'),
        ("own_data:nothing", 'data "own_data:nothing": holds nothing; needs train_images, train_'),
        ("own_data:dataset test=0.2", "has test images of its own, so test = 0.2 has no effect"),
    ],
)
def test_mistakes_are_told_with_their_place(source: str, message: str, folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(source, folder)
    assert message.format(folder=folder) in str(caught.value)


ARRAYS: dict[str, Any] = {
    "train_images": np.arange(48, dtype=np.uint8).reshape(4, 3, 4),
    "train_labels": [0, 1, 0, 1],
    "test_images": np.ones((1, 3, 4), np.uint8),
    "test_labels": [1],
}


def test_arrays_are_saved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path))
    first = save_arrays(**ARRAYS)
    assert save_arrays(**ARRAYS) == first
    named = save_arrays(**ARRAYS, class_names=["cat", "dog"])
    assert sorted((tmp_path / "arrays").iterdir()) == sorted([Path(first), Path(named)])
    assert load(first).train_labels.tolist() == [0, 1, 0, 1]
    assert load(named).class_names == ("cat", "dog")
    assert load(first).fingerprint == load(named).fingerprint
    other = save_arrays(**ARRAYS, val_images=ARRAYS["test_images"], val_labels=[0])
    assert load(other).facts.validation_images == 1


def test_arrays_that_are_not_fit() -> None:
    with pytest.raises(UserError, match="arrays, test_labels: holds numbers that are not integers"):
        save_arrays(**{**ARRAYS, "test_labels": [0.5]})
    with pytest.raises(UserError, match="arrays: labels is unknown; known are train_images, "):
        save_arrays(**ARRAYS, labels=[1])
