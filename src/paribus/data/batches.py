"""The arrays that engines are given: pixels in 0..1, and which images are for what.

Axes: N training images of the dataset, n of those that are trained on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paribus.data.classes import class_list
from paribus.data.dataset import Dataset, Images, Labels
from paribus.errors import UserError
from paribus.seeding import stream
from paribus.text import count

Choice = slice | npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Arrays:
    """Training and test images of runs. Runs share it, so nobody may write to it."""

    train_images: npt.NDArray[np.float32]
    """(n, C, H, W), in 0..1."""
    train_labels: Labels
    """(n,)."""
    train_indices: npt.NDArray[np.int64]
    """(n,), which training images of the dataset they are."""
    test_images: npt.NDArray[np.float32]
    test_labels: Labels
    validation_images: npt.NDArray[np.float32]
    """(0, C, H, W) where no validation set was asked for."""
    validation_labels: Labels


def prepare(
    dataset: Dataset, images: int | None = None, validation: int = 0, split: int = 0
) -> Arrays:
    """`images` training images (None: all) and `validation` others held out, chosen at random; with
    none held out, the validation images are those that the dataset brings, if it brings any.

    The choice depends on the dataset's size and the three numbers alone, on no run's seed, so all
    experiments and seeds see the same images. `split`: another one holds out others. The validation
    set does not depend on `images`, and of two values of `images`, the larger one's training images
    contain the smaller one's. All keep the order of the dataset.

    Raises `UserError` where there are too few images.
    """
    available = len(dataset.train_labels)
    check_counts(dataset.name, available, images, validation)
    train_n, validation_n = _choose(available, images, validation, split)
    held_images, held_labels = dataset.validation_images, dataset.validation_labels
    if validation or held_images is None or held_labels is None:
        held_images = dataset.train_images[validation_n]
        held_labels = dataset.train_labels[validation_n]
    # Labels are copied because PyTorch warns of arrays that cannot be written to.
    return Arrays(
        train_images=as_floats(dataset.train_images[train_n]),
        train_labels=dataset.train_labels[train_n].copy(),
        train_indices=training_indices(available, images, validation, split),
        test_images=as_floats(dataset.test_images),
        test_labels=dataset.test_labels.copy(),
        validation_images=as_floats(held_images),
        validation_labels=held_labels.copy(),
    )


def training_indices(
    available: int, images: int | None = None, validation: int = 0, split: int = 0
) -> npt.NDArray[np.int64]:
    """Return which of a dataset's training images `prepare` chooses to train on, ascending: (n,).

    available: how many there are.
    """
    return np.arange(available)[_choose(available, images, validation, split)[0]]


def check_counts(name: str, available: int, images: int | None, validation: int) -> None:
    """Raise `UserError` where a dataset has too few training images.

    name, available: the dataset's name and how many it has; images, validation: as in `prepare`.
    """
    if validation < 0:
        raise UserError(
            f"{name}: {validation:,} images for validation were asked for; needs 0 or more."
        )
    if images is not None and images < 1:
        raise UserError(f"{name}: {images:,} images to train on were asked for; needs 1 or more.")
    wanted = validation + (1 if images is None else images)
    if wanted > available:
        training = "at least 1" if images is None else f"{images:,}"
        raise UserError(
            f"{name}: {training} to train on and {validation:,} for validation were asked "
            f"for, of {available:,} training images; ask for {wanted - available:,} fewer."
        )


def subset_notes(dataset: Dataset, images: int | None, validation: int) -> tuple[str, ...]:
    """Return a clause for each part of a choice that lacks classes of the dataset.

    images, validation: as `prepare` takes them. Classes that the dataset has no training images of
    are left to `Dataset.notes`.
    """
    available = len(dataset.train_labels)
    parts = dict(
        zip(("train on", "validate on"), _choose(available, images, validation), strict=True)
    )
    there = np.unique(dataset.train_labels)
    notes = []
    for purpose, chosen in parts.items():
        labels = dataset.train_labels[chosen]
        lacking = np.setdiff1d(there, labels)
        if len(labels) and len(lacking):
            named = class_list(lacking, dataset.class_names)
            notes.append(f"of the {count(len(labels), 'image')} to {purpose}, none is of {named}")
    return tuple(notes)


def _choose(
    available: int, images: int | None, validation: int, split: int = 0
) -> tuple[Choice, Choice]:
    """Which images to train on and which to hold out, ascending; all as a slice, not to copy."""
    held_out = np.zeros(available, bool)
    if validation:
        held_out[stream(split, "validation").permutation(available)[:validation]] = True
    if images is None:
        if not validation:
            return slice(None), slice(0)
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)
    order_N = stream(0, "subset").permutation(available)
    left = order_N[~held_out[order_N]]
    return np.sort(left[:images]), np.flatnonzero(held_out)


def channel_statistics(
    images: Images,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the mean and the standard deviation of each channel of images (N, C, H, W), with
    pixels in 0..1: (C,) and (C,), from sums of integers, which no order of adding changes. The SD
    of a channel that is the same everywhere is taken for 1.

    >>> channel_statistics(np.array([[[[0, 255]], [[51, 51]]]], np.uint8))
    (array([0.5, 0.2], dtype=float32), array([0.5, 1. ], dtype=float32))
    """
    means, deviations = [], []
    for channel in range(images.shape[1]):
        counts = np.bincount(images[:, channel].ravel(), minlength=256).tolist()
        n = sum(counts)
        total = sum(value * count for value, count in enumerate(counts))
        squares = sum(value * value * count for value, count in enumerate(counts))
        means.append(total / n / 255)
        deviations.append(math.sqrt(n * squares - total * total) / n / 255)
    return np.array(means, np.float32), np.array([sd or 1.0 for sd in deviations], np.float32)


def as_floats(images: Images) -> npt.NDArray[np.float32]:
    """Return pixels divided by 255, in float32."""
    return np.divide(images, np.float32(255), dtype=np.float32)
