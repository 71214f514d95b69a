"""Seeds and test images both as samples: the interval for new images, and its p-value."""

# Axes: S seeds, N images, ... any leading axes (studies, questions).

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.distributions import critical_t, normal_cdf, normal_quantile, t_quantile

LARGEST_Z = 26.0
"""The p-value is 1e-148 there, and the square of the largest t still is a finite number."""

HALVINGS = 48
"""Of an interval from 0 to 26: to 1e-13."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TwoWay:
    """Mean of seed × image differences with its two sources of error; each shaped like `...`.

    `seed_part` is S²_seed/K, `image_part` S²_image/N - S²_resid/(KN) and never under 0; their
    sum is the variance of the mean.
    """

    mean: Floats
    seed_part: Floats
    image_part: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class NewImages:
    """The interval of B minus A for seeds and images both drawn anew, over K seeds, N images.

    `seed_share` is the share of the variance that more seeds would reduce; the rest is the
    test set's size.
    """

    mean: float
    low: float
    high: float
    seed_share: float
    n_seeds: int
    n_images: int


def two_way(difference_SN: ArrayLike, confidence: float = 0.95) -> TwoWay:
    """Mean of `difference_SN`, (..., S, N), and its interval over new seeds and new images.

    Variance of the mean (two-way random effects, one value a cell; Searle, Casella & McCulloch
    1992):  S²_seed/K + S²_image/N - S²_resid/(KN), with S²_seed the variance over
    seeds of the mean over images, S²_image that over images of the mean over seeds, S²_resid
    the mean square of what is left, over (K-1)(N-1).

    The interval is mean ± c · √variance with c² = z² + r² · (t(K-1)² - z²) + (1-r)² · (t(N-1)² -
    z²), r the seed part's share of the variance: exact where only one part counts, and between
    them in the weights of Satterthwaite 1946, 1/df = r²/(K-1) + (1-r)²/(N-1). His own quantile,
    t(df), covers only 92% at K = 3, and that of the smaller df up to 100% (docs/statistics.md
    has the figures).
    Raises ValueError under 3 seeds or 2 images.

    >>> w = two_way([[1, 0, 0, 1], [1, 0, 0, 0], [1, 0, -1, 0]])
    >>> print(f"{w.mean:.2f} [{w.low:.2f}, {w.high:.2f}]")
    0.25 [-0.62, 1.12]
    """
    difference_SN = np.asarray(difference_SN, dtype=np.float64)
    if difference_SN.ndim < 2 or difference_SN.shape[-2] < 3 or difference_SN.shape[-1] < 2:
        raise ValueError(
            f"needs at least 3 seeds × 2 images of differences; got {difference_SN.shape}"
        )
    K, N = difference_SN.shape[-2:]
    seed_S1 = difference_SN.mean(axis=-1, keepdims=True)
    image_1N = difference_SN.mean(axis=-2, keepdims=True)
    mean_11 = seed_S1.mean(axis=-2, keepdims=True)
    left_SN = difference_SN - seed_S1 - image_1N + mean_11
    residual = np.square(left_SN).sum(axis=(-2, -1)) / ((K - 1) * (N - 1))
    seed_part = seed_S1.var(axis=(-2, -1), ddof=1) / K
    image = image_1N.var(axis=(-2, -1), ddof=1) / N - residual / (K * N)
    # The image part estimates a variance; below 0 it is chance. At 0 the interval is that of
    # this test set, so the one for new images is never the narrower.
    image_part = np.maximum(image, 0.0)
    variance = seed_part + image_part
    share = np.divide(seed_part, variance, out=np.ones_like(variance), where=variance > 0)
    t_seed = t_quantile(0.5 + confidence / 2, K - 1)
    t_image = t_quantile(0.5 + confidence / 2, N - 1)
    z = normal_quantile(0.5 + confidence / 2)
    c = np.sqrt(z**2 + share**2 * (t_seed**2 - z**2) + (1 - share) ** 2 * (t_image**2 - z**2))
    mean = mean_11[..., 0, 0]
    half = c * np.sqrt(variance)
    return TwoWay(mean, seed_part, image_part, mean - half, mean + half)


def compare_on_new_images(a_SN: ArrayLike, b_SN: ArrayLike, confidence: float = 0.95) -> NewImages:
    """B minus A per seed and image, and the interval for new seeds and new images.

    `a_SN`, `b_SN`: (S, N) scores whose mean over images is the metric (1 where an image is
    classified right, 0 where wrong). Formula, sources and errors as for `two_way`.

    >>> a_SN = [[1, 0, 1, 1], [1, 0, 0, 1], [1, 1, 0, 1]]
    >>> r = compare_on_new_images(a_SN, [[1, 1, 1, 1]] * 3)
    >>> round(r.mean, 3), round(r.low, 3), round(r.high, 3), r.n_seeds, r.n_images
    (0.333, -0.147, 0.813, 3, 4)
    """
    a_SN = np.asarray(a_SN, dtype=np.float64)
    b_SN = np.asarray(b_SN, dtype=np.float64)
    if a_SN.ndim != 2 or a_SN.shape != b_SN.shape:
        raise ValueError(f"needs seeds × images of each; got {a_SN.shape} and {b_SN.shape}")
    w = two_way(b_SN - a_SN, confidence)
    variance = float(w.seed_part + w.image_part)
    return NewImages(
        mean=float(w.mean),
        low=float(w.low),
        high=float(w.high),
        seed_share=float(w.seed_part) / variance if variance > 0 else 1.0,
        n_seeds=a_SN.shape[0],
        n_images=a_SN.shape[1],
    )


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
    p = 2 * normal_cdf(-high)
    # Without any variance a mean of 0 is not evidence of a difference.
    return np.asarray(np.where(size == 0, 1.0, np.where(variance == 0, 0.0, p)))


def _quantile(z: Floats, share: Floats, n_seeds: int, n_images: int) -> Floats:
    """The multiple of the standard error that `two_way` uses at the level of `z`."""
    level = 2 * normal_cdf(-z)
    t_seed = critical_t(level, n_seeds - 1)
    t_image = critical_t(level, n_images - 1)
    squared = z**2 + share**2 * (t_seed**2 - z**2) + (1 - share) ** 2 * (t_image**2 - z**2)
    return np.asarray(np.sqrt(squared))
