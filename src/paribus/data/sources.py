"""Finds the dataset that a user names: by its name, or by the path of a folder or a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from paribus.data import folder, idx, npz, split
from paribus.data.dataset import Dataset
from paribus.data.named import NAMED
from paribus.data.reading import kind_of, open_file
from paribus.data.remote import Remote
from paribus.errors import UserError, did_you_mean
from paribus.registry import Registry
from paribus.spec.functions import UNTRUSTED
from paribus.text import is_import_path, shown

_ACCEPTED = (
    f"needs a folder of the IDX files {', '.join(idx.FILES)}, each gzipped (.gz) or not; or a "
    f"folder of {folder.LAYOUT}; or an .npz file"
)

OTHERS: Registry[Callable[[], Dataset]] = Registry("data", "dataset", {})
"""The named datasets of other packages: each a function that returns one. Ours are in `NAMED`."""


def load(source: str, relative_to: Path | None = None, cache: Path | None = None) -> Dataset:
    """Return the dataset that `source` names.

    source: a name ("mnist", "cifar-10", see `known`); the path of a folder of IDX files, of a
    folder of image files per class, or of an .npz file; or the import path of a function that
    returns a dataset, as in "my_package.data:load". Behind data without test images, the share of
    them to test with, as in "pictures test=0.2". A name comes first: write "./mnist" for a folder
    of that name. relative_to: what a relative path starts from, the current folder if None. cache:
    the folder for downloads, `remote.default_cache` if None.

    Raises `UserError` for what is unknown or faulty, `ParibusError` for a download that failed.

    >>> mnist = load("mnist")
    >>> mnist.train_images.shape, mnist.train_labels[:3]
    ((60000, 1, 28, 28), array([5, 0, 4]))
    """
    if source in NAMED:
        return NAMED[source].load(cache)
    if source in OTHERS:
        return OTHERS.get(source)()
    path, share = _path(source, relative_to), None
    # os.path.exists answers no, where Path.exists raises, for a path that no file can have.
    if not os.path.exists(path):
        place, share = split.parse(source)
        if share is not None and (place in NAMED or place in OTHERS):
            raise split.no_effect(place, share, "test images of its own")
        path = _path(place, relative_to)
        if not os.path.exists(path) and ":" in place and is_import_path(place):
            # It brings the specification of studies.
            from paribus.data import function

            return function.load(place, relative_to or Path(), source, share)
    if not source.strip() or not os.path.exists(path):
        raise UserError(
            f'data "{shown(source)}": there is no dataset of that name, and no file or folder '
            f"{shown(path)}; {did_you_mean(source, (*NAMED, *OTHERS.names()))}"
        )
    if path.is_dir():
        if idx.find(path):
            return idx.load(path, source, share)
        if share is not None or folder.is_one(path):
            return folder.load(path, source, share)
        if folder.has_classes(path):
            raise UserError(
                f"{shown(path)}: holds folders of images, but neither train/ nor test/; "
                f"{split.HINT}."
            )
        raise UserError(f"{shown(path)}: holds no dataset; {_ACCEPTED}{folder.rename_hint(path)}.")
    if path.suffix.lower() == ".npz":
        return npz.load(path, source, share)
    with open_file(path) as stream:
        what = kind_of(stream.read(300)) or "not a dataset"
    raise UserError(f"{shown(path)}: is {what}; {_ACCEPTED}.")


def is_function(source: str, relative_to: Path) -> bool:
    """Return whether to load a source is to execute a user's code."""
    if source in NAMED or source in OTHERS or ":" not in source:
        return False
    place, _ = split.parse(source)
    there = any(os.path.exists(_path(path, relative_to)) for path in (source, place))
    return not there and is_import_path(place)


def find(
    fingerprint: str,
    places: Iterable[tuple[str, Path]],
    cache: Path | None = None,
    *,
    trusted: Path | None = None,
) -> Dataset:
    """The first dataset with a fingerprint among places: what was typed, and what a relative path
    starts from.

    trusted: the folder of a study that the user has named. What a store names comes from whoever
    made the store, so functions are called in no other folder.

    Raises `UserError` if none has it: what is wrong with the first place, or that its images are
    others now.
    """
    problem: UserError | None = None
    for source, relative_to in places:
        if is_function(source, relative_to) and not is_same_folder(relative_to, trusted):
            problem = problem or UserError(
                f'data "{shown(source)}": is a function, and {UNTRUSTED} with --study'
            )
            continue
        try:
            dataset = load(source, relative_to, cache)
        except UserError as error:
            problem = problem or error
            continue
        if dataset.fingerprint == fingerprint:
            return dataset
        problem = problem or UserError(
            f'data "{source}": its images have changed since; restore the original images'
        )
    raise problem or UserError("it is not known where the data are; name their study")


def is_same_folder(folder: Path, trusted: Path | None) -> bool:
    """Return whether a folder is one that the user has named."""
    return trusted is not None and os.path.realpath(folder) == os.path.realpath(trusted)


def _path(place: str, relative_to: Path | None) -> Path:
    return (relative_to or Path()) / os.path.expanduser(place)


@dataclass(frozen=True)
class Description:
    """A named dataset, as `paribus data` tells of it."""

    name: str
    title: str
    """Subject of its images."""
    train_images: int
    test_images: int
    image_shape: tuple[int, int, int]
    """(C, H, W)."""
    classes: int
    license: str
    attribution: str
    present: bool
    """Whether it can be loaded without a download."""
    folder: Path
    """Where its files are, or would be after the download."""
    url: str | None
    """Where its files are downloaded from; None: they come with the package."""
    download_bytes: int


def known(cache: Path | None = None) -> tuple[Description, ...]:
    """Return all datasets that have a name, those of the package first.

    >>> [description.name for description in known()]
    ['mnist', 'digits', 'fashion-mnist', 'kmnist', 'cifar-10', 'cifar-100']
    """
    return tuple(
        Description(
            name=named.name,
            title=named.title,
            train_images=named.train_images,
            test_images=named.test_images,
            image_shape=named.image_shape,
            classes=len(named.class_names),
            license=named.license,
            attribution=named.attribution,
            present=named.is_present(cache),
            folder=named.folder(cache),
            url=named.files.base_url if isinstance(named.files, Remote) else None,
            download_bytes=named.files.size if isinstance(named.files, Remote) else 0,
        )
        for named in NAMED.values()
    )
