"""Two sets of runs that share no seeds, as results from elsewhere do."""

# Axes: A runs of one experiment, B runs of the other, ... any leading axes (studies).

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.distributions import critical_t, normal_cdf, t_two_sided_p
from paribus.stats.equivalence import EQUIVALENCE_CONFIDENCE
from paribus.stats.limits import FEWEST_SEEDS, NOT_FINITE
from paribus.stats.paired import no_spread

FEWEST_FOR_WELCH = 10
"""Runs of each from which Welch's degrees of freedom hold their level, for a single question."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Unpaired:
    """Mean of B minus mean of A, shaped like `...`, in the unit of the values.

    `df`: the degrees of freedom of the t distribution. `welch`: whether they are Welch's; Hájek's
    otherwise. `low`, `high`: 95% interval, `low_90`, `high_90`: 90%, for equivalence.
    """

    mean: Floats
    error: Floats
    df: Floats
    welch: bool
    p: Floats
    low: Floats
    high: Floats
    low_90: Floats
    high_90: Floats


def compare_unpaired(
    a_A: ArrayLike, b_B: ArrayLike, family: int | None = None, step: float = 0.0
) -> Unpaired:
    """Compare the means of two experiments whose runs are not paired.

    `a_A`, `b_B`: (..., A) and (..., B) runs, at least 3 each, finite. T = (mean B - mean A) /
    √(s²_A/A + s²_B/B) on t(min(A, B) - 1): holds its level for every ratio of the variances and
    at every level (Hájek 1962). Welch 1938 has more degrees of freedom, but at a family's small
    levels exceeds them several times; so only where `family` (the number of questions) is 1, and
    A and B are at least 10. With a `step` to which the values were rounded, p is the largest, and
    the intervals hold all, of whatever values they were before: a mean is at most half a step
    off, and an SD of n runs at most step/2 · √(n/(n-1)). Raise ValueError for fewer runs, values
    that are not finite, or two experiments without any spread.

    >>> r = compare_unpaired([0.90, 0.92, 0.91], [0.95, 0.94, 0.97, 0.96, 0.95])
    >>> print(f"{r.mean:.3f} [{r.low:.3f}, {r.high:.3f}], df {r.df:.0f}, p = {r.p:.3f}")
    0.044 [0.011, 0.077], df 2, p = 0.029
    """
    a_A, b_B = np.asarray(a_A, dtype=np.float64), np.asarray(b_B, dtype=np.float64)
    if min(a_A.ndim, b_B.ndim) == 0 or min(a_A.shape[-1], b_B.shape[-1]) < FEWEST_SEEDS:
        raise ValueError(f"needs at least {FEWEST_SEEDS} runs of each")
    if not (np.isfinite(a_A).all() and np.isfinite(b_B).all()):
        raise ValueError(NOT_FINITE)
    if (no_spread(a_A) & no_spread(b_B)).any():
        raise ValueError("all runs of either experiment have the same value; no spread, no test")
    A, B = a_A.shape[-1], b_B.shape[-1]
    # ddof=1: the runs are a sample of those that could have been trained.
    part_a, part_b = (_widest_sd(side, step) ** 2 / side.shape[-1] for side in (a_A, b_B))
    mean = np.asarray(b_B.mean(axis=-1) - a_A.mean(axis=-1))
    error = np.sqrt(part_a + part_b)
    welch = family == 1 and min(A, B) >= FEWEST_FOR_WELCH and step == 0
    df = np.full_like(mean, min(A, B) - 1)
    if welch:
        df = (part_a + part_b) ** 2 / (part_a**2 / (A - 1) + part_b**2 / (B - 1))
    half = step + critical_t(0.05, df) * error
    half_90 = step + critical_t(1 - EQUIVALENCE_CONFIDENCE, df) * error
    return Unpaired(
        mean=mean,
        error=np.asarray(error),
        df=np.asarray(df),
        welch=welch,
        p=t_two_sided_p(np.maximum(np.abs(mean) - step, 0) / error, df),
        low=np.asarray(mean - half),
        high=np.asarray(mean + half),
        low_90=np.asarray(mean - half_90),
        high_90=np.asarray(mean + half_90),
    )


def _widest_sd(value_R: Floats, step: float) -> Floats:
    runs = value_R.shape[-1]
    return np.asarray(value_R.std(axis=-1, ddof=1) + step / 2 * (runs / (runs - 1)) ** 0.5)


def best_of_normal(runs: int) -> float:
    """Return how many SDs the best of `runs` normal values lies above their mean, on average.

    A lone published number may be the best of several. Source: Harter 1961. By integrating
    1 - F(x)^n for x > 0 less F(x)^n for x < 0.

    >>> round(best_of_normal(5), 2)
    1.16
    """
    if runs < 1:
        raise ValueError(f"needs at least one run; got {runs}")
    x = np.linspace(0.0, 12.0, 24_001)
    above = 1 - normal_cdf(x) ** runs
    below = normal_cdf(-x) ** runs
    return float(np.trapezoid(above - below, x))
