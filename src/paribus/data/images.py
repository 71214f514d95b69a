"""Reading one image file: which formats, and as which pixels."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from paribus.data.dataset import Images
from paribus.data.memory import Memory
from paribus.data.reading import damaged, kind_of, read_bytes
from paribus.errors import UserError
from paribus.text import shown

# No other format of Pillow's is meant: for some it starts another program (EPS: Ghostscript).
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
FORMATS = "PNG, JPEG, BMP, GIF, TIFF, WebP, PGM or PPM"

# How images of each of Pillow's modes with 8 bits per channel are read: L is grayscale, RGB color.
# A palette counts as color.
_READ_AS = dict.fromkeys(("1", "L", "LA"), "L") | dict.fromkeys(
    ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"), "RGB"
)

_ORIENTATION = 0x0112  # its tag in EXIF


@dataclass(frozen=True, eq=False)
class Picture:
    """An image file as it was read."""

    pixels: Images
    """(C, H, W) with 1 or 3 channels, turned as its EXIF orientation says."""
    has_more: bool
    """Whether the file holds several images, of which this is the first."""


def read(file: Path, memory: Memory) -> Picture:
    """Return the image of a file; of a file with several images, the first.

    memory: the room for its pixels; it is not used. Raises `UserError`.
    """
    where = shown(file)
    content = read_bytes(file, memory)
    try:
        with warnings.catch_warnings():
            # Pillow warns of oddities beside the pixels, such as broken EXIF data of photographs.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(where, content, memory)
    except UserError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UserError(
            f"{where}: has more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels; resize it."
        ) from error
    except UnidentifiedImageError as error:
        if content.startswith(_STARTS):
            raise _damaged(where) from error
        what = kind_of(content) or ("no image that can be read" if content else "empty")
        raise UserError(
            f"{where}: is {what}; needs an image in {FORMATS}, so convert it, replace it, or take "
            "it away."
        ) from error
    except Exception as error:  # Pillow's decoders raise almost anything for a damaged file.
        raise _damaged(where) from error


def _damaged(where: str) -> UserError:
    return damaged(where, "replace it, or take it away")


def _decode(where: str, content: bytes, memory: Memory) -> Picture:
    with Image.open(BytesIO(content), formats=_FORMATS) as image:
        if image.mode not in _READ_AS or _is_wide(image):
            depth = (
                "more than 8 bits per channel"
                if image.mode in _READ_AS
                else (f'pixels of mode "{image.mode}" (Pillow)')
            )
            raise UserError(
                f"{where}: has {depth}; needs 8 bits per channel, grayscale or color, so convert "
                "it."
            )
        columns, rows = image.size
        memory.check_one(where, rows * columns * (1 if _READ_AS[image.mode] == "L" else 3))
        # Asked for before pixels are read, since it moves a GIF to its second image and back.
        has_more = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
        image.load()
        if image.has_transparency_data:
            darkest, _ = image.convert("RGBA").getchannel("A").getextrema()
            if darkest != 255:
                raise UserError(
                    f"{where}: has transparent pixels; put it on a background of one color."
                )
        pixels = np.asarray(image.convert(_READ_AS[image.mode]))
        pixels = pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        return Picture(_turned(pixels, _orientation(image)), has_more)


def _is_wide(image: Image.Image) -> bool:
    """Return whether an image that Pillow gives 8 bits per channel has more of them in its file.

    It shows in how they are to be unpacked alone: "RGB;16B", or a largest value above 255.
    """
    tiles = getattr(image, "tile", ())
    return any(
        re.search(r";16[BLN]", str(tile[3]))
        or (tile[0] == "ppm" and isinstance(tile[3], tuple) and int(tile[3][-1]) > 255)
        for tile in tiles
    )


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (as it is) where there is none that can be read."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # Broken EXIF data are no reason to refuse the pixels.
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _turned(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Return (C, H, W) as viewers show it. Exif 2.32, section 4.6.4, tag Orientation."""
    if orientation >= 5:  # Rows and columns are exchanged.
        pixels = pixels.transpose(0, 2, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, :, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[:, ::-1]
    return pixels
