"""A dataset: bright left halves against bright right halves."""

from __future__ import annotations

import numpy as np

from paribus.data.dataset import Dataset
from paribus.seeding import stream


def halves() -> Dataset:
    """Return 60 training and 30 test images, 1×6×6, of 2 classes."""
    rng = stream(0, "their package", "halves")

    def images(
        labels: np.ndarray[tuple[int], np.dtype[np.int64]],
    ) -> np.ndarray[tuple[int, int, int, int], np.dtype[np.uint8]]:
        pictures = rng.integers(0, 100, (len(labels), 1, 6, 6)).astype(np.uint8)
        for picture, label in zip(pictures, labels, strict=True):
            picture[:, :, 3 * label : 3 * label + 3] += 100
        return pictures

    train_labels, test_labels = np.arange(60) % 2, np.arange(30) % 2
    return Dataset(
        name="halves",
        train_images=images(train_labels),
        train_labels=train_labels,
        test_images=images(test_labels),
        test_labels=test_labels,
        class_names=("left", "right"),
    )
