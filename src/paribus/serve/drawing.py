"""Makes of a drawing an image as the networks know them: scaled and centered as MNIST's were.

"The original black and white (bilevel) images from NIST were size normalized to fit in a 20x20
pixel box while preserving their aspect ratio. The resulting images contain gray levels as a result
of the anti-aliasing technique used by the normalization algorithm. The images were centered in a
28x28 image by computing the center of mass of the pixels, and translating the image so as to
position this point at the center of the 28x28 field." (LeCun, Cortes, Burges: The MNIST database)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paribus.errors import UserError

# H rows, W columns, C channels

# The share of an image's side that MNIST's digits fill.
_FILLED = 20 / 28


def as_image(drawing_HW: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """An image (C, H, W) of a drawing of any size, pixels in 0..1; gray goes into every channel.

    Raises `UserError` if nothing has been drawn.
    """
    channels, height, width = shape
    rows, columns = np.flatnonzero(drawing_HW.any(1)), np.flatnonzero(drawing_HW.any(0))
    if not len(rows):
        raise UserError("nothing has been drawn; draw something first")
    cut = drawing_HW[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = min(height * _FILLED / cut.shape[0], width * _FILLED / cut.shape[1])
    size = [max(1, round(side * scale)) for side in (cut.shape[1], cut.shape[0])]
    # Its filter covers all the pixels that go into one, which is what antialiases.
    small = np.asarray(
        Image.fromarray(cut).resize((size[0], size[1]), Image.Resampling.BICUBIC), np.float32
    )
    image = np.zeros((height, width), np.float32)
    top = _start(small.sum(1), height)
    left = _start(small.sum(0), width)
    image[top : top + small.shape[0], left : left + small.shape[1]] = small / 255
    return np.repeat(image[None], channels, axis=0)


def _start(mass: NDArray[np.float32], room: int) -> int:
    """Where to put something along one axis, for its center of mass to be in the middle.

    mass: of each row or column. room: of the image; nothing is put outside it.
    """
    total = float(mass.sum())
    middle = float((mass * (np.arange(len(mass)) + 0.5)).sum()) / total if total else len(mass) / 2
    # In MNIST's images the center is that of the pixel 14 of 0 to 27, half a pixel off the middle.
    return int(np.clip(round(room / 2 + 0.5 - middle), 0, room - len(mass)))
