"""Classes: names that look alike or cannot be written, classes without images."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from paribus.data.classes import appearance, class_notes, normal, not_writable
from paribus.data.dataset import Dataset, numbered
from paribus.data.sources import load
from paribus.errors import UserError

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images of each of two classes to train on, one to test; grayscale, all different."""
    for label, class_name in enumerate(("cat", "dog")):
        for part, numbers in (("train", (0, 1)), ("test", (2,))):
            (tmp_path / part / class_name).mkdir(parents=True)
            for number in numbers:
                picture(100 * label + 10 * number, tmp_path / part / class_name / f"{number}.png")
    return tmp_path


def picture(value: int, file: Path) -> None:
    Image.fromarray(np.full((3, 2), value, np.uint8)).save(file)


def rename(folder: Path, old: str, new: str, parts: tuple[str, ...] = ("train", "test")) -> None:
    for part in parts:
        (folder / part / old).rename(folder / part / new)


def refusal(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(str(folder))
    return str(caught.value)


def test_names_in_two_unicode_forms_are_one_class(folder: Path) -> None:
    rename(folder, "cat", COMPOSED, ("train",))
    rename(folder, "cat", DECOMPOSED, ("test",))
    dataset = load(str(folder))
    assert dataset.class_names == (COMPOSED, "dog")
    assert dataset.notes == (
        f'the folders of class "{COMPOSED}" have names in 2 Unicode forms, and count as one class',
    )


def test_two_unicode_forms_in_one_folder_are_one_class(folder: Path) -> None:
    rename(folder, "cat", COMPOSED)
    (folder / "train" / DECOMPOSED).mkdir()
    picture(50, folder / "train" / DECOMPOSED / "5.png")
    dataset = load(str(folder))
    assert dataset.class_names == (COMPOSED, "dog")
    assert dataset.train_labels.tolist() == [0, 0, 0, 1, 1]
    assert dataset.train_images[:, 0, 0, 0].tolist() == [0, 10, 50, 100, 110]
    assert len(dataset.notes) == 1


def test_the_form_of_names_does_not_change_the_data(folder: Path) -> None:
    rename(folder, "cat", COMPOSED)
    before = load(str(folder))
    rename(folder, COMPOSED, DECOMPOSED)
    after = load(str(folder))
    assert (after.fingerprint, after.class_names) == (before.fingerprint, before.class_names)
    assert after.notes == ()


def test_names_that_look_alike_are_told(folder: Path) -> None:
    rename(folder, "dog", "Cat")
    assert load(str(folder)).notes == (
        'the classes "Cat" and "cat" look alike, and count as 2 classes',
    )


def test_letters_of_another_alphabet_that_look_alike_are_told(folder: Path) -> None:
    cyrillic = "c\u0430t"
    rename(folder, "dog", cyrillic)
    assert load(str(folder)).notes == (
        f'the classes "cat" and "{cyrillic}" look alike, and count as 2 classes',
    )


def test_a_class_that_differs_in_case_alone(folder: Path) -> None:
    rename(folder, "cat", "Cat", ("test",))
    assert refusal(folder) == (
        f'{folder}: train has the class "cat", which test lacks; both must have the same classes '
        '(test has "Cat", so rename one).'
    )


@pytest.mark.parametrize(
    ("name", "escaped", "problem"),
    [
        (b"caf\xe9", "caf\\xe9", "is not valid UTF-8"),
        (b"a\nb", "a\\nb", "contains a control character"),
        (b"\x1b[31m", "\\x1b[31m", "contains a control character"),
        (b" ", " ", "is empty"),
        (
            "a\u202eb".encode(),
            "a\\u202eb",
            "contains a control character for the direction of writing",
        ),
    ],
)
def test_names_that_cannot_be_written(
    folder: Path, name: bytes, escaped: str, problem: str
) -> None:
    for part in ("train", "test"):
        os.rename(folder / part / "cat", os.path.join(os.fsencode(folder / part), name))
    assert refusal(folder) == (
        f"{folder}/train/{escaped}: the name of this class {problem}; rename the folder."
    )


def test_file_names_that_cannot_be_written_are_escaped(folder: Path) -> None:
    name = os.fsencode(folder / "train/cat") + b"/x\xe9.png"
    Path(os.fsdecode(name)).write_bytes(b"")
    assert refusal(folder).startswith(f"{folder}/train/cat/x\\xe9.png: is empty")


@given(st.text(min_size=1))
def test_what_is_accepted_can_be_written(name: str) -> None:
    if not_writable(name) is None:
        assert name.encode("utf-8").decode("utf-8") == name
        assert len(name.splitlines()) == 1
        assert not_writable(normal(name)) is None


@given(st.text())
def test_one_form_is_one_appearance(name: str) -> None:
    assert normal(normal(name)) == normal(name)
    assert appearance(normal(name)) == appearance(name)


def test_a_dataset_refuses_names_that_cannot_be_written_or_told_apart() -> None:
    images, labels = np.zeros((2, 1, 2, 2), np.uint8), np.array([0, 1])
    for names, message in (
        (("a", "b\udce9"), 'x: the class name "b\\xe9" is not valid UTF-8; rename the class.'),
        (("a", "a"), 'x: two classes are called "a"; rename one.'),
    ):
        with pytest.raises(UserError) as caught:
            Dataset("x", images, labels, images, labels, names)
        assert str(caught.value) == message


Labels = npt.NDArray[np.int64]


@pytest.mark.parametrize(
    ("train", "test", "notes"),
    [
        ([0, 1, 2], [2, 1, 0], []),
        ([1, 2, 3, 4], [1, 2, 3, 4], ["no training image of class 0; do labels begin at 1?"]),
        (
            [0, 1, 255],
            [0, 1],
            [
                "no training image of classes 2 to 254; is label 255 meant, which 1 image has?",
                "no test image of class 255, so test accuracy says nothing about it",
            ],
        ),
        (
            [0, 1, 2],
            [0, 1, 2, 255, 255],
            [
                "no training image of classes 3 to 254; is label 255 meant, which 2 images have?",
                "no training image of class 255, but 2 test images, which no network can learn to "
                "classify",
            ],
        ),
        (
            [0, 1],
            [0, 1, 2],
            [
                "no training image of class 2, but 1 test image, which no network can learn to "
                "classify"
            ],
        ),
        ([0, 1, 2], [0, 2], ["no test image of class 1, so test accuracy says nothing about it"]),
        ([0, 1, 3, 4], [0, 1, 3, 4], ["no training image of class 2"]),
        (
            [1, 3, 5],
            [1, 3, 5],
            [
                "no training image of classes 0, 2 and 4; is label 5 meant, which 2 images have?",
            ],
        ),
    ],
)
def test_classes_without_images(train: list[int], test: list[int], notes: list[str]) -> None:
    train_labels, test_labels = np.array(train), np.array(test)
    names = numbered(train_labels, test_labels)
    assert list(class_notes(train_labels, test_labels, names)) == notes


def test_classes_without_images_are_named() -> None:
    labels = np.array([0, 1])
    names = ("cat", "dog", "T-shirt", "coat", "bag", "boot", "hat", "sock")
    assert class_notes(labels, labels, names) == (
        'no training image of classes "T-shirt", "coat", "bag", "boot", "hat" and 1 more',
    )


@given(st.lists(st.integers(0, 30), min_size=1), st.lists(st.integers(0, 30), min_size=1))
def test_notes_are_made_if_and_only_if_classes_lack_images(a: list[int], b: list[int]) -> None:
    train, test = np.array(a), np.array(b)
    names = numbered(train, test)
    complete = set(a) == set(b) == set(range(len(names)))
    assert (class_notes(train, test, names) == ()) == complete
