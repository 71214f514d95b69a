"""Augmented pixels: integers in, integers out, so that they are bit-identical on every machine.

Every engine is given these pixels. The numbers that decide them are drawn elsewhere (`randomness`).

Axes: B images, C channels, H rows, W columns.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from paribus.data.dataset import Images
from paribus.spec.augment import Augmentation

Draws = npt.NDArray[np.int64]
"""(B, 2), two numbers of 32 random bits for each image."""

_ANGLES = 128
"""Steps of an angle on either side of 0."""
_ONE = 1 << 16
"""The fixed-point value of 1 as a sine or cosine."""
_PLACES = 1 << 8
"""Places from one pixel to the next that a rotation tells apart."""
_HALF_PLACE = _ONE // _PLACES
"""Half of such a place, in units of half a pixel / `_ONE`."""


def augmented(images: Images, augmentation: Augmentation, draws: Draws) -> Images:
    """Return images (B, C, H, W) after one augmentation, as a new array.

    - crop n: n black pixels are added on each side, and a window of the old size is cut out.
    - shift n: the image is moved by up to n pixels along each axis; what it leaves is filled with
      its mirror image.
    - flip: left and right are exchanged in half of the images.
    - cutout n: a square of n × n pixels becomes black; its center may be any pixel
      (DeVries and Taylor 2017).
    - rotate n: by up to n degrees around the center, bilinear; corners become black.
    """
    amount = augmentation.amount
    match augmentation.kind:
        case "crop":
            pad = ((0, 0), (0, 0), (amount, amount), (amount, amount))
            return _windows(np.pad(images, pad), images.shape, amount, draws)
        case "shift":
            pad = ((0, 0), (0, 0), (amount, amount), (amount, amount))
            return _windows(np.pad(images, pad, mode="reflect"), images.shape, amount, draws)
        case "flip":
            flipped = images.copy()
            chosen = np.flatnonzero(_below(draws[:, 0], 2))
            flipped[chosen] = images[chosen][..., ::-1]
            return flipped
        case "cutout":
            return _cut_out(images, amount, draws)
        case "rotate":
            return _rotated(images, amount, draws)


def _below(draws: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Numbers in 0..count-1, each as likely, from 32 random bits each."""
    return np.asarray(draws * count >> 32)


def _windows(padded: Images, shape: tuple[int, ...], amount: int, draws: Draws) -> Images:
    """A window of each image, at one of 2 · amount + 1 places along each axis."""
    size = 2 * amount + 1
    windows = sliding_window_view(padded, shape[2:], axis=(2, 3))
    places = _below(draws[:, 0], size), _below(draws[:, 1], size)
    return np.ascontiguousarray(windows[np.arange(shape[0]), :, places[0], places[1]])


def _cut_out(images: Images, size: int, draws: Draws) -> Images:
    _, _, rows, columns = images.shape
    first_y = _below(draws[:, 0], rows)[:, None] - size // 2
    first_x = _below(draws[:, 1], columns)[:, None] - size // 2
    y, x = np.arange(rows), np.arange(columns)
    in_rows = (first_y <= y) & (y < first_y + size)
    in_columns = (first_x <= x) & (x < first_x + size)
    kept = ~(in_rows[:, :, None] & in_columns[:, None, :])
    return images * kept[:, None]


@lru_cache(maxsize=8)
def _turns(degrees: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Cosine and sine of all angles that a rotation may have, in units of 1 / `_ONE`.

    No value is so near the middle between two integers that rounding could fall to either side.
    """
    angles = [math.radians(degrees * step / _ANGLES) for step in range(-_ANGLES, _ANGLES + 1)]
    cosines = np.array([round(math.cos(angle) * _ONE) for angle in angles])
    return cosines, np.array([round(math.sin(angle) * _ONE) for angle in angles])


def _rotated(images: Images, degrees: int, draws: Draws) -> Images:
    count, channels, rows, columns = images.shape
    cosines, sines = _turns(degrees)
    turn = _below(draws[:, 0], len(cosines))
    cosine, sine = cosines[turn][:, None, None], sines[turn][:, None, None]
    # Twice the distance from the center, which may lie between two pixels: (1, H, 1) and (1, 1, W).
    y = (2 * np.arange(rows) - (rows - 1))[None, :, None]
    x = (2 * np.arange(columns) - (columns - 1))[None, None, :]
    # Where each pixel comes from, in whole places: (B, H, W).
    from_y = (cosine * y - sine * x + (rows - 1) * _ONE + _HALF_PLACE) // (2 * _HALF_PLACE)
    from_x = (sine * y + cosine * x + (columns - 1) * _ONE + _HALF_PLACE) // (2 * _HALF_PLACE)
    top, down = np.divmod(from_y, _PLACES)
    left, right = np.divmod(from_x, _PLACES)
    inside = (top >= -1) & (top < rows) & (left >= -1) & (left < columns)
    # With a margin of one black pixel; the four pixels around a place, as indices of a flat image.
    flat = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1))).reshape(count, channels, -1)
    width = columns + 2
    first = np.clip(top + 1, 0, rows) * width + np.clip(left + 1, 0, columns)
    total = np.zeros((count, channels, rows * columns), np.int64)
    for step, weight in (
        (0, (_PLACES - down) * (_PLACES - right)),
        (1, (_PLACES - down) * right),
        (width, down * (_PLACES - right)),
        (width + 1, down * right),
    ):
        pixels = np.take_along_axis(flat, (first + step).reshape(count, 1, -1), axis=2)
        total += pixels * (weight * inside).reshape(count, 1, -1)
    whole = _PLACES * _PLACES
    return ((total + whole // 2) // whole).astype(np.uint8).reshape(images.shape)
