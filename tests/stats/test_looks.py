"""Planned looks: weights, sequential p-values, intervals, futility."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paribus.stats.looks import Looks, at_looks, futile
from paribus.stats.paired import t_intervals

RNG = np.random.default_rng(41)
LOOKS = Looks((10, 20, 40, 80))


@pytest.mark.parametrize("seeds", [(10, 20, 40, 80), (5, 10, 20), (7,), (5, 6, 7, 8, 200)])
def test_weights_share_out_the_level(seeds: tuple[int, ...]) -> None:
    looks = Looks(seeds)
    for weights in (looks.difference_weights, looks.equality_weights):
        assert weights.sum() == pytest.approx(1)
        assert (weights > 0).all()


def test_one_look_is_the_ordinary_test() -> None:
    difference_S = RNG.normal(0.4, 1.0, size=12)
    at = at_looks(difference_S, Looks((12,)), matters=0.5)
    t, t_90 = t_intervals(difference_S), t_intervals(difference_S, 0.90)
    assert float(at.sequential_p[0]) == pytest.approx(float(t.p))
    assert (float(at.low[0]), float(at.high[0])) == pytest.approx((float(t.low), float(t.high)))
    # Equivalent at 5% exactly where the 90% interval lies inside the margin.
    furthest = float(max(-t_90.low, t_90.high))
    for matters, equal in ((furthest * 1.001, True), (furthest * 0.999, False)):
        p = at_looks(difference_S, Looks((12,)), matters).equality_p[0]
        assert (p <= 0.05) == equal


def test_numbers_of_each_look_are_those_of_scipy() -> None:
    difference_QS = RNG.normal(0.2, 1.0, size=(3, 85))
    at = at_looks(difference_QS, LOOKS, matters=[0.5, 0.7, np.nan])
    weighted = []
    for look, n in enumerate(LOOKS.seeds):
        for q, margin in enumerate((0.5, 0.7, np.nan)):
            d = difference_QS[q, :n]
            test = stats.ttest_1samp(d, 0)
            assert at.p[q, look] == pytest.approx(test.pvalue)
            confidence = 1 - 0.05 * LOOKS.difference_weights[look]
            interval = test.confidence_interval(confidence)
            assert at.low[q, look] == pytest.approx(interval.low)
            assert at.high[q, look] == pytest.approx(interval.high)
            above = stats.ttest_1samp(d, -margin, alternative="greater").pvalue
            below = stats.ttest_1samp(d, margin, alternative="less").pvalue
            weighted.append(max(above, below) / LOOKS.equality_weights[look])
    smallest_LQ = np.minimum.accumulate(np.reshape(weighted, (4, 3)), axis=0)
    expected_QL = np.minimum(np.nan_to_num(smallest_LQ.T, nan=1.0), 1.0)
    np.testing.assert_allclose(at.equality_p, expected_QL)
    expected_QL = np.minimum.accumulate(at.p / LOOKS.difference_weights, axis=1)
    np.testing.assert_allclose(at.sequential_p, np.minimum(expected_QL, 1.0))


def test_sequential_p_reaches_the_level_at_the_critical_t() -> None:
    n_L = np.array(LOOKS.seeds)
    for level in (0.04, 0.04 / 20):
        p = 2 * stats.t.sf(LOOKS.critical_differences(level), n_L - 1)
        np.testing.assert_allclose(p / LOOKS.difference_weights, level)
    p = stats.t.sf(LOOKS.critical_equalities(), n_L - 1)
    np.testing.assert_allclose(p / LOOKS.equality_weights, 0.05)


def test_critical_t_of_a_first_look_at_three_seeds_would_be_beyond_reach() -> None:
    weight = (3 / 30) ** 1.5
    assert stats.t.isf(0.04 / 20 * weight / 2, 2) == pytest.approx(126, abs=1)
    with pytest.raises(ValueError, match="the first must be at 5 seeds or more"):
        Looks((3, 30))


def test_the_decisive_look_is_the_one_with_the_smallest_weighted_p() -> None:
    # Far above 0 at the first look, back to nothing at the second.
    first_S = np.r_[3 + 0.1 * RNG.normal(size=10), -3 + 0.1 * RNG.normal(size=10)]
    at = at_looks(first_S, Looks((10, 20)))
    assert at.decisive.tolist() == [0, 0]
    assert at.sequential_p[0] == at.sequential_p[1]
    # Little at the first look, much at the second.
    at = at_looks(np.r_[RNG.normal(size=10), 3 + RNG.normal(size=10)], Looks((10, 20)))
    assert at.decisive.tolist() == [0, 1]


def test_a_look_without_spread_has_no_test() -> None:
    at = at_looks(np.r_[np.full(5, 0.3), 0.2, 0.4, 0.3, 0.2, 0.5], Looks((5, 10)), matters=1.0)
    assert at.p[0] == at.sequential_p[0] == at.equality_p[0] == 1
    assert (at.low[0], at.high[0]) == (-np.inf, np.inf)
    assert at.p[1] < 0.001


def test_looks_that_were_not_taken_are_not_read() -> None:
    difference_S = RNG.normal(size=40)
    difference_S[25:] = np.nan
    assert at_looks(difference_S[:30], LOOKS).p.shape == (2,)
    with pytest.raises(ValueError, match="no look has been taken: 9 seeds of 10"):
        at_looks(difference_S[:9], LOOKS)


def test_pairs_without_a_value_are_left_out() -> None:
    difference_S = RNG.normal(0.5, 1.0, size=20)
    lacking_S = difference_S.copy()
    lacking_S[[2, 5, 13]] = np.nan
    at = at_looks(lacking_S, LOOKS, matters=1.0)
    for look, n in enumerate((10, 20)):
        test = stats.ttest_1samp(lacking_S[:n], 0, nan_policy="omit")
        assert at.p[look] == pytest.approx(test.pvalue)
        interval = test.confidence_interval(1 - 0.05 * LOOKS.difference_weights[look])
        assert (at.low[look], at.high[look]) == pytest.approx((interval.low, interval.high))
    # Two values are no test, nor is none.
    for few in (2, 0):
        lacking_S = difference_S.copy()
        lacking_S[few:10] = np.nan
        at = at_looks(lacking_S, LOOKS, matters=1.0)
        assert (at.p[0], at.equality_p[0], at.low[0]) == (1, 1, -np.inf)
        assert at.p[1] < 1


@pytest.mark.parametrize("seeds", [(), (10, 10), (20, 10)])
def test_looks_go_upwards(seeds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="looks: "):
        Looks(seeds)


@pytest.mark.parametrize("matters", [None, 0.3])
@pytest.mark.parametrize("mean", [0.0, 0.12, 0.3])
def test_futility_is_the_simulated_chance_of_an_outcome(mean: float, matters: float | None) -> None:
    # From 40 seeds with SD 1, to 80: the best case over the true differences that are considered.
    error = 80**-0.5
    chances = []
    for true in {mean, 0.0, matters or 0.0, -(matters or 0.0)}:
        final_R = (40 * mean + 40 * true) / 80 + RNG.normal(size=200_000) * 40**0.5 / 80
        outcome_R = np.abs(final_R) >= LOOKS.critical_differences()[-1] * error
        if matters is not None:
            outcome_R |= np.abs(final_R) <= matters - LOOKS.critical_equalities()[-1] * error
        chances.append(outcome_R.mean())
    found = futile(mean, 1.0, 2, LOOKS, matters=matters)
    assert abs(max(chances) - 0.10) > 0.005
    assert bool(found) == (max(chances) < 0.10)


def test_futility_of_many_questions_is_that_of_each() -> None:
    mean_Q, sd_Q = RNG.normal(0, 0.2, size=30), RNG.uniform(0.5, 1.5, size=30)
    matters_Q = np.where(RNG.random(30) < 0.3, np.nan, 0.2)
    expected_Q = [
        bool(futile(m, s, 1, LOOKS, matters=None if np.isnan(d) else d, level=0.002))
        for m, s, d in zip(mean_Q, sd_Q, matters_Q, strict=True)
    ]
    assert futile(mean_Q, sd_Q, 1, LOOKS, matters=matters_Q, level=0.002).tolist() == expected_Q
    assert 0 < sum(expected_Q) < 30
