"""Real digits for the tests, read straight from the files of the package."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import paribus

MNIST = Path(paribus.__file__).parent / "data" / "mnist"


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The first 6,400 training images (N, 1, 28, 28) and their labels."""
    with gzip.open(MNIST / "train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(16 + 6400 * 784), np.uint8, offset=16)
    with gzip.open(MNIST / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(8 + 6400), np.uint8, offset=8)
    images = (pixels / np.float32(255)).astype(np.float32).reshape(-1, 1, 28, 28)
    return images, labels.astype(np.int64)
