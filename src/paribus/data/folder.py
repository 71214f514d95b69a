"""Data sets as folders of image files, one folder a class."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from paribus.data.dataset import Dataset, Images, Labels
from paribus.data.reading import entries, read_bytes
from paribus.errors import UserError
from paribus.text import plural

LAYOUT = "train/<class>/ and test/<class>/, each with image files"

# What is read of images of each of Pillow's modes with 8 bits a channel: L is grey, RGB colour.
# A palette counts as colour.
_READ_AS = dict.fromkeys(("1", "L", "LA"), "L") | dict.fromkeys(
    ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"), "RGB"
)


def is_one(folder: Path) -> bool:
    """Whether `folder` has a folder "train" or "test", as a folder of classes does."""
    return any(entry.name in ("train", "test") and entry.is_dir() for entry in entries(folder))


def load(folder: Path, name: str) -> Dataset:
    """The data set of the image files under `folder`.

    Classes are labelled in the order of their names (of their numbers, where all names are
    numbers), files in the order of theirs. Greyscale images have 1 channel; where any image is in
    colour, all have 3. Of a file with several images, the first is read. Raises `UserError`.
    """
    class_names = _class_names(folder / "train")
    test_names = _class_names(folder / "test")
    for this, those, here, there in (
        (class_names, test_names, "train", "test"),
        (test_names, class_names, "test", "train"),
    ):
        lacking = [class_name for class_name in this if class_name not in those]
        if lacking:
            raise UserError(
                f"{folder}: {here} has {_classes(lacking)}, which {there} has not; both must have "
                "the same classes."
            )
    train_files, train_labels = _files(folder / "train", class_names)
    test_files, test_labels = _files(folder / "test", class_names)
    with warnings.catch_warnings():
        # Pillow warns of oddities beside the pixels, such as photographs' broken EXIF data.
        warnings.simplefilter("ignore")
        images = _read_all([*train_files, *test_files])
    return Dataset(
        name=name,
        train_images=images[: len(train_files)],
        train_labels=train_labels,
        test_images=images[len(train_files) :],
        test_labels=test_labels,
        class_names=class_names,
    )


def _class_names(part: Path) -> tuple[str, ...]:
    if not part.is_dir():
        raise UserError(f"{part}: there is no such folder; a folder of images holds {LAYOUT}.")
    names = []
    for entry in entries(part):
        if not entry.is_dir():
            raise UserError(
                f"{entry}: lies outside of any class; move it into {part}/<class>/, or away."
            )
        names.append(entry.name)
    if not names:
        raise UserError(f"{part}: is empty; a folder of images holds {LAYOUT}.")
    if all(name.isascii() and name.isdigit() for name in names):
        names.sort(key=lambda name: (int(name), name))
    return tuple(names)


def _classes(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"the {plural(len(names), 'class', 'classes')} {shown}{more}"


def _files(part: Path, class_names: tuple[str, ...]) -> tuple[list[Path], Labels]:
    """The image files of all classes, and the label of each."""
    files: list[Path] = []
    labels: list[int] = []
    for label, class_name in enumerate(class_names):
        of_class = entries(part / class_name)
        if not of_class:
            raise UserError(
                f"{part / class_name}: is empty; every class needs at least one image file."
            )
        files += of_class
        labels += [label] * len(of_class)
    return files, np.array(labels, np.int64)


def _read_all(files: list[Path]) -> Images:
    """All images, (N, C, H, W)."""
    first = _read(files[0])
    channels = len(first)
    images = np.empty((len(files), *first.shape), np.uint8)
    for index, file in enumerate(files):
        image = _read(file)
        if image.shape[1:] != first.shape[1:]:
            raise UserError(
                f"{file} is {_size(image)}, but {files[0]} is {_size(first)}; all images of a data "
                "set must be of one size, so resize or crop them."
            )
        if len(image) > channels:
            channels = len(image)
            images = np.repeat(images, channels, axis=1)
        images[index] = image  # a greyscale image fills all three channels
    return images


def _size(image: Images) -> str:
    return f"{image.shape[1]} × {image.shape[2]} pixels (rows × columns)"


def _read(file: Path) -> Images:
    """One image, (C, H, W), with 1 or 3 channels."""
    content = read_bytes(file)
    try:
        with Image.open(BytesIO(content)) as image:
            image.load()
    except Exception as error:  # Pillow's decoders raise almost anything for a damaged file.
        raise UserError(
            f"{file}: is no image that can be read; replace it, or take it away."
        ) from error
    if image.mode not in _READ_AS:
        raise UserError(
            f'{file}: has pixels of mode "{image.mode}" (Pillow); needs 8 bits a channel, grey or '
            "colour, so convert it."
        )
    if image.has_transparency_data:
        darkest, _ = image.convert("RGBA").getchannel("A").getextrema()
        if darkest != 255:
            raise UserError(
                f"{file}: has transparent pixels; put it on a background of one colour."
            )
    pixels = np.asarray(image.convert(_READ_AS[image.mode]))
    return pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
