"""Paired comparison of two experiments over the same seeds."""

# Axes: S seeds, ... any leading axes (studies, questions).

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.distributions import t_quantile, t_two_sided_p
from paribus.stats.limits import FEWEST_SEEDS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TIntervals:
    """Mean, SD, two-sided p against 0 and interval of differences; each shaped like `...`."""

    mean: Floats
    sd: Floats
    p: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class PairedComparison:
    """B minus A over K seeds.

    `correlation` is that of the two experiments' values over seeds (None where one of them does
    not vary), and `pairing_gain` how many times as many seeds it would take without pairing to
    get an interval as narrow: (var A + var B) / var(B - A).
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    p: float
    correlation: float | None
    pairing_gain: float | None


def t_intervals(difference_S: ArrayLike, confidence: float = 0.95, step: float = 0.0) -> TIntervals:
    """Student's t interval of the mean of paired differences, and its two-sided p against 0.

    `difference_S`: (..., S), S >= 3, in any unit; the results are (...) in that unit. Interval:
    mean ± t(S-1) · sd / √S. Source: Student 1908; on what such tests of learning algorithms
    assume Dietterich 1998, on their seeds Bouthillier et al. 2021. With a `step` to which both
    values of each difference were rounded, p is the largest, and the interval holds all, of
    whatever they were before: a difference is at most a step off, so is their mean, and their SD
    at most step · √(S/(S-1)). Raises ValueError under three
    differences, where one is not finite, and where all of a row are the same: no spread, no
    interval.

    >>> t = t_intervals([0.25, 0.5, 0.75])
    >>> print(f"{t.mean:.2f} [{t.low:.2f}, {t.high:.2f}], p = {t.p:.3f}")
    0.50 [-0.12, 1.12], p = 0.074
    """
    difference_S = np.asarray(difference_S, dtype=np.float64)
    if difference_S.ndim == 0 or difference_S.shape[-1] < FEWEST_SEEDS:
        raise ValueError(f"a t interval needs at least {FEWEST_SEEDS} differences")
    if not np.isfinite(difference_S).all():
        raise ValueError("differences must be finite; leave out the pairs that have no value")
    if no_spread(difference_S).any():
        raise ValueError("the differences are all the same; their spread gives no interval")
    n = difference_S.shape[-1]
    mean = difference_S.mean(axis=-1)
    # ddof=1: the seeds are a sample of those that could have been drawn.
    sd = difference_S.std(axis=-1, ddof=1)
    error = (sd + step * (n / (n - 1)) ** 0.5) / n**0.5
    half = step + t_quantile(0.5 + confidence / 2, n - 1) * error
    return TIntervals(
        mean=mean,
        sd=sd,
        p=t_two_sided_p(np.maximum(np.abs(mean) - step, 0) / error, n - 1),
        low=mean - half,
        high=mean + half,
    )


def no_spread(difference_S: ArrayLike) -> NDArray[np.bool_]:
    """Whether all differences of a row are the same, but for rounding: (..., S) to (...).

    >>> bool(no_spread([0.91 - 0.90, 0.81 - 0.80, 0.71 - 0.70]))
    True
    """
    difference_S = np.asarray(difference_S, dtype=np.float64)
    rounding = 1e-15 + 1e-12 * np.abs(difference_S).max(axis=-1)
    return np.asarray(np.ptp(difference_S, axis=-1) <= rounding)


def compare_pairs(
    a_S: ArrayLike, b_S: ArrayLike, confidence: float = 0.95, step: float = 0.0
) -> PairedComparison:
    """B minus A, paired by seed, with its t interval and the correlation pairing achieved.

    `a_S`, `b_S`: (S,), the same seeds in the same order, S >= 3, finite, in any unit. `step`,
    sources and errors as for `t_intervals`.

    >>> r = compare_pairs([0.50, 0.75, 0.60], [0.75, 1.00, 0.80])
    >>> r.n, round(r.mean, 3), round(r.low, 3), round(r.high, 3), round(r.correlation, 3)
    (3, 0.233, 0.162, 0.305, 0.976)
    """
    a_S = np.asarray(a_S, dtype=np.float64)
    b_S = np.asarray(b_S, dtype=np.float64)
    if a_S.ndim != 1 or a_S.shape != b_S.shape:
        raise ValueError(f"needs one value per seed of each; got {a_S.shape} and {b_S.shape}")
    t = t_intervals(b_S - a_S, confidence, step)
    correlation = gain = None
    if not (no_spread(a_S) or no_spread(b_S)):
        correlation = float(np.corrcoef(a_S, b_S)[0, 1])
        gain = float((a_S.var(ddof=1) + b_S.var(ddof=1)) / t.sd**2)
    return PairedComparison(
        n=a_S.size,
        mean=float(t.mean),
        sd=float(t.sd),
        low=float(t.low),
        high=float(t.high),
        p=float(t.p),
        correlation=correlation,
        pairing_gain=gain,
    )


def mean_interval(value_R: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The 95% t interval of a mean of shares over runs, (2,), within 0 and 1; None under 3 runs or
    where they do not differ."""
    if len(value_R) < FEWEST_SEEDS or no_spread(value_R):
        return None
    found = t_intervals(value_R)
    return np.clip([float(found.low), float(found.high)], 0, 1)
