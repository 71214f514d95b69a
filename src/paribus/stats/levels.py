"""Where the runs of an experiment lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from paribus.stats.paired import no_spread


def mean_and_sd(value_S: ArrayLike) -> tuple[float, float] | None:
    """Return the mean and the sample SD of values, (S,), in their unit; None of fewer than 2.

    Of values that are all the same, the mean is that value and the SD is 0, without rounding error.

    >>> mean_and_sd([0.5, 1.5, 1.0]), mean_and_sd([0.1, 0.1, 0.1]), mean_and_sd([0.1])
    ((1.0, 0.5), (0.1, 0.0), None)
    """
    value_S = np.asarray(value_S, dtype=np.float64)
    if value_S.size < 2:
        return None
    if no_spread(value_S):
        return float(value_S[0]), 0.0
    # ddof=1: the seeds are a sample of those that could have been drawn.
    return float(value_S.mean()), float(value_S.std(ddof=1))
