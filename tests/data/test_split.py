"""Test images taken from data that have none of their own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from paribus.data import idx
from paribus.data.sources import load
from paribus.data.split import choose, parse
from paribus.errors import UserError
from paribus.spec.experiment import Experiment
from paribus.spec.files import read_study
from paribus.spec.recipe import Sgd
from tests.support.commands import call, read_json

HINT = (
    'write test = 0.2 beside data in the study, or "SOURCE test=0.2" on the command line, to take '
    "a fifth of each class as test images"
)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 30 images of cats, 20 of dogs and 2 of gnus, each of one gray."""
    folder = tmp_path / "pictures"
    for class_name, first, count in (("cat", 0, 30), ("dog", 100, 20), ("gnu", 200, 2)):
        (folder / class_name).mkdir(parents=True)
        for number in range(count):
            image = Image.fromarray(np.full((2, 2), first + number, np.uint8))
            image.save(folder / class_name / f"{number:03}.png")
    return folder


def refusal(source: str, folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(source, folder)
    return str(caught.value)


def test_a_share_of_every_class_is_taken(pictures: Path) -> None:
    dataset = load("pictures test=0.2", pictures.parent)
    assert dataset.class_names == ("cat", "dog", "gnu")
    assert np.bincount(dataset.test_labels).tolist() == [6, 4, 1]
    assert np.bincount(dataset.train_labels).tolist() == [24, 16, 1]
    grays = [*dataset.train_images[:, 0, 0, 0].tolist(), *dataset.test_images[:, 0, 0, 0].tolist()]
    assert sorted(grays) == [*range(30), *range(100, 120), 200, 201]
    for images, labels in (
        (dataset.train_images, dataset.train_labels),
        (dataset.test_images, dataset.test_labels),
    ):
        np.testing.assert_array_equal(images[:, 0, 0, 0] // 100, labels)
    assert dataset.notes == ()


def test_the_choice_is_the_same_every_time(pictures: Path) -> None:
    chosen = load("pictures test=0.2", pictures.parent).test_images[:, 0, 0, 0].tolist()
    # Stores of users hold runs on this choice.
    assert chosen == CHOSEN
    fingerprint = load("pictures test=0.2", pictures.parent).fingerprint
    assert load(f"{pictures} test=0.20").fingerprint == fingerprint
    assert load("pictures test=0.25", pictures.parent).fingerprint != fingerprint


CHOSEN = [1, 8, 14, 15, 27, 29, 106, 112, 113, 115, 200]


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=200).filter(
        lambda labels: min(np.bincount(labels)[np.unique(labels)]) > 1
    ),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
)
def test_choices(labels: list[int], small: float, large: float) -> None:
    small, large = sorted((small, large))
    labels_N: npt.NDArray[np.int64] = np.array(labels)
    few, many = (choose(labels_N, share, "abcde", "x") for share in (small, large))
    assert (many | ~few).all()  # What is tested of a small share is tested of a larger one.
    for label in np.unique(labels_N):
        count, taken = (labels_N == label).sum(), many[labels_N == label].sum()
        assert 1 <= taken <= count - 1
        assert abs(taken - large * count) <= 1


def test_the_training_folder_alone(pictures: Path) -> None:
    (pictures / "train").mkdir()
    for class_name in ("cat", "dog", "gnu"):
        (pictures / class_name).rename(pictures / "train" / class_name)
    (pictures / "val").mkdir()
    dataset = load("pictures test=0.2", pictures.parent)
    assert dataset.test_images[:, 0, 0, 0].tolist() == CHOSEN
    assert dataset.notes[0].startswith("val/ is not used; ")


def test_without_a_share_it_is_asked_for(pictures: Path) -> None:
    assert refusal("pictures", pictures.parent) == (
        f"{pictures}: holds folders of images, but neither train/ nor test/; {HINT}."
    )


def test_a_share_without_effect_is_refused(pictures: Path) -> None:
    no_effect = "so test = 0.2 has no effect; remove it from the study"
    assert refusal("mnist test=0.2", pictures) == f"mnist: has test images of its own, {no_effect}"
    for part in ("train", "test"):
        shutil.copytree(pictures / "cat", pictures / part / "cat")
    assert refusal("pictures test=0.2", pictures.parent) == (
        f"{pictures}: has test images of its own, in test/, {no_effect}"
    )


def test_a_single_image_of_a_class(pictures: Path) -> None:
    (pictures / "gnu/000.png").unlink()
    assert refusal("pictures test=0.2", pictures.parent) == (
        'pictures test=0.2: there is a single image of class "gnu", which cannot be both trained '
        "on and tested; add images"
    )


@pytest.mark.parametrize("text", ["0", "1", "1.5", "-0.2", "nan", "", "20%"])
def test_shares_that_are_none(text: str, pictures: Path) -> None:
    assert refusal(f"pictures test={text}", pictures.parent) == (
        f'data "pictures test={text}": test must be a share of the images between 0 and 1, got '
        f'"{text}"; write e.g. test=0.2'
    )


def test_a_folder_of_that_very_name(pictures: Path) -> None:
    shutil.copytree(pictures, pictures.parent / "pictures test=0.5")
    assert "holds folders of images" in refusal("pictures test=0.5", pictures.parent)
    assert parse("a b  test=0.5") == ("a b", 0.5)


IMAGES = np.arange(20 * 4, dtype=np.uint8).reshape(20, 2, 2)
LABELS = np.arange(20, dtype=np.uint8) % 2


@pytest.mark.parametrize("keys", [("images", "labels"), ("X", "y"), ("x_train", "y_train")])
def test_an_npz_file_of_one_pair(keys: tuple[str, str], tmp_path: Path) -> None:
    arrays: dict[str, Any] = dict(zip(keys, (IMAGES, LABELS), strict=True))
    np.savez(tmp_path / "a.npz", **arrays)
    dataset = load("a.npz test=0.3", tmp_path)
    assert (len(dataset.train_labels), len(dataset.test_labels)) == (14, 6)
    assert refusal("a.npz", tmp_path).endswith(f"; or {HINT}.")


def test_an_npz_file_with_test_images(tmp_path: Path) -> None:
    arrays = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": LABELS}
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    assert refusal("a.npz test=0.3", tmp_path).startswith(
        f"{tmp_path}/a.npz: has test images of its own (x_test), so test = 0.3 has no effect"
    )
    np.savez(tmp_path / "a.npz", pixels=IMAGES, y=LABELS)
    assert refusal("a.npz test=0.3", tmp_path).startswith(
        f"{tmp_path}/a.npz: holds pixels and y; needs images and labels, x and y, "
    )
    np.savez(tmp_path / "a.npz", x=IMAGES, y=LABELS[:-1])
    assert refusal("a.npz test=0.3", tmp_path) == (
        "a.npz test=0.3: has 20 training images but 19 training labels; every image needs one "
        "label."
    )


def test_idx_files_without_test_images(tmp_path: Path) -> None:
    for name, values in ((idx.TRAIN_IMAGES, IMAGES), (idx.TRAIN_LABELS, LABELS)):
        header = bytes([0, 0, 8, values.ndim])
        lengths = b"".join(length.to_bytes(4, "big") for length in values.shape)
        (tmp_path / name).write_bytes(header + lengths + values.tobytes())
    dataset = load(f"{tmp_path} test=0.3")
    assert (len(dataset.train_labels), len(dataset.test_labels)) == (14, 6)
    assert refusal(str(tmp_path), tmp_path).endswith(f"gzipped (.gz) or not; or {HINT}.")
    (tmp_path / idx.TEST_IMAGES).write_bytes(b"")
    assert "has test images of its own" in refusal(f"{tmp_path} test=0.3", tmp_path)


STUDY = """
title = "Pictures"
data = "pictures"
test = 0.2
seeds = 2

[experiments.a]
network = ["flatten", "linear 3"]
optimizer = { name = "sgd", lr = 0.01 }
epochs = 1
engine = "numpy"
"""


def test_the_share_is_part_of_the_data_of_a_study() -> None:
    study = read_study(STUDY, "s.toml")
    assert study.data == "pictures test=0.2"
    network: Any = ["flatten", "linear 3"]
    made = Experiment(
        network=network, optimizer=Sgd(lr=0.01), epochs=1, data="pictures", test=0.2, engine="numpy"
    )
    assert made == study.experiments["a"]
    assert made.but(epochs=2).data == "pictures test=0.2"
    with pytest.raises(UserError, match=r'data = "pictures test=0\.2" says already'):
        made.but(test=0.3)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("2", "s.toml, test: must be below 1, got 2"),
        ("0", "s.toml, test: must be above 0, got 0"),
        ("true", "s.toml, test: must be a finite number, got true"),
        ("'a'", 's.toml, test: must be a finite number, got "a"'),
    ],
)
def test_shares_in_a_study_that_are_none(written: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_study(STUDY.replace("test = 0.2", f"test = {written}"), "s.toml")
    assert str(caught.value) == message


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_from_the_command_line(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (pictures.parent / "s.toml").write_text(STUDY)
    monkeypatch.chdir(pictures.parent)
    assert call("run", "s.toml").exit_code == 0
    assert "Nothing to train" in (again := call("run", "s.toml")).output + again.stderr
    facts = read_json("data", "pictures test=0.2", "--json")
    assert (facts["train_images"], facts["test_images"]) == (41, 11)
