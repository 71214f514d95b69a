"""Unpaired comparisons against scipy's Welch test and by their limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paribus.seeding import stream
from paribus.stats.paired import compare_pairs
from paribus.stats.unpaired import best_of_normal, compare_unpaired

RNG = np.random.default_rng(71)


def test_hajek_has_the_statistic_of_welch_and_the_smaller_degrees_of_freedom() -> None:
    a_A, b_B = RNG.normal(size=4), RNG.normal(1.0, 3.0, size=20)
    r = compare_unpaired(a_A, b_B, family=1)
    welch = stats.ttest_ind(b_B, a_A, equal_var=False)
    assert float(r.mean / r.error) == pytest.approx(float(welch.statistic))
    assert (float(r.df), r.welch) == (3, False)
    assert float(r.p) == pytest.approx(2 * stats.t.sf(abs(welch.statistic), 3))
    assert float(r.high - r.mean) == pytest.approx(stats.t.ppf(0.975, 3) * float(r.error))
    assert float(r.high_90 - r.mean) == pytest.approx(stats.t.ppf(0.95, 3) * float(r.error))


def test_welch_is_used_for_one_question_of_ten_runs_each_and_is_that_of_scipy() -> None:
    a_A, b_B = RNG.normal(size=10), RNG.normal(0.5, 3.0, size=12)
    r = compare_unpaired(a_A, b_B, family=1)
    test = stats.ttest_ind(b_B, a_A, equal_var=False)
    assert r.welch
    assert float(r.p) == pytest.approx(float(test.pvalue))
    interval = test.confidence_interval()
    assert (float(r.low), float(r.high)) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize(("runs", "family"), [(10, 2), (9, 1), (10, None)])
def test_otherwise_it_is_hajek(runs: int, family: int | None) -> None:
    r = compare_unpaired(RNG.normal(size=runs), RNG.normal(size=20), family)
    assert not r.welch
    assert float(r.df) == runs - 1


def test_many_studies_at_once_are_each_alone() -> None:
    a_RA, b_RB = RNG.normal(size=(10, 12)), RNG.normal(size=(10, 15))
    for family in (1, 3):
        r = compare_unpaired(a_RA, b_RB, family)
        alone = [compare_unpaired(a, b, family) for a, b in zip(a_RA, b_RB, strict=True)]
        np.testing.assert_allclose(r.p, [float(x.p) for x in alone])
        np.testing.assert_allclose(r.low_90, [float(x.low_90) for x in alone])


@pytest.mark.parametrize(
    ("a", "b", "match"),
    [
        ([1, 2], [1, 2, 3], "at least 3 runs of each"),
        ([1, 2, np.nan], [1, 2, 3], "must be finite"),
        ([1, 1, 1], [2, 2, 2], "no spread, no test"),
    ],
)
def test_wrong_input_is_refused(a: list[float], b: list[float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        compare_unpaired(a, b)


def test_one_side_without_spread_still_has_a_test() -> None:
    assert 0 < float(compare_unpaired([1, 1, 1], [2, 2.5, 3]).p) < 1


@pytest.mark.parametrize(
    ("runs", "expected"), [(1, 0.0), (2, 0.56419), (5, 1.16296), (10, 1.53875)]
)
def test_the_best_of_several_lies_above_the_mean(runs: int, expected: float) -> None:
    # Harter 1961, table 1.
    assert best_of_normal(runs) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("spread", [0.2, 0.6])
def test_of_rounded_values_it_holds_whatever_they_were(spread: float) -> None:
    rng = stream(0, "test", "rounded")
    values_VA = rng.normal(0, spread, (2, 500, 5)) + np.array([[[0.0]], [[2.0]]])
    coarse_VA = np.round(values_VA)
    for whole_a, whole_b, a, b in zip(*values_VA, *coarse_VA, strict=True):
        if np.ptp(a) or np.ptp(b):
            exact, wide = compare_unpaired(whole_a, whole_b), compare_unpaired(a, b, step=1.0)
            assert wide.p >= exact.p
            assert wide.low <= exact.low <= exact.high <= wide.high
            assert wide.low_90 <= exact.low_90 <= exact.high_90 <= wide.high_90
        if np.ptp(b - a):
            exact_pairs = compare_pairs(whole_a, whole_b)
            wide_pairs = compare_pairs(a, b, step=1.0)
            assert wide_pairs.p >= exact_pairs.p
            assert wide_pairs.low <= exact_pairs.low <= exact_pairs.high <= wide_pairs.high
