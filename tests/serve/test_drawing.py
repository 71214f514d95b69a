"""A drawing becomes an image as MNIST's were made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.data.sources import load
from paribus.errors import UserError
from paribus.serve.drawing import as_image


@given(
    top=st.integers(0, 200),
    left=st.integers(0, 200),
    height=st.integers(1, 80),
    width=st.integers(1, 80),
)
def test_a_block_is_scaled_to_20_pixels_and_centered(
    top: int, left: int, height: int, width: int
) -> None:
    drawing = np.zeros((280, 280), np.uint8)
    drawing[top : top + height, left : left + width] = 255
    (image,) = as_image(drawing, (1, 28, 28))
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert max(len(rows), len(columns)) == 20
    for index in (rows, columns):
        assert abs(index.mean() - 14) <= 0.5
    assert 0 <= image.min() <= image.max() <= 1


def test_mnist_s_own_images_stay_as_they_are() -> None:
    images = load("mnist").test_images[:200]
    differences = []
    for image in images:
        large = np.kron(image[0], np.ones((10, 10), np.uint8))
        differences.append(np.abs(as_image(large, (1, 28, 28))[0] - image[0] / 255).mean())
    # They were cut and centered by the same rule; what is left is the blur of scaling back.
    assert np.mean(np.array(differences) < 0.02) > 0.97


def test_other_sizes_and_colors() -> None:
    drawing = np.zeros((280, 280), np.uint8)
    drawing[10:100, 10:50] = 200
    image = as_image(drawing, (3, 32, 48))
    assert image.shape == (3, 32, 48)
    assert np.array_equal(image[0], image[2])


def test_nothing_drawn_is_said() -> None:
    with pytest.raises(UserError, match="nothing has been drawn; draw something first"):
        as_image(np.zeros((280, 280), np.uint8), (1, 28, 28))
