"""The p-value for new images: the level at which the interval for new images reaches 0."""

# Axes: S seeds, N images, ... any leading axes (studies, questions).

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from paribus.stats.distributions import critical_t
from paribus.stats.images import TwoWay, two_way

LARGEST_Z = 26.0
"""The p-value is 1e-148 there, and the square of the largest t still is a finite number."""

HALVINGS = 48
"""Of an interval from 0 to 26: to 1e-13."""

Floats = NDArray[np.float64]


def p_for_new_images(difference_SN: ArrayLike) -> Floats:
    """Return the two-sided p-value of the mean, for seeds and images both drawn anew.

    `difference_SN`: (..., S, N), S >= 3, N >= 2, differences per seed and image; the result has
    the shape (...). Errors as for `two_way`, formula as for `p_of_two_way`.

    >>> difference_SN = [[1, 0, 0, 1], [1, 0, 0, 0], [1, 0, -1, 0]]
    >>> p = float(p_for_new_images(difference_SN))
    >>> w = two_way(difference_SN, confidence=1 - p)
    >>> round(p, 3), round(abs(float(w.low)), 6)
    (0.45, 0.0)
    """
    S, N = np.shape(difference_SN)[-2:] if np.ndim(difference_SN) >= 2 else (0, 0)
    return p_of_two_way(two_way(difference_SN), S, N)


def p_of_two_way(two: TwoWay, n_seeds: int, n_images: int) -> Floats:
    """Return the level at which the interval of `two`, mean ± c(level) · √variance, reaches 0.

    c is that of `two_way` and falls as the level rises, so the level follows by bisection. A
    claim "expected for other images too" at p <= 0.04, adjusted by Holm over the questions of
    the study, is the same as one by intervals at Holm's levels.
    """
    variance = two.seed_part + two.image_part
    share = np.divide(two.seed_part, variance, out=np.ones_like(variance), where=variance > 0)
    size = np.abs(two.mean)
    low = np.zeros_like(variance)
    high = np.full_like(variance, LARGEST_Z)
    for _ in range(HALVINGS):
        z = (low + high) / 2
        inside = _quantile(z, share, n_seeds, n_images) * np.sqrt(variance) >= size
        low, high = np.where(inside, low, z), np.where(inside, z, high)
    p = 2 * ndtr(-high)
    # Without any variance a mean of 0 is not evidence of a difference.
    return np.asarray(np.where(size == 0, 1.0, np.where(variance == 0, 0.0, p)))


def _quantile(z: Floats, share: Floats, n_seeds: int, n_images: int) -> Floats:
    """The multiple of the standard error that `two_way` uses at the level of `z`."""
    level = 2 * ndtr(-z)
    t_seed = critical_t(level, n_seeds - 1)
    t_image = critical_t(level, n_images - 1)
    squared = z**2 + share**2 * (t_seed**2 - z**2) + (1 - share) ** 2 * (t_image**2 - z**2)
    return np.asarray(np.sqrt(squared))
