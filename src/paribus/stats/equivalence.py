"""Two one-sided tests: is the difference smaller than what matters?"""

# Axes: S seeds, ... any leading axes.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from paribus.stats.paired import t_intervals

EQUIVALENCE_LEVEL = 0.05
EQUIVALENCE_CONFIDENCE = 1 - 2 * EQUIVALENCE_LEVEL
"""Both one-sided tests reject at 5 % exactly where this 90 % interval lies inside ±margin."""


@dataclass(frozen=True)
class Equivalence:
    """The 90 % interval, whether it lies inside ±margin, and the p of the two one-sided tests."""

    margin: float
    low: float
    high: float
    p: float
    inside: bool


def equivalence(difference_S: ArrayLike, margin: float) -> Equivalence:
    """Whether the mean of `difference_S`, (S,), is shown to lie inside ±`margin` (same unit).

    p is the larger of the two one-sided t tests' against -margin and +margin. Source:
    Schuirmann 1987. Raises ValueError for a margin not above 0, and as `t_intervals`.

    >>> e = equivalence([0.001, -0.002, 0.000, 0.002], margin=0.005)
    >>> e.inside, round(e.low, 4), round(e.high, 4)
    (True, -0.0018, 0.0023)
    """
    if not margin > 0:
        raise ValueError(f"the smallest difference that matters must be above 0; got {margin}")
    difference_S = np.asarray(difference_S, dtype=np.float64)
    t = t_intervals(difference_S, EQUIVALENCE_CONFIDENCE)
    above = stats.ttest_1samp(difference_S, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(difference_S, margin, alternative="less").pvalue
    return Equivalence(
        margin=float(margin),
        low=float(t.low),
        high=float(t.high),
        p=float(max(above, below)),
        inside=bool(inside_margin(t.low, t.high, margin)),
    )


def inside_margin(low: ArrayLike, high: ArrayLike, margin: float) -> NDArray[np.bool_]:
    """Whether intervals, (...) each, lie strictly inside ±margin.

    >>> inside_margin([-1, 0], [1, 3], margin=2).tolist()
    [True, False]
    """
    return (np.asarray(low) > -margin) & (np.asarray(high) < margin)
