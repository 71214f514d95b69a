"""Single image files: formats, orientation, and what asks for too much."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps

from paribus.data import images
from paribus.data.memory import Memory
from paribus.errors import UserError

FORMATS = "needs an image in PNG, JPEG, BMP, GIF, TIFF, WebP, PGM or PPM"
ORIENTATION = 0x0112


def read(file: Path) -> npt.NDArray[np.uint8]:
    """The pixels as (H, W, C)."""
    return images.read(file, Memory()).pixels.transpose(1, 2, 0)


def refusal(file: Path) -> str:
    with pytest.raises(UserError) as caught:
        read(file)
    return str(caught.value)


def oriented(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def quarters() -> Image.Image:
    """A square image, so that its size does not give a turn away."""
    values = np.zeros((16, 16), np.uint8)
    values[:8, :8], values[:8, 8:], values[8:, :8] = 240, 160, 80
    return Image.fromarray(values).convert("RGB")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_exif_orientation_is_applied(tmp_path: Path, suffix: str, orientation: int) -> None:
    file = tmp_path / f"a.{suffix}"
    quarters().save(file, exif=oriented(orientation), quality=100, lossless=True)
    buffer = io.BytesIO()
    quarters().save(buffer, "png", exif=oriented(orientation))
    upright = np.asarray(ImageOps.exif_transpose(Image.open(buffer))).astype(int)
    np.testing.assert_allclose(read(file).astype(int), upright, atol=3)


@pytest.mark.parametrize(
    ("orientation", "corners"),
    [(1, [240, 160, 80]), (3, [0, 80, 160]), (6, [80, 240, 0]), (8, [160, 0, 240])],
)
def test_photographs_are_upright(tmp_path: Path, orientation: int, corners: list[int]) -> None:
    quarters().save(tmp_path / "a.jpg", exif=oriented(orientation), quality=100)
    pixels = read(tmp_path / "a.jpg")[:, :, 0].astype(int)
    top_left, top_right, bottom_left = pixels[2, 2], pixels[2, 13], pixels[13, 2]
    np.testing.assert_allclose([top_left, top_right, bottom_left], corners, atol=3)


def test_turned_images_have_the_size_they_are_shown_in(tmp_path: Path) -> None:
    Image.new("L", (6, 4)).save(tmp_path / "a.jpg", exif=oriented(6))
    assert read(tmp_path / "a.jpg").shape == (6, 4, 1)


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense", b"\xff"])
def test_broken_exif_data_are_no_reason_to_refuse(tmp_path: Path, exif: bytes) -> None:
    Image.new("L", (6, 4)).save(tmp_path / "a.jpg", exif=exif)
    assert read(tmp_path / "a.jpg").shape == (4, 6, 1)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientations_that_there_are_not(tmp_path: Path, orientation: int) -> None:
    quarters().save(tmp_path / "a.png", exif=oriented(orientation))
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.asarray(quarters()))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"no image", "no image that can be read"),
        (b"<svg xmlns=", "an SVG or XML file"),
        (b"%PDF-1.4", "a PDF file"),
        (b"\0\0\0\x18ftypheic\0", "an image in HEIF or AVIF"),
        (b"PK\3\4", "a zip archive"),
    ],
)
def test_files_that_are_no_images_are_named(tmp_path: Path, content: bytes, what: str) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(content)
    assert refusal(file) == (
        f"{file}: is {what}; {FORMATS}, so convert it, replace it, or take it away."
    )


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif"])
def test_files_that_are_cut_off_are_damaged(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    quarters().save(file)
    whole = file.read_bytes()
    for length in (6, len(whole) // 2):
        file.write_bytes(whole[:length])
        assert refusal(file) == (
            f"{file}: is damaged and cannot be read; replace it, or take it away."
        )


def test_images_never_reach_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pillow has Ghostscript draw PostScript, whatever the file's name.
    trace = tmp_path / "called"
    for name in ("gs", "gswin32c", "gswin64c"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {trace}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    file = tmp_path / "b.png"
    Image.new("RGB", (8, 8)).save(file, "eps")
    assert refusal(file).startswith(f"{file}: is a PostScript file; {FORMATS}")
    file.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 2 3\n%%EndComments\n")
    assert refusal(file).startswith(f"{file}: is a PostScript file; {FORMATS}")
    assert not trace.exists()


@pytest.mark.parametrize("suffix", ["ico", "tga", "pcx", "sgi", "jp2", "dds", "msp", "pdf"])
def test_formats_that_are_not_meant(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    Image.new("1" if suffix == "msp" else "RGB", (16, 16)).save(file)
    assert FORMATS in refusal(file)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert refusal(tmp_path / "a.png") == (
        f"{tmp_path}/a.png: is a pipe, not a regular file; save its content to a file first."
    )


def png(rows: int, columns: int, depth: int, *, color_type: int, pixels: bytes) -> bytes:
    """A PNG, its pixels compressed."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", columns, rows, depth, color_type, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def empty_png(rows: int, columns: int) -> bytes:
    """A PNG that announces a size, and holds next to nothing."""
    return png(rows, columns, 8, color_type=2, pixels=b"")


@pytest.mark.parametrize("side", [9500, 13_000, 2**31 - 1])
def test_decompression_bombs(tmp_path: Path, side: int) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(empty_png(side, side))
    assert refusal(file) == f"{file}: has more than 89,478,485 pixels; resize it."


def test_the_size_is_checked_before_pixels_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", "0.1")
    file = tmp_path / "a.png"
    file.write_bytes(empty_png(9000, 9000))
    assert refusal(file) == (
        f"{file}: needs 243 MB of memory, but an image may take 12.5 MB; resize it, or set "
        "PARIBUS_MAX_DATA_GB=2 to allow it."
    )
    monkeypatch.setenv("PARIBUS_MAX_DATA_GB", "2")
    assert refusal(file) == f"{file}: is damaged and cannot be read; replace it, or take it away."


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_other_depths(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "a.tif"
    Image.new(mode, (2, 2)).save(file)
    assert refusal(file) == (
        f'{file}: has pixels of mode "{mode}" (Pillow); needs 8 bits per channel, grayscale or '
        "color, so convert it."
    )


@pytest.mark.parametrize("color_type", [2, 4, 6])
def test_colors_of_16_bits(tmp_path: Path, color_type: int) -> None:
    file = tmp_path / "a.png"
    channels = {2: 3, 4: 2, 6: 4}[color_type]
    rows = b"".join(b"\0" + b"\xff\x01" * 2 * channels for _ in range(2))
    file.write_bytes(png(2, 2, 16, color_type=color_type, pixels=zlib.compress(rows)))
    assert refusal(file) == (
        f"{file}: has more than 8 bits per channel; needs 8 bits per channel, grayscale or color, "
        "so convert it."
    )


def test_ppm_of_16_bits(tmp_path: Path) -> None:
    file = tmp_path / "a.ppm"
    file.write_bytes(b"P6 2 2 65535\n" + bytes(24))
    assert "has more than 8 bits per channel" in refusal(file)
    file.write_bytes(b"P6 2 2 255\n" + bytes(12))
    assert read(file).shape == (2, 2, 3)


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "YCbCr", "P", "PA", "LA", "1"])
def test_other_modes_give_pixels(tmp_path: Path, mode: str) -> None:
    file = tmp_path / ("a.png" if mode == "PA" else "a.tif")
    image = Image.new("RGB", (2, 2), (9, 9, 9)).convert("P") if mode == "PA" else None
    (image or Image.new(mode, (2, 2))).save(file)
    if mode == "LA":
        assert "has transparent pixels" in refusal(file)
    else:
        assert read(file).shape in ((2, 2, 1), (2, 2, 3))
