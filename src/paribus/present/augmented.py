"""What augmentation makes of training images, as a strip of pictures."""

from __future__ import annotations

import numpy as np

from paribus.data.batches import training_indices
from paribus.execute.augmented import AugmentedImages
from paribus.measure.runs import ExperimentResult, StudyResult
from paribus.present.explore import picture

_IMAGES = 3
_EPOCHS = (1, 2, 3)


def augmented_strip(one: ExperimentResult, result: StudyResult) -> str:
    """Return the first training images of an experiment side by side, each as it is and as the
    first epochs of the study's first seed are trained on it, as the address of a PNG; "" without
    augmentation."""
    experiment, data = one.experiment, result.dataset
    if not experiment.augment:
        return ""
    indices = training_indices(
        len(data.train_labels),
        experiment.images,
        experiment.validation,
        experiment.validation_split,
    )
    seed = result.study.first_seed
    made = AugmentedImages(data.train_images, indices, experiment.augment, seed=seed)
    shown_N = np.arange(min(_IMAGES, len(indices)))
    epochs = [data.train_images[indices[shown_N]], *(made.pixels(e)(shown_N) for e in _EPOCHS)]
    strip = np.stack(epochs, axis=1).reshape(-1, *data.image_shape)
    return picture(strip, columns=len(strip))
