"""Paired t interval against SciPy and statsmodels, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from paribus.stats.paired import compare_pairs, no_spread, t_intervals

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("n", [3, 5, 10, 20, 100])
@pytest.mark.parametrize("confidence", [0.90, 0.95])
def test_agrees_with_scipy_and_statsmodels(n: int, confidence: float) -> None:
    a_S, b_S = RNG.normal(size=(2, n))
    ours = compare_pairs(a_S, b_S, confidence)
    scipys = stats.ttest_rel(b_S, a_S)
    interval = scipys.confidence_interval(confidence)
    theirs = DescrStatsW(b_S - a_S)
    low, high = theirs.tconfint_mean(alpha=1 - confidence)
    assert ours.p == pytest.approx(scipys.pvalue, abs=1e-9)
    assert ours.p == pytest.approx(theirs.ttest_mean(0)[1], abs=1e-9)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=1e-9)
    assert ours.correlation == pytest.approx(stats.pearsonr(a_S, b_S).statistic, abs=1e-9)


def test_many_rows_at_once_are_each_row_alone() -> None:
    difference_QS = RNG.normal(size=(4, 6))
    together = t_intervals(difference_QS)
    for q, difference_S in enumerate(difference_QS):
        alone = t_intervals(difference_S)
        assert together.p[q] == alone.p
        assert together.low[q] == alone.low


def test_pairing_gain_is_the_ratio_of_variances() -> None:
    shared_S = RNG.normal(size=200)
    a_S, b_S = shared_S + 0.1 * RNG.normal(size=(2, 200))
    r = compare_pairs(a_S, b_S)
    assert r.pairing_gain == pytest.approx((a_S.var() + b_S.var()) / (b_S - a_S).var())
    assert r.pairing_gain is not None
    assert r.pairing_gain > 50


def test_without_variation_there_is_no_correlation() -> None:
    r = compare_pairs([1.0, 1.0, 1.0], [1.0, 2.0, 4.0])
    assert r.correlation is None
    assert r.pairing_gain is None


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(-1000, 1000), min_size=3, max_size=12).filter(lambda x: len(set(x)) > 1),
    st.integers(-100, 100),
)
def test_shifting_both_changes_nothing_and_swapping_them_turns_the_sign(
    values: list[int], shift: int
) -> None:
    a_S, b_S = np.zeros(len(values)), np.array(values, dtype=float)
    r, shifted = compare_pairs(a_S, b_S), compare_pairs(a_S + shift, b_S + shift)
    swapped = compare_pairs(b_S, a_S)
    assert (shifted.low, shifted.high, shifted.p) == pytest.approx((r.low, r.high, r.p))
    assert (swapped.low, swapped.high, swapped.p) == pytest.approx((-r.high, -r.low, r.p))


@pytest.mark.parametrize(
    ("difference_S", "message"),
    [
        ([0.1, 0.2], "at least 3 differences"),
        ([0.1, 0.2, np.nan], "finite"),
        ([0.1, 0.1, 0.1], "all the same"),
        ([0.91 - 0.90, 0.81 - 0.80, 0.71 - 0.70], "all the same"),
    ],
)
def test_what_has_no_interval_is_refused(difference_S: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        t_intervals(difference_S)


def test_different_numbers_of_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="one value per seed of each"):
        compare_pairs([1.0, 2.0, 3.0], [1.0, 2.0])


def test_small_spread_is_still_spread() -> None:
    assert not no_spread([1e-9, 2e-9, 3e-9])
