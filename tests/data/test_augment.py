"""Augmented pixels against the same written plainly, one image at a time."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus.data.augment import augmented
from paribus.randomness import Randomness
from paribus.spec.augment import KINDS, parse

Pixels = NDArray[np.uint8]

IMAGES = np.random.default_rng(5).integers(0, 256, (40, 3, 9, 11), dtype=np.uint8)
DRAWS = Randomness(3).augmentation("any", 1, len(IMAGES))


def below(draw: int, count: int) -> int:
    """A number below a count by 32 random bits, in exact arithmetic."""
    return int(draw) * count // 2**32


def crop(image: Pixels, amount: int, draw: NDArray[np.int64]) -> Pixels:
    return _moved(image, amount, draw, lambda y, x: image[:, y, x] if _within(image, y, x) else 0)


def shift(image: Pixels, amount: int, draw: NDArray[np.int64]) -> Pixels:
    def mirrored(place: int, size: int) -> int:
        place = abs(place)
        return 2 * (size - 1) - place if place >= size else place

    _, rows, columns = image.shape
    return _moved(
        image, amount, draw, lambda y, x: image[:, mirrored(y, rows), mirrored(x, columns)]
    )


def _within(image: Pixels, y: int, x: int) -> bool:
    return y in range(image.shape[1]) and x in range(image.shape[2])


def _moved(
    image: Pixels, amount: int, draw: NDArray[np.int64], pixel: Callable[[int, int], Any]
) -> Pixels:
    made = np.zeros_like(image)
    dy, dx = (below(one, 2 * amount + 1) - amount for one in draw)
    for y in range(image.shape[1]):
        for x in range(image.shape[2]):
            made[:, y, x] = pixel(y + dy, x + dx)
    return made


def flip(image: Pixels, amount: int, draw: NDArray[np.int64]) -> Pixels:
    return image[:, :, ::-1] if below(draw[0], 2) else image


def cutout(image: Pixels, amount: int, draw: NDArray[np.int64]) -> Pixels:
    made = image.copy()
    y, x = (below(one, size) - amount // 2 for one, size in zip(draw, image.shape[1:], strict=True))
    made[:, max(y, 0) : y + amount, max(x, 0) : x + amount] = 0
    return made


def rotate(image: Pixels, amount: int, draw: NDArray[np.int64]) -> NDArray[np.float64]:
    """In floating point, not rounded."""
    angle = math.radians(amount * (below(draw[0], 257) - 128) / 128)
    _, rows, columns = image.shape
    padded = np.pad(image.astype(float), ((0, 0), (30, 30), (30, 30)))
    made = np.zeros(image.shape)
    for y in range(rows):
        for x in range(columns):
            v, u = y - (rows - 1) / 2, x - (columns - 1) / 2
            from_y = math.cos(angle) * v - math.sin(angle) * u + (rows - 1) / 2
            from_x = math.sin(angle) * v + math.cos(angle) * u + (columns - 1) / 2
            top, left = math.floor(from_y), math.floor(from_x)
            b, r = from_y - top, from_x - left
            four = padded[:, top + 30 : top + 32, left + 30 : left + 32]
            weights = np.outer([1 - b, b], [1 - r, r])
            made[:, y, x] = (four * weights).sum((1, 2))
    return made


PLAIN = {"crop": crop, "shift": shift, "flip": flip, "cutout": cutout}


@pytest.mark.parametrize(
    "text", ["crop 1", "crop 4", "shift 1", "shift 8", "flip", "cutout 1", "cutout 4", "cutout 7"]
)
def test_pixels_are_those_of_the_plain_way(text: str) -> None:
    one = parse(text)
    made = augmented(IMAGES, one, DRAWS)
    wanted = [
        PLAIN[one.kind](image, one.amount, draw) for image, draw in zip(IMAGES, DRAWS, strict=True)
    ]
    np.testing.assert_array_equal(made, wanted)
    assert made.dtype == np.uint8
    assert (made != IMAGES).any()


@pytest.mark.parametrize("degrees", [1, 10, 45, 180])
def test_a_rotation_is_within_rounding_of_floating_point(degrees: int) -> None:
    made = augmented(IMAGES, parse(f"rotate {degrees}"), DRAWS)
    wanted = [rotate(image, degrees, draw) for image, draw in zip(IMAGES, DRAWS, strict=True)]
    # A place is rounded to 1/256 of a pixel in each direction, and neighbors differ by up to 255.
    assert np.abs(made - np.array(wanted)).max() < 0.5 + 2 * 255 / 512 + 0.1


def test_a_rotation_by_nothing_changes_nothing() -> None:
    middle = np.full_like(DRAWS, 2**31)
    np.testing.assert_array_equal(augmented(IMAGES, parse("rotate 30"), middle), IMAGES)


def test_a_rotation_by_a_half_turn_is_exact() -> None:
    last = np.full_like(DRAWS, 2**32 - 1)
    made = augmented(IMAGES, parse("rotate 180"), last)
    np.testing.assert_array_equal(made, IMAGES[:, :, ::-1, ::-1])


def test_no_sine_or_cosine_is_rounded_by_chance() -> None:
    """Two machines whose last digits differ have the same pixels."""
    nearest = min(
        abs(function(math.radians(degrees * step / 128)) * 65536 % 1 - 0.5)
        for degrees in range(1, 181)
        for step in range(-128, 129)
        for function in (math.sin, math.cos)
    )
    assert nearest > 1e-7


def test_pixels_have_the_bits_of_the_first_version() -> None:
    """Runs that are stored were trained on them: never to be changed."""
    digests = {}
    for kind in KINDS:
        one = parse(kind if kind == "flip" else f"{kind} 4")
        made = augmented(IMAGES, one, Randomness(7).augmentation(kind, 2, len(IMAGES)))
        digests[kind] = hashlib.sha256(made.tobytes()).hexdigest()[:16]
    assert digests == {
        "crop": "d4b7abeb7ab2e6fa",
        "shift": "f3dd3ca17f30c8d6",
        "flip": "6c3cbf96d3f46304",
        "cutout": "847b4370c7fbc417",
        "rotate": "6c6203ff3494df3c",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_as_likely(kind: str) -> None:
    """Of a pixel in the middle of a picture that has it alone."""
    images = np.zeros((20_000, 1, 9, 9), np.uint8)
    images[:, :, 4, 4] = 255
    text = {"crop": "crop 1", "shift": "shift 1", "cutout": "cutout 3", "flip": "flip"}.get(
        kind, "rotate 90"
    )
    if kind in ("flip", "rotate"):
        images[:, :, 4, 4], images[:, :, 4, 7] = 0, 255
    made = augmented(images, parse(text), Randomness(0).augmentation(kind, 1, len(images)))
    shares = made[:, 0].mean(0) / 255
    match kind:
        case "crop" | "shift":
            np.testing.assert_allclose(shares[3:6, 3:6], 1 / 9, atol=0.012)
        case "cutout":
            assert shares[4, 4] == pytest.approx(1 - 9 / 81, abs=0.01)
        case "flip":
            assert shares[4, [1, 7]] == pytest.approx([0.5, 0.5], abs=0.015)
        case "rotate":
            # As often up as down, never to the left.
            assert shares[:4].sum() == pytest.approx(shares[5:].sum(), abs=0.02)
            assert shares[:, :3].sum() < 1e-3
