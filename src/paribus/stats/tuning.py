"""Tuned comparisons: the unit is a whole tuning run, and R replicates of it are compared."""

# Axes: R replicates, N settings tried in each, T budgets (settings tried so far, 1 to N).

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # Its modules are loaded when they are first used.
from numpy.typing import ArrayLike, NDArray

from paribus.stats.paired import TIntervals, no_spread, t_intervals

FEWEST_REPLICATES = 5

EDGE = 0.05
"""A setting in the outermost 5% of its range is at the edge: 10 of 100 drawn ones are."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TuningCurve:
    """Expected result of tuning with T settings, for T from 1 to N.

    `replicate_RT`: the expected result of each replicate; `mean_T` over replicates with its 95%
    interval `low_T`, `high_T`. NaN for budgets at which a replicate may have nothing but failures.
    """

    replicate_RT: Floats
    mean_T: Floats
    low_T: Floats
    high_T: Floats


@dataclass(frozen=True, eq=False)
class TunedDifference:
    """B minus A over replicates, at every budget: all fields of `at` are (T,).

    `crosses`: whether the two curves are shown to cross: B shown better at some budget and worse at
    another one, each by the 95% interval of that budget. `changes_sign`: whether the means do; with
    few replicates and equal sides that is common.
    """

    at: TIntervals
    changes_sign: bool
    crosses: bool


def winners(validation_RN: ArrayLike) -> NDArray[np.int64]:
    """Return which of the N settings has the best validation result, (R,), counted from 0.

    (R, N), higher is better, NaN where a setting failed. A failed setting is worse than any other,
    of equal ones the earlier is taken: the first where all have failed.

    >>> nan = float("nan")
    >>> winners([[0.7, 0.9, nan], [0.8, 0.8, 0.7], [nan, nan, nan]]).tolist()
    [1, 0, 0]
    """
    validation_RN = np.asarray(validation_RN, dtype=np.float64)
    return np.asarray(np.where(np.isnan(validation_RN), -np.inf, validation_RN).argmax(axis=1))


def chosen(validation_RN: ArrayLike, test_RN: ArrayLike, worst: float = np.nan) -> Floats:
    """Return the test result of the setting with the best validation result, (R,).

    Both (R, N), chosen as by `winners`. `worst`: the result of a replicate in which all settings
    failed.

    >>> nan = float("nan")
    >>> chosen([[0.7, 0.9, nan], [0.8, 0.6, 0.7]], [[0.72, 0.88, nan], [0.79, 0.61, 0.70]]).tolist()
    [0.88, 0.79]
    """
    validation_RN, test_RN = _checked(validation_RN, test_RN)
    found_R = np.take_along_axis(test_RN, winners(validation_RN)[:, None], axis=1)[:, 0]
    return np.where(np.isnan(found_R), worst, found_R)


def tuning_curve(
    validation_RN: ArrayLike, test_RN: ArrayLike, worst: float = np.nan
) -> TuningCurve:
    """Return the expected result of the best of T settings, for every budget T.

    Arguments as for `chosen`. Of N settings drawn at random, every subset of T is a tuning run of
    that budget, so each replicate's result is the mean over all subsets: with its settings sorted
    from the best validation result, the i-th (from 1) is chosen by C(N-i, T-1) of the C(N, T)
    subsets. At T = N it is the result that the replicate chose. On such curves: Dodge, Gururangan,
    Card, Schwartz & Smith 2019; without replacement, since the estimate with it is biased: Tang,
    Lee, Liu, Lin & Lin 2020. The interval is Student's over replicates (R >= 3). Of test results,
    never of those on which the choice was made.

    >>> curve = tuning_curve([[1, 2, 3], [2, 3, 1], [1, 3, 2]], [[1, 2, 3], [2, 3, 2], [1, 3, 2]])
    >>> curve.replicate_RT.round(3).tolist()
    [[2.0, 2.667, 3.0], [2.333, 2.667, 3.0], [2.0, 2.667, 3.0]]
    """
    validation_RN, test_RN = _checked(validation_RN, test_RN)
    N = validation_RN.shape[1]
    # From the best; failed settings last. Stable: of equal ones the earlier is chosen.
    order_RN = np.argsort(np.nan_to_num(-validation_RN, nan=np.inf), axis=1, kind="stable")
    sorted_RN = np.take_along_axis(test_RN, order_RN, axis=1)
    sorted_RN = np.where(np.isnan(sorted_RN), worst, sorted_RN)
    weight_TN = _chosen_shares(N)
    # 0 · NaN is NaN: a failed setting that no subset of T chooses must not count.
    part_RTN = np.where(weight_TN > 0, weight_TN * sorted_RN[:, None, :], 0.0)
    replicate_RT = part_RTN.sum(axis=-1)
    low_T, high_T = np.full(N, np.nan), np.full(N, np.nan)
    known_T = np.isfinite(replicate_RT).all(axis=0)
    spread_T = known_T & ~no_spread(np.where(known_T, replicate_RT, 0.0).T)
    if spread_T.any():
        t = t_intervals(replicate_RT[:, spread_T].T)
        low_T[spread_T], high_T[spread_T] = t.low, t.high
    return TuningCurve(replicate_RT, replicate_RT.mean(axis=0), low_T, high_T)


def compare_tuned(a: TuningCurve, b: TuningCurve) -> TunedDifference:
    """Compare two sides at every budget, over replicates that share their validation split.

    Both with the same R >= 5 replicates and N settings, and all results known. The question is
    judged at the last budget, the others describe it. Raise ValueError otherwise, or where all
    replicates differ by the same amount.
    """
    difference_RT = b.replicate_RT - a.replicate_RT
    if len(difference_RT) < FEWEST_REPLICATES:
        raise ValueError(f"needs at least {FEWEST_REPLICATES} replicates; got {len(difference_RT)}")
    at = t_intervals(difference_RT.T)
    return TunedDifference(
        at=at,
        changes_sign=bool((at.mean > 0).any() and (at.mean < 0).any()),
        crosses=bool((at.low > 0).any() and (at.high < 0).any()),
    )


def shared_settings(settings_RN: Sequence[Sequence[Hashable]]) -> list[tuple[int, int]]:
    """Return the pairs of replicates that have a setting in common; there must be none.

    `settings_RN`: of each replicate the settings tried, as values that compare equal. Replicates
    that draw from one pool are not independent: with a pool of 20 settings of which each tries 10,
    a study of no difference claims one in 21 / 38 / 55% at R = 5 / 10 / 20.

    >>> shared_settings([[0.1, 0.03], [0.2, 0.01], [0.03, 0.5]])
    [(0, 2)]
    """
    tried = [set(settings) for settings in settings_RN]
    return [
        (first, second)
        for second in range(len(tried))
        for first in range(second)
        if tried[first] & tried[second]
    ]


def at_edge(value: float, low: float, high: float, log: bool = False) -> bool:
    """Return whether a setting lies in the outermost 5% of its range, at either end.

    `log`: whether the range is divided on a logarithmic scale. Raise ValueError outside the range.

    >>> at_edge(0.9, 0.001, 1.0, log=True), at_edge(0.9, 0.001, 1.0)
    (True, False)
    """
    if not low <= value <= high or low == high:
        raise ValueError(f"needs a value inside a range; got {value}, {low} to {high}")
    if log:
        low, value, high = (float(x) for x in np.log([low, value, high]))
    where = (value - low) / (high - low)
    return min(where, 1 - where) <= EDGE


def _checked(validation_RN: ArrayLike, test_RN: ArrayLike) -> tuple[Floats, Floats]:
    validation_RN = np.asarray(validation_RN, dtype=np.float64)
    test_RN = np.asarray(test_RN, dtype=np.float64)
    if validation_RN.ndim != 2 or validation_RN.shape != test_RN.shape or 0 in test_RN.shape:
        raise ValueError(
            f"needs replicates × settings of both; got {validation_RN.shape} and {test_RN.shape}"
        )
    if not np.array_equal(np.isnan(validation_RN), np.isnan(test_RN)):
        raise ValueError("a setting must have both results, or failed and have neither")
    return validation_RN, test_RN


def _chosen_shares(N: int) -> Floats:
    """The share of subsets of T of N settings in which the i-th best is the best: (T, N)."""
    T1, i_N = np.arange(1, N + 1)[:, None], np.arange(1, N + 1)
    possible_TN = N - i_N >= T1 - 1
    rest_TN = np.where(possible_TN, N - i_N - (T1 - 1), 0)
    log_TN = _log_factorial(N - i_N) - _log_factorial(T1 - 1) - _log_factorial(rest_TN)
    log_T1 = _log_factorial(np.array(N)) - _log_factorial(T1) - _log_factorial(N - T1)
    return np.where(possible_TN, np.exp(log_TN - log_T1), 0.0)


def _log_factorial(n: NDArray[np.int64]) -> Floats:
    return np.asarray(scipy.special.gammaln(n + 1.0), dtype=np.float64)
