"""The rule from evidence to verdict, for any number of questions at once."""

# Axes: ... any shape (studies, questions).

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.equivalence import inside_margin
from paribus.stats.limits import VERDICT_LEVEL


class Decision(IntEnum):
    """Conclusion about B minus A from the numbers of one question."""

    UNDECIDED = 0
    EQUAL = 1
    HIGHER = 2
    LOWER = 3


def decide(
    mean: ArrayLike,
    adjusted_p: ArrayLike,
    low_90: ArrayLike,
    high_90: ArrayLike,
    *,
    matters: float | None,
) -> NDArray[np.int64]:
    """`Decision` of each question, from arrays of one shape (...), in the metric's unit.

    In this order: different, in the direction of the mean, where the Holm-adjusted p of the
    paired t test is 0.04 or less; practically equivalent where the 90% interval lies
    inside ±`matters` (never, where that is None); undecided.

    >>> low_90, high_90 = [0.1, -0.1, -0.1], [0.5, 0.3, 0.7]
    >>> decide([0.3, 0.1, 0.3], [0.01, 0.2, 0.2], low_90, high_90, matters=0.4).tolist()
    [2, 1, 0]
    """
    mean = np.asarray(mean, dtype=np.float64)
    different = np.asarray(adjusted_p) <= VERDICT_LEVEL
    # Inside a margin of 0 there is nothing.
    equal = inside_margin(low_90, high_90, 0.0 if matters is None else matters)
    return np.select(
        [different & (mean > 0), different & (mean < 0), equal],
        [int(Decision.HIGHER), int(Decision.LOWER), int(Decision.EQUAL)],
        default=int(Decision.UNDECIDED),
    )
