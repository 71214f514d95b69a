"""Made images of CIFAR's size: ten shapes in color, which no study has to download."""

# Axes: N images, H rows, W columns, C channels, S shapes.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset

Floats = NDArray[np.float64]

SIZE = 32
TRAIN, TEST = 2_000, 4_000
SHAPES = (
    "disk",
    "ring",
    "square",
    "frame",
    "triangle",
    "cross",
    "crescent",
    "bar",
    "stripes",
    "half",
)


def load() -> Dataset:
    """Return 2,000 training and 4,000 test images, with their shapes as classes.

    Each shape has a place, a size, a turn and two colors of its own, in noise. Only integers
    are drawn, and no function of a C library is used, so that all systems make the same images.
    """
    train_images, train_labels = _made(TRAIN, np.random.default_rng(1))
    test_images, test_labels = _made(TEST, np.random.default_rng(2))
    return Dataset(
        name="shapes",
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=SHAPES,
    )


def _made(count: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    label_N = np.arange(count) % len(SHAPES)
    rng.shuffle(label_N)
    row_N, column_N = rng.integers(12, 21, (2, count))
    size_N = rng.integers(8, 13, count)
    # A turn of at most 31 degrees, from the tangent of its half.
    half_N = rng.integers(-28, 29, count) / 100
    cos_N, sin_N = (1 - half_N**2) / (1 + half_N**2), 2 * half_N / (1 + half_N**2)

    y_NHW = (np.arange(SIZE)[:, None] - row_N[:, None, None]) / size_N[:, None, None]
    x_NHW = (np.arange(SIZE) - column_N[:, None, None]) / size_N[:, None, None]
    cos_N11, sin_N11 = cos_N[:, None, None], sin_N[:, None, None]
    inside_SNHW = _inside(x_NHW * cos_N11 + y_NHW * sin_N11, y_NHW * cos_N11 - x_NHW * sin_N11)
    inside_NHW = inside_SNHW[label_N, np.arange(count)]

    # Of each color, one of the two has 40 to 120 more than the other.
    ground_NC = rng.integers(20, 116, (count, 3))
    color_NC = ground_NC + rng.integers(40, 121, (count, 3))
    darker_N = rng.integers(0, 2, count) == 1
    ground_NC[darker_N], color_NC[darker_N] = color_NC[darker_N], ground_NC[darker_N]
    image_NHWC = np.where(
        inside_NHW[..., None], color_NC[:, None, None, :], ground_NC[:, None, None, :]
    )
    image_NHWC += rng.integers(-20, 21, image_NHWC.shape)
    image_NCHW = image_NHWC.clip(0, 255).astype(np.uint8).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(image_NCHW), label_N


def _inside(x_NHW: Floats, y_NHW: Floats) -> NDArray[np.bool_]:
    """Whether a point lies in each shape of size 1: (S, N, H, W), in the order of `SHAPES`."""
    across_NHW, down_NHW = np.abs(x_NHW), np.abs(y_NHW)
    from_center_NHW = x_NHW**2 + y_NHW**2
    widest_NHW = np.maximum(across_NHW, down_NHW)
    disk_NHW, square_NHW = from_center_NHW <= 1, widest_NHW <= 0.85
    return np.stack(
        [
            disk_NHW,
            disk_NHW & (from_center_NHW >= 0.36),
            square_NHW,
            square_NHW & (widest_NHW >= 0.5),
            (down_NHW <= 0.9) & (2 * across_NHW <= y_NHW + 0.9),
            (widest_NHW <= 1) & (np.minimum(across_NHW, down_NHW) <= 0.3),
            disk_NHW & ((x_NHW - 0.5) ** 2 + y_NHW**2 >= 0.8),
            (across_NHW <= 1) & (down_NHW <= 0.35),
            square_NHW & (np.abs(down_NHW - 0.5) <= 0.25),
            disk_NHW & (y_NHW <= 0),
        ]
    )
