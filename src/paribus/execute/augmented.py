"""The training images of an epoch, augmented: the same for every engine, worker and batch order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.data.augment import augmented
from paribus.data.batches import as_floats
from paribus.data.dataset import Images
from paribus.engines.base import Floats
from paribus.engines.normalized import Normalization
from paribus.randomness import Randomness
from paribus.spec.augment import parse


class AugmentedImages:
    """Makes the images of batches; pixels are made when they are asked for.

    images: all training images of a dataset, (N, C, H, W). indices: those that a run uses, (n,).
    texts: its augmentations, in the order in which they are applied. seed: the
    run's. normalized: what they are normalized by afterwards.
    """

    def __init__(
        self,
        images: Images,
        indices: NDArray[np.int64],
        texts: Sequence[str],
        *,
        seed: int,
        normalized: Normalization | None = None,
    ) -> None:
        self._images, self._indices = images, indices
        self._augmentations = [parse(text) for text in texts]
        self._randomness = Randomness(seed)
        self._normalized = normalized

    def pixels(self, epoch: int) -> Callable[[NDArray[np.int64]], Images]:
        """Return what gives images of an epoch, counted from 1, as uint8 (B, C, H, W).

        It is given (B,) numbers of images, counted among those that the run uses.
        """
        images, indices = self._images, self._indices
        steps = [
            (one, self._randomness.augmentation(one.kind, epoch, len(images))[indices])
            for one in self._augmentations
        ]

        def of(batch: NDArray[np.int64]) -> Images:
            made = images[indices[batch]]
            for one, draws in steps:
                made = augmented(made, one, draws[batch])
            return made

        return of

    def __call__(self, epoch: int) -> Callable[[NDArray[np.int64]], Floats]:
        """Return the same as `pixels`, as engines take images."""
        pixels, normalized = self.pixels(epoch), self._normalized
        if normalized is None:
            return lambda batch: as_floats(pixels(batch))
        return lambda batch: normalized(as_floats(pixels(batch)))
