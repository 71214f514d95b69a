"""The ratio of two step times, from interleaved timings."""

# Axes: R rounds.

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paribus.stats.equivalence import EQUIVALENCE_CONFIDENCE
from paribus.stats.paired import t_intervals


@dataclass(frozen=True)
class Ratio:
    """A ratio of times over n rounds or processes: geometric mean, its 95% and 90% confidence
    interval, p-value against 1."""

    n: int
    ratio: float
    low: float
    high: float
    low_90: float
    high_90: float
    p: float


def ratio_of_times(a_R: ArrayLike, b_R: ArrayLike) -> Ratio:
    """B over A, both (R,) seconds, R >= 3: Student's t interval of the mean log ratio.

    Rounds are taken as independent; the control is there to show where they are not. Raises
    ValueError as `t_intervals`, so where all ratios are the same.

    >>> r = ratio_of_times([1.0, 1.1, 1.0], [2.0, 2.2, 2.1])
    >>> r.n, round(r.ratio, 3), round(r.low, 3), round(r.high, 3)
    (3, 2.033, 1.895, 2.18)
    """
    log_R = np.log(np.asarray(b_R, float) / np.asarray(a_R, float))
    t, t_90 = t_intervals(log_R), t_intervals(log_R, EQUIVALENCE_CONFIDENCE)
    mean, low, high, low_90, high_90 = (
        math.exp(x) for x in (t.mean, t.low, t.high, t_90.low, t_90.high)
    )
    return Ratio(log_R.size, mean, low, high, low_90, high_90, float(t.p))
