"""Two one-sided tests: is the difference smaller than what matters?"""

# Axes: ... any shape (studies, questions).

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EQUIVALENCE_LEVEL = 0.05
EQUIVALENCE_CONFIDENCE = 1 - 2 * EQUIVALENCE_LEVEL
"""Both one-sided t tests, against -margin and +margin, reject at 5% exactly where this 90%
interval lies inside ±margin. Source: Schuirmann 1987."""


def inside_margin(low: ArrayLike, high: ArrayLike, margin: float) -> NDArray[np.bool_]:
    """Whether intervals, (...) each, lie strictly inside ±`margin`, in the same unit.

    >>> inside_margin([-1, 0], [1, 3], margin=2).tolist()
    [True, False]
    """
    return (np.asarray(low) > -margin) & (np.asarray(high) < margin)
