"""A dataset in memory: labeled images to train on and to be tested on.

Axes: N images, C channels, H rows, W columns.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from paribus.data.classes import check_class_names, class_notes
from paribus.data.facts import DataFacts, warnings
from paribus.data.overlap import overlap_notes
from paribus.errors import UserError
from paribus.text import count

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

MOST_CLASSES = 1000

_ARRAYS = (
    *("train_images", "train_labels", "test_images", "test_labels"),
    *("validation_images", "validation_labels"),
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels that were found to be fit for training; the arrays are read-only.

    Making one checks it with `validate`, so a faulty one cannot exist.
    """

    name: str
    """As the user wrote it; messages about the dataset begin with it."""
    train_images: Images
    """(N, C, H, W), 0 to 255."""
    train_labels: Labels
    """(N,), in 0..classes-1."""
    test_images: Images
    test_labels: Labels
    class_names: tuple[str, ...]
    validation_images: Images | None = None
    """Those that a dataset brings to choose by; None if it has none."""
    validation_labels: Labels | None = None
    attribution: str = ""
    """The license and the authors, in one sentence, or nothing where they are not known."""
    label_errors: tuple[int, ...] = ()
    """Test images whose labels people have rejected, as far as is known."""
    remarks: tuple[str, ...] = ()
    """Remarks of the loader for the user, e.g. that a folder was not read."""

    def __post_init__(self) -> None:
        validate(self)
        for field in _ARRAYS:
            if (array := getattr(self, field)) is not None:
                object.__setattr__(self, field, _read_only(array))

    @property
    def parts(self) -> tuple[tuple[str, Images, Labels], ...]:
        """Training, test and, if there are any, validation images: in a word, images, labels."""
        parts = [
            ("training", self.train_images, self.train_labels),
            ("test", self.test_images, self.test_labels),
        ]
        if self.validation_images is not None and self.validation_labels is not None:
            parts.append(("validation", self.validation_images, self.validation_labels))
        return tuple(parts)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        _, channels, rows, columns = self.train_images.shape
        return channels, rows, columns

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def facts(self) -> DataFacts:
        """What is known of it without its arrays."""
        return DataFacts(
            name=self.name,
            fingerprint=self.fingerprint,
            image_shape=self.image_shape,
            class_names=self.class_names,
            train_images=len(self.train_labels),
            test_images=len(self.test_labels),
            validation_images=(
                0 if self.validation_labels is None else len(self.validation_labels)
            ),
            notes=self.notes,
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """All that a user should know before training, a clause each, for warnings.

        What the loader remarked, which classes have no training or no test images, and how many
        images two parts share.
        """
        classes = class_notes(self.train_labels, self.test_labels, self.class_names)
        return *self.remarks, *classes, *overlap_notes(self.parts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notes as commands print them, a line each."""
        return warnings(self.name, self.notes)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hex, over the arrays that it has with their shapes and types; not over any
        name."""
        digest = hashlib.sha256()
        for _, images, labels in self.parts:
            for array, dtype in ((images, "|u1"), (labels, "<i8")):
                digest.update(f"{dtype} {array.shape}\n".encode())
                digest.update(array.astype(dtype, copy=False).data)
        return digest.hexdigest()


def numbered(*parts: Labels) -> tuple[str, ...]:
    """Class names where a source gives none: one number for each class up to the largest label.

    >>> numbered(np.array([0, 1]), np.array([2]))
    ('0', '1', '2')

    At least 2 are named, and at most `MOST_CLASSES`; `validate` refuses labels beyond them.
    """
    largest = max(int(labels.max(initial=1)) for labels in parts)
    return tuple(str(label) for label in range(min(largest + 1, MOST_CLASSES)))


def validate(dataset: Dataset) -> None:
    """Raise `UserError` where `dataset` is not fit for training and testing a classifier."""
    name = dataset.name
    check_class_names(name, dataset.class_names)
    if dataset.classes < 2:
        raise UserError(
            f"{name}: has {dataset.classes} class; a classifier needs at least 2 classes."
        )
    for part, images, labels in dataset.parts:
        _check_part(name, part, images, labels, classes=dataset.classes)
    train = dataset.train_images.shape[1:]
    for part, images, _ in dataset.parts[1:]:
        if images.shape[1:] != train:
            raise UserError(
                f"{name}: the training images are {_size(train)}, but the {part} images "
                f"{_size(images.shape[1:])}; all images must be of one size."
            )
    if np.all(dataset.train_labels == dataset.train_labels[0]):
        raise UserError(
            f"{name}: every training label is {dataset.train_labels[0]}; a classifier needs "
            "training images of at least 2 classes."
        )


def check_lengths(name: str, part: str, images: int, labels: int) -> None:
    """Raise `UserError` if there are more images than labels, or fewer."""
    if images != labels:
        raise UserError(
            f"{name}: has {images:,} {part} images but {labels:,} {part} labels; every image needs "
            "one label."
        )


def _check_part(name: str, part: str, images: Images, labels: Labels, *, classes: int) -> None:
    if images.dtype != np.uint8 or images.ndim != 4:
        raise UserError(
            f"{name}: the {part} images are {images.dtype} of shape {images.shape}; needs uint8 of "
            "shape (images, channels, rows, columns)."
        )
    if labels.dtype != np.int64 or labels.ndim != 1:
        raise UserError(
            f"{name}: the {part} labels are {labels.dtype} of shape {labels.shape}; needs int64 of "
            "shape (images,)."
        )
    check_lengths(name, part, len(images), len(labels))
    if len(images) == 0:
        raise UserError(f"{name}: has no {part} images; at least one is needed.")
    if 0 in images.shape:
        raise UserError(
            f"{name}: the {part} images are {_size(images.shape[1:])}; each needs at least one "
            "pixel."
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        raise UserError(
            f"{name}: {part} labels out of range: label {labels[wrong[0]]} of image {wrong[0]}, "
            f"counted from 0, is not in 0 to {classes - 1}; label the classes 0, 1, 2 and so on"
            f"{f', at most {MOST_CLASSES}' if classes == MOST_CLASSES else ''}."
        )


def _size(shape: tuple[int, ...]) -> str:
    """A size in words, of (C, H, W): "28 × 28 pixels in 1 channel"."""
    channels, rows, columns = shape
    return f"{rows} × {columns} pixels in {count(channels, 'channel')}"


def _read_only(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """`array` where nothing can write to it, else a copy to which nothing can."""
    if array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array, order="C")
        array.flags.writeable = False
    return array
