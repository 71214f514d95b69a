"""How well probabilities fit what comes true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BINS = 15

# N test images


def calibration_error(
    confidence_N: NDArray[np.floating], correct_N: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Return the expected calibration error (Guo et al. 2017, eq. 3), from 0 to 1.

    confidence_N: the probability of the predicted class; correct_N: whether the prediction is
    correct. Over bins of equal width, the mean distance of accuracy and mean confidence, weighted
    by the images of a bin. A confidence on the edge of two bins belongs to the lower one.

    >>> calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False]))
    0.1
    """
    confidence_N = np.asarray(confidence_N, dtype=np.float64)
    bin_N = np.clip(np.ceil(confidence_N * bins).astype(np.int64) - 1, 0, bins - 1)
    gap_B = np.bincount(bin_N, correct_N.astype(np.float64) - confidence_N, minlength=bins)
    return float(np.round(np.abs(gap_B).sum() / len(confidence_N), 12))
