"""Quantiles and probabilities of the distributions that the tests use.

Thin names over `scipy.special`: `scipy.stats` has the same numbers, and takes a second to import.
tests/stats/test_distributions.py compares the two.
"""

from __future__ import annotations

import numpy as np
import scipy  # Its modules are loaded when they are first used, which takes a while.
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def normal_quantile(probability: float) -> float:
    """Return the standard normal quantile.

    >>> round(normal_quantile(0.975), 4)
    1.96
    """
    return float(scipy.special.ndtri(probability))


def normal_cdf(value: ArrayLike) -> Floats:
    """Return the standard normal distribution function, elementwise."""
    return np.asarray(scipy.special.ndtr(_floats(value)), dtype=np.float64)


def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t with `df` degrees of freedom.

    >>> round(t_quantile(0.975, 4), 3)
    2.776
    """
    return float(scipy.special.stdtrit(df, probability))


def t_two_sided_p(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return the probability of a t as far from 0 as `t` in either direction, elementwise.

    >>> round(float(t_two_sided_p(2.776, 4)), 3)
    0.05
    """
    return 2 * t_upper_tail(np.abs(_floats(t)), df)


def t_upper_tail(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return the probability of a t above `t`, elementwise; small ones keep their digits.

    >>> t_upper_tail([0.0, 1.8331], 9).round(4).tolist()
    [0.5, 0.05]
    """
    return np.asarray(scipy.special.stdtr(_floats(df), -_floats(t)), dtype=np.float64)


def critical_t(level: ArrayLike, df: ArrayLike) -> Floats:
    """Return the |t| that is exceeded with probability `level`, both sides together, elementwise.

    >>> critical_t([0.05, 0.10], [4, 9]).round(3).tolist()
    [2.776, 1.833]
    """
    return np.asarray(-scipy.special.stdtrit(_floats(df), _floats(level) / 2), dtype=np.float64)


def chi_squared_quantile(probability: ArrayLike, df: ArrayLike) -> Floats:
    """Return the quantile of chi-squared with `df` degrees of freedom, elementwise.

    >>> round(float(chi_squared_quantile(0.95, 1)), 3)
    3.841
    """
    quantile = 2 * scipy.special.gammaincinv(_floats(df) / 2, _floats(probability))
    return np.asarray(quantile, dtype=np.float64)


def noncentral_t_beyond(critical: float, df: float, shift: float) -> float:
    """Return the probability that |T| exceeds `critical` (> 0), T noncentral t.

    `shift`: the noncentrality. Source: Johnson, Kotz & Balakrishnan 1995, chapter 31.

    >>> round(noncentral_t_beyond(2.262, 9, 1.0 * 10**0.5), 3)
    0.803
    """
    # By symmetry the sign of the shift does not matter. SciPy returns NaN for tails that are 0 in
    # double precision.
    tails = scipy.special.nctdtr(df, abs(shift), np.array([critical, -critical]))
    below, opposite = np.nan_to_num(tails, nan=0.0)
    return float(1 - below + opposite)


def hypergeometric(drawn: int, marked: int, total: int) -> Floats:
    """Return the probabilities that 0, 1, ..., `drawn` of `drawn` draws are marked: (drawn + 1,).

    `marked` of `total` are marked; drawn without replacement.

    >>> hypergeometric(2, 1, 4).round(9).tolist()
    [0.5, 0.5, 0.0]
    """
    count = np.arange(drawn + 1)
    possible = (count <= marked) & (drawn - count <= total - marked)
    count = count[possible]
    log = (
        _log_choose(marked, count)
        + _log_choose(total - marked, drawn - count)
        - _log_choose(total, np.asarray(drawn))
    )
    found = np.zeros(drawn + 1)
    found[possible] = np.exp(log)
    return found


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _log_choose(n: int, k: NDArray[np.int64]) -> Floats:
    gammaln = scipy.special.gammaln
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
