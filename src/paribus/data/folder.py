"""Datasets as folders of image files, one folder per class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paribus.data import images, split
from paribus.data.classes import appearance, look_alikes, normal, not_writable
from paribus.data.dataset import Dataset, Images, Labels
from paribus.data.memory import Memory
from paribus.data.reading import entries, not_used
from paribus.errors import UserError
from paribus.text import listed, plural, shown

LAYOUT = "train/<class>/ and test/<class>/, each with image files"

_TRAIN = ("train", "training", "trainset", "train_set")
_VALIDATION = ("val", "validation")
_TEST = ("test", "testing", "testset", "test_set")

# The folders of each class, by its name in Unicode's NFC; the folders' own names may be in others.
Classes = dict[str, list[Path]]


def is_one(folder: Path) -> bool:
    """Return whether `folder` has a folder "train" or "test", as a folder of classes does."""
    return any(entry.name in ("train", "test") and entry.is_dir() for entry in entries(folder))


def rename_hint(folder: Path) -> str:
    """Return the tail of a message about a folder whose parts have other names than they should."""
    for entry in entries(folder):
        for name, others in (("train", _TRAIN), ("test", _TEST)):
            if entry.is_dir() and entry.name.lower() in others and entry.name != name:
                return f'; rename "{shown(entry.name)}" to "{name}"'
    return ""


def has_classes(folder: Path) -> bool:
    """Return whether `folder` looks like one of folders of images, one per class."""
    inner = [entry for entry in entries(folder) if entry.is_dir()]
    return len(inner) > 1 and all(
        any(file.suffix.lower() in images.SUFFIXES for file in entries(entry)) for entry in inner
    )


def load(folder: Path, name: str, share: float | None = None) -> Dataset:
    """Return the dataset of the image files under `folder`.

    Classes are labeled in the order of their names (of their numbers, if all names are numbers),
    files are in the order of theirs. Images in a folder "val" or "validation" are
    validation images. Grayscale images have 1 channel; if any image is in color, all
    have 3. Of a file with several images, the first is read. share: which part of each class are
    test images, if there is no folder "test"; the classes may then lie in `folder` itself.

    Raises `UserError`.
    """
    if share is not None and (folder / "test").is_dir():
        raise split.no_effect(shown(folder), share, "test images of its own, in test/")
    if share is not None:
        return _load_split(folder, name, share)
    train = _classes(folder / "train")
    test = _classes(folder / "test")
    for this, those, here, there in (
        (train, test, "train", "test"),
        (test, train, "test", "train"),
    ):
        if lacking := [class_name for class_name in this if class_name not in those]:
            raise UserError(
                f"{shown(folder)}: {here} has {_named(lacking)}, which {there} lacks; both must "
                f"have the same classes{_rename(lacking, those, there)}."
            )
    own = next((folder / part for part in _VALIDATION if (folder / part).is_dir()), None)
    held_out = {} if own is None else _classes(own)
    if own is not None and (unknown := [one for one in held_out if one not in train]):
        raise UserError(
            f"{shown(folder)}: {own.name} has {_named(unknown)}, which train lacks"
            f"{_rename(unknown, train, 'train')}."
        )
    train_files, train_labels = _files(train, list(train))
    test_files, test_labels = _files(test, list(train))
    own_files, own_labels = _files(held_out, list(train))
    pixels, several = _read_all([*train_files, *test_files, *own_files], folder)
    test_start, own_start = len(train_files), len(train_files) + len(test_files)
    used = [folder / "train", folder / "test", *([] if own is None else [own])]
    return Dataset(
        name=name,
        train_images=pixels[:test_start],
        train_labels=train_labels,
        test_images=pixels[test_start:own_start],
        test_labels=test_labels,
        validation_images=None if own is None else pixels[own_start:],
        validation_labels=None if own is None else own_labels,
        class_names=tuple(train),
        remarks=(*not_used(folder, used), *_names_alike(train, test), *several),
    )


def _load_split(folder: Path, name: str, share: float) -> Dataset:
    part = folder / "train" if (folder / "train").is_dir() else folder
    classes = _classes(part)
    files, labels = _files(classes, list(classes))
    pixels, several = _read_all(files, folder)
    ignored = not_used(folder, [part]) if part != folder else ()
    return split.with_test_images(
        name,
        pixels,
        labels,
        list(classes),
        share=share,
        remarks=(*ignored, *_names_alike(classes, {}), *several),
    )


def _classes(part: Path) -> Classes:
    """Return the folders in `part` by class, in the order of their labels."""
    if not part.is_dir():
        raise UserError(
            f"{shown(part)}: there is no such folder; a folder of images holds {LAYOUT}"
            f"{f', or {split.HINT}' if part.name == 'test' else ''}."
        )
    found: Classes = {}
    for entry in entries(part):
        if not entry.is_dir():
            raise UserError(
                f"{shown(entry)}: lies outside of any class; move it into {shown(part)}/<class>/, "
                "or away."
            )
        if problem := not_writable(entry.name):
            raise UserError(f"{shown(entry)}: the name of this class {problem}; rename the folder.")
        found.setdefault(normal(entry.name), []).append(entry)
    if not found:
        raise UserError(f"{shown(part)}: is empty; a folder of images holds {LAYOUT}.")
    numbers = all(name.isascii() and name.isdigit() for name in found)
    return dict(sorted(found.items(), key=lambda c: (int(c[0]) if numbers else 0, c[0])))


def _named(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names[:5]]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"the {plural(len(names), 'class', 'classes')} {', '.join(quoted)}{more}"


def _rename(lacking: list[str], those: Classes, there: str) -> str:
    """Return a hint if the other part has a class whose name looks like the first that it lacks."""
    alike = [name for name in those if appearance(name) == appearance(lacking[0])]
    return f' ({there} has "{alike[0]}", so rename one)' if alike else ""


def _names_alike(train: Classes, test: Classes) -> list[str]:
    """Return a clause for each class whose folders' names differ, or look like another class's."""
    notes = []
    for name in train:
        forms = {path.name for path in (*train[name], *test.get(name, ()))}
        if len(forms) > 1:
            notes.append(
                f'the folders of class "{name}" have names in {len(forms)} Unicode forms, and '
                "count as one class"
            )
    for alike in look_alikes(train):
        names = listed([f'"{name}"' for name in alike])
        notes.append(f"the classes {names} look alike, and count as {len(alike)} classes")
    return notes


def _files(classes: Classes, order: list[str]) -> tuple[list[Path], Labels]:
    """Return the image files of all classes, and the label of each: its place in `order`."""
    files: list[Path] = []
    labels: list[int] = []
    for label, class_name in enumerate(order):
        if class_name not in classes:  # A part of its own may lack one.
            continue
        of_class = []
        for folder in classes[class_name]:
            of_class += entries(folder)
        if not of_class:
            raise UserError(
                f"{shown(classes[class_name][0])}: is empty; every class needs at least one image "
                "file."
            )
        of_class.sort(key=lambda file: (normal(file.name), file.parent.name))
        files += of_class
        labels += [label] * len(of_class)
    return files, np.array(labels, np.int64)


def _read_all(files: list[Path], folder: Path) -> tuple[Images, list[str]]:
    """Return all images, (N, C, H, W), and a clause if some files hold more than one."""
    memory = Memory()
    first = images.read(files[0], memory).pixels
    channels = len(first)
    all_of_them = f"{shown(folder)}, {len(files):,} images of {_size(first)}"
    memory.check(all_of_them, len(files) * first.size)
    pixels = np.empty((len(files), *first.shape), np.uint8)
    several: list[Path] = []
    for index, file in enumerate(files):
        picture = images.read(file, memory)
        image = picture.pixels
        if image.shape[1:] != first.shape[1:]:
            raise UserError(
                f"{shown(file)} is {_size(image)}, but {shown(files[0])} is {_size(first)}; all "
                "images of a dataset must be of one size, so resize or crop them."
            )
        if len(image) > channels:
            channels = len(image)
            memory.check(f"{all_of_them} in color", pixels.size * channels)
            pixels = np.repeat(pixels, channels, axis=1)
        pixels[index] = image  # A grayscale image fills all three channels.
        if picture.has_more:
            several.append(file)
    pixels.flags.writeable = False
    if not several:
        return pixels, []
    count = f"{len(several):,} files hold" if len(several) > 1 else "1 file holds"
    return pixels, [
        f"{count} several images, of which only the first is read: "
        f"{listed([shown(file.name) for file in several])}"
    ]


def _size(image: Images) -> str:
    return f"{image.shape[1]} × {image.shape[2]} pixels (rows × columns)"
