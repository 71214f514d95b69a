"""The made images are the same on every system."""

from __future__ import annotations

import hashlib

import numpy as np

from paribus.data.shapes import SHAPES, load

DIGESTS = {
    "train_images": "61fa79358ad5ddbc70ef8aa9463cef41f73e6ebd4e643242b4e5a9bc02798f84",
    "test_images": "4439af0be6140774a7f2148e682e7f54edfdc39026c89c9c6479da97f8092b6f",
}


def test_the_images_are_these() -> None:
    made = load()
    for name, digest in DIGESTS.items():
        image_NHWC = getattr(made, name).transpose(0, 2, 3, 1)
        assert hashlib.sha256(image_NHWC.tobytes()).hexdigest() == digest


def test_every_shape_is_as_frequent() -> None:
    made = load()
    for label_N in (made.train_labels, made.test_labels):
        counts = np.bincount(label_N)
        assert len(counts) == len(SHAPES)
        assert len(set(counts)) == 1
