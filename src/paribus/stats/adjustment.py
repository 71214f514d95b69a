"""Holm's adjustment of p values over the questions of one study."""

# Axes: Q questions, ... any leading axes.

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p_Q: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p values, (..., Q) to (..., Q): below a level at most that often for any non-effect.

    With p sorted upwards, the i-th of Q (from 0) becomes the largest of (Q - j) · p_j over
    j <= i, at most 1. Holds whatever the dependence between questions. Source: Holm 1979.
    Raises ValueError for values outside 0 to 1.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p_Q = np.asarray(p_Q, dtype=np.float64)
    if p_Q.ndim == 0 or not ((p_Q >= 0) & (p_Q <= 1)).all():
        raise ValueError("p values must lie between 0 and 1")
    order_Q = np.argsort(p_Q, axis=-1, kind="stable")
    factor_Q = np.arange(p_Q.shape[-1], 0, -1)
    stepped_Q = np.maximum.accumulate(np.take_along_axis(p_Q, order_Q, -1) * factor_Q, axis=-1)
    adjusted_Q = np.empty_like(p_Q)
    np.put_along_axis(adjusted_Q, order_Q, np.minimum(stepped_Q, 1.0), axis=-1)
    return adjusted_Q
