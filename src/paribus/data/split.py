"""Test images set apart from a dataset that has none of its own: a share of every class.

Axes: N labeled images, n of those that are left to train on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset, Images, Labels
from paribus.errors import UserError
from paribus.seeding import stream
from paribus.text import listed, plural, shown

_SOURCE = re.compile(r"(.*\S)\s+test=(\S*)", re.DOTALL)


def parse(source: str) -> tuple[str, float | None]:
    """Return what names the data, and the share of test images that is written behind it.

    Raises `UserError` if the share is none.

    >>> parse("pictures test=0.2"), parse("pictures")
    (('pictures', 0.2), ('pictures', None))
    """
    found = _SOURCE.fullmatch(source)
    if found is None:
        return source, None
    place, text = found.groups()
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 < share < 1:
        raise UserError(
            f'data "{shown(source)}": test must be a share of the images between 0 and 1, got '
            f'"{shown(text)}"; write e.g. test=0.2'
        )
    return place, share


HINT = (
    'write test = 0.2 beside data in the study, or "SOURCE test=0.2" on the command line, to take '
    "a fifth of each class as test images"
)


def no_effect(where: str, share: float, own: str) -> UserError:
    """Return that a share of test images cannot be taken. own: the test images that there are."""
    return UserError(
        f"{where}: has {own}, so test = {share:g} has no effect; remove it from the study"
    )


def with_test_images(
    name: str,
    images: Images,
    labels: Labels,
    class_names: Sequence[str],
    *,
    share: float,
    remarks: tuple[str, ...] = (),
) -> Dataset:
    """Return a dataset of which a share of every class are test images.

    Raises `UserError` if a class has a single image.
    """
    test_N = choose(labels, share, class_names, name)
    return Dataset(
        name=name,
        train_images=images[~test_N],
        train_labels=labels[~test_N],
        test_images=images[test_N],
        test_labels=labels[test_N],
        class_names=tuple(class_names),
        remarks=remarks,
    )


def choose(
    labels: Labels, share: float, class_names: Sequence[str], where: str
) -> npt.NDArray[np.bool_]:
    """Return which images are test images, (N,): of every class a share, chosen at random.

    The choice depends on the labels, their order and the share alone. Of a class, the number of
    test images is rounded to the nearest, but at least 1 image is tested and 1 trained on. The test
    images of a smaller share are among those of a larger one.

    >>> choose(np.array([0, 0, 0, 0, 1, 1]), 0.25, ["a", "b"], "x").sum()
    np.int64(2)
    """
    test_N = np.zeros(len(labels), bool)
    single = []
    for label, class_name in enumerate(class_names):
        of_class = np.flatnonzero(labels == label)
        if of_class.size == 0:  # `Dataset.notes` tells.
            continue
        if of_class.size == 1:
            single.append(class_name)
            continue
        count = min(max(1, int(share * of_class.size + 0.5)), of_class.size - 1)
        order = stream(0, "test", str(label)).permutation(of_class.size)
        test_N[of_class[order[:count]]] = True
    if single:
        names = listed([f'"{shown(class_name)}"' for class_name in single])
        raise UserError(
            f"{where}: there is a single image of {plural(len(single), 'class', 'classes')} "
            f"{names}, which cannot be both trained on and tested; add images"
        )
    return test_N
