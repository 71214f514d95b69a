"""Images normalized by channel: the same for every engine, in training and where a run predicts.

What images were normalized by is kept among a run's tensors, as "input/mean" and "input/sd": names
that no tensor of a network can have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paribus.engines.base import Engine, Floats, Predictor
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan

# B images, C channels, H rows, W columns

NORMALIZED_BY = ("input/mean", "input/sd")
"""The names of a mean and a standard deviation among the tensors of a run."""
_MEAN, _SD = NORMALIZED_BY


@dataclass(frozen=True, eq=False)
class Normalization:
    """A mean and a standard deviation for each channel."""

    mean_C: Floats
    sd_C: Floats

    def __call__(self, images_BCHW: Floats) -> Floats:
        """Return images with the mean of their channel taken away, divided by its SD.

        Two operations that IEEE 754 rounds alike on every machine.
        """
        return (images_BCHW - self.mean_C[:, None, None]) / self.sd_C[:, None, None]

    def tensors(self) -> dict[str, Floats]:
        """Return the arrays stored with a run, by name."""
        return {_MEAN: self.mean_C, _SD: self.sd_C}


def split_off(tensors: Mapping[str, Any]) -> tuple[dict[str, Any], Normalization | None]:
    """Return the tensors of a run's network, and what its images were normalized by, if by
    anything."""
    network = {name: value for name, value in tensors.items() if name not in (_MEAN, _SD)}
    if _MEAN not in tensors:
        return network, None
    return network, Normalization(tensors[_MEAN], tensors[_SD])


def predictor_of_run(
    engine: Engine, network: Plan | ModuleNetwork, tensors: Mapping[str, Any]
) -> Predictor:
    """Return a predictor with a run's tensors, images with pixels in 0..1. Its results are
    bit-identical to those of the run."""
    own, normalization = split_off(tensors)
    predict = engine.predictor(network, own)
    if normalization is None:
        return predict
    return lambda images: predict(normalization(np.asarray(images, np.float32)))
