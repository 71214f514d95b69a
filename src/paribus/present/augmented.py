"""What augmentation makes of training images, as rows of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paribus.data.batches import training_indices
from paribus.data.dataset import Images
from paribus.execute.augmented import AugmentedImages
from paribus.measure.runs import ExperimentResult, StudyResult
from paribus.present.explore import picture
from paribus.text import listed

_IMAGES = 6
_EPOCHS = (1, 2, 3)
_SIDE, _GAP, _GRAY = 64, 3, 0x90


@dataclass(frozen=True)
class AugmentedRow:
    """The same training images at one time, side by side."""

    label: str
    """When: "original", or an epoch."""
    address: str
    """Of the picture."""


@dataclass(frozen=True)
class AugmentedView:
    """What one recipe's augmentation makes of the first training images."""

    changes: str
    """As it is written, e.g. "crop 4, flip"."""
    experiments: str
    """Those that have it."""
    seed: int
    rows: tuple[AugmentedRow, ...]


def augmented_views(result: StudyResult) -> tuple[AugmentedView, ...]:
    """Return examples for each augmentation of a study, in the order of the experiments; none where
    nothing is augmented."""
    having: dict[tuple[str, ...], list[ExperimentResult]] = {}
    for one in result.experiments.values():
        if one.experiment.augment:
            having.setdefault(one.experiment.augment, []).append(one)
    return tuple(
        AugmentedView(
            changes=", ".join(changes),
            experiments=listed([one.name for one in found]),
            seed=result.study.first_seed,
            rows=_rows(found[0], result),
        )
        for changes, found in having.items()
    )


def _rows(one: ExperimentResult, result: StudyResult) -> tuple[AugmentedRow, ...]:
    """The first training images of an experiment as they are, and as the first epochs of the
    study's first seed are trained on them."""
    experiment, data = one.experiment, result.dataset
    indices = training_indices(
        len(data.train_labels),
        experiment.images,
        experiment.validation,
        experiment.validation_split,
    )
    seed = result.study.first_seed
    made = AugmentedImages(data.train_images, indices, experiment.augment, seed=seed)
    shown_N = np.arange(min(_IMAGES, len(indices)))
    images = {"original": data.train_images[indices[shown_N]]}
    images |= {f"epoch {epoch}": made.pixels(epoch)(shown_N) for epoch in _EPOCHS}
    return tuple(
        AugmentedRow(label, picture(_framed(images_NCHW), columns=len(images_NCHW)))
        for label, images_NCHW in images.items()
    )


def _framed(images_NCHW: Images) -> Images:
    """Images enlarged to about `_SIDE` pixels, each with a gray frame and a white gap around it."""
    enlarged = images_NCHW
    for axis in (2, 3):
        enlarged = enlarged.repeat(max(1, _SIDE // images_NCHW.shape[3]), axis=axis)
    # What has no colors is shown as a negative.
    gray, white = (_GRAY, 255) if images_NCHW.shape[1] == 3 else (255 - _GRAY, 0)
    framed = enlarged
    for width, value in ((1, gray), (_GAP, white)):
        around = ((0, 0), (0, 0), (width, width), (width, width))
        framed = np.pad(framed, around, constant_values=value)
    return framed
