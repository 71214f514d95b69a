from __future__ import annotations

import dataclasses
import hashlib
import re
import struct
from typing import Any

import numpy as np
import pytest

from paribus.data.dataset import MOST_CLASSES, Dataset, numbered
from paribus.errors import UserError


def make(**changes: Any) -> Dataset:
    arrays: dict[str, Any] = {
        "name": "small",
        "train_images": np.arange(24, dtype=np.uint8).reshape(4, 1, 2, 3),
        "train_labels": np.array([0, 1, 2, 1]),
        "test_images": np.zeros((2, 1, 2, 3), np.uint8),
        "test_labels": np.array([2, 0]),
        "class_names": ("a", "b", "c"),
    }
    return Dataset(**(arrays | changes))


def test_shape_and_classes() -> None:
    dataset = make()
    assert dataset.image_shape == (1, 2, 3)
    assert dataset.classes == 3
    assert dataset.attribution == ""


def test_arrays_cannot_be_written_to() -> None:
    mine = np.arange(24, dtype=np.uint8).reshape(4, 1, 2, 3)
    dataset = make(train_images=mine)
    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0] = 9
    with pytest.raises(ValueError, match="read-only"):
        dataset.test_labels[0] = 9
    mine[0] = 99  # remains the caller's to write to, and does not reach the dataset
    assert dataset.train_images[0, 0, 0, 0] == 0


def test_fingerprint_depends_on_the_arrays_alone() -> None:
    assert make().fingerprint == make(name="other", class_names=("x", "y", "z")).fingerprint
    written_out = (
        b"|u1 (4, 1, 2, 3)\n"
        + bytes(range(24))
        + b"<i8 (4,)\n"
        + b"".join(struct.pack("<q", label) for label in (0, 1, 2, 1))
        + b"|u1 (2, 1, 2, 3)\n"
        + bytes(12)
        + b"<i8 (2,)\n"
        + struct.pack("<2q", 2, 0)
    )
    assert make().fingerprint == hashlib.sha256(written_out).hexdigest()


def test_fingerprint_is_that_of_the_values_and_not_of_their_layout_in_memory() -> None:
    turned = np.asfortranarray(make().train_images)
    assert make(train_images=turned).fingerprint == make().fingerprint


@pytest.mark.parametrize("field", ["train_images", "train_labels", "test_images", "test_labels"])
def test_fingerprint_sees_every_value(field: str) -> None:
    changed = np.array(getattr(make(), field))
    changed.flat[-1] = 2
    assert make(**{field: changed}).fingerprint != make().fingerprint


def test_fingerprint_sees_the_shape() -> None:
    def reshaped(rows: int, columns: int) -> Dataset:
        return make(
            train_images=np.zeros((4, 1, rows, columns), np.uint8),
            test_images=np.zeros((2, 1, rows, columns), np.uint8),
        )

    assert reshaped(2, 3).fingerprint != reshaped(3, 2).fingerprint


def test_fingerprint_is_computed_once() -> None:
    dataset = make()
    assert dataset.fingerprint is dataset.fingerprint


def test_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"train_labels": np.array([0, 1, 2])},
            "small: has 4 training images but 3 training labels; every image needs one label.",
        ),
        (
            {"test_labels": np.array([0, 3])},
            "small: test labels out of range: label 3 of image 1, counted from 0, is not in 0 to "
            "2; label the classes 0, 1, 2 and so on.",
        ),
        (
            {"train_labels": np.array([0, 1, -1, 2])},
            "small: training labels out of range: label -1 of image 2, counted from 0, is not in "
            "0 to 2; label the classes 0, 1, 2 and so on.",
        ),
        (
            {"test_images": np.zeros((0, 1, 2, 3), np.uint8), "test_labels": np.zeros(0, np.int64)},
            "small: has no test images; at least one is needed.",
        ),
        (
            {
                "train_images": np.zeros((0, 1, 2, 3), np.uint8),
                "train_labels": np.zeros(0, np.int64),
            },
            "small: has no training images; at least one is needed.",
        ),
        (
            {"test_images": np.zeros((2, 3, 2, 4), np.uint8)},
            "small: the training images are 2 × 3 pixels in 1 channel, but the test images "
            "2 × 4 pixels in 3 channels; all images must be of one size.",
        ),
        (
            {"train_images": np.zeros((4, 1, 0, 3), np.uint8)},
            "small: the training images are 0 × 3 pixels in 1 channel; each needs at least one "
            "pixel.",
        ),
        (
            {"class_names": ("a",)},
            "small: has 1 class; a classifier needs at least 2 classes.",
        ),
        (
            {"train_labels": np.array([1, 1, 1, 1])},
            "small: every training label is 1; a classifier needs training images of at least 2 "
            "classes.",
        ),
        (
            {"train_images": np.zeros((4, 1, 2, 3), np.float32)},
            "small: the training images are float32 of shape (4, 1, 2, 3); needs uint8 of shape "
            "(images, channels, rows, columns).",
        ),
        (
            {"test_labels": np.zeros((2, 1), np.int64)},
            "small: the test labels are int64 of shape (2, 1); needs int64 of shape (images,).",
        ),
    ],
)
def test_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        make(**changes)


def test_classes_are_numbered_up_to_the_largest_label() -> None:
    assert numbered(np.array([0, 4]), np.array([2])) == ("0", "1", "2", "3", "4")
    assert numbered(np.array([0, 0]), np.array([0])) == ("0", "1")


def test_more_classes_than_the_most_are_out_of_range() -> None:
    labels = np.array([0, 1, 2, MOST_CLASSES])
    message = (
        "small: training labels out of range: label 1000 of image 3, counted from 0, is not in 0 "
        "to 999; label the classes 0, 1, 2 and so on, at most 1000."
    )
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        make(train_labels=labels, class_names=numbered(labels, labels))
