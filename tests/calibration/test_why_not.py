"""What Paribus does not do, and what would come of it: figures of docs/statistics.md.

Fixed seeds; each tolerance is at least two Monte Carlo standard errors.
"""

# Axes: R studies, S seeds, N images, B bootstrap samples.

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paribus.stats.adjustment import holm
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.new_images import two_way
from paribus.stats.paired import t_intervals


def test_adding_seeds_until_significant_claims_differences_that_are_not() -> None:
    difference_RS = np.random.default_rng(1).normal(size=(10_000, 20))
    p_by_seeds = [t_intervals(difference_RS[:, :n]).p for n in range(3, 21)]
    claimed = (np.min(p_by_seeds, axis=0) <= VERDICT_LEVEL).mean()
    print(f"looking after every seed from 3 to 20: {claimed:.3f}")
    assert claimed == pytest.approx(0.19, abs=0.015)


def test_extending_an_undecided_study_once_costs_some_of_the_level() -> None:
    difference_RS = np.random.default_rng(2).normal(size=(20_000, 20))
    first, second = (t_intervals(difference_RS[:, :n]).p <= VERDICT_LEVEL for n in (5, 20))
    print(f"5 seeds, then 15 more: {(first | second).mean():.3f}")
    assert (first | second).mean() == pytest.approx(0.075, abs=0.006)


def test_a_percentile_bootstrap_of_five_seeds_covers_too_little() -> None:
    rng = np.random.default_rng(3)
    difference_RS = rng.normal(size=(2000, 5))
    pick_BS = rng.integers(0, 5, size=(1000, 5))
    mean_RB = difference_RS[:, pick_BS].mean(axis=-1)
    low, high = np.quantile(mean_RB, [0.025, 0.975], axis=1)
    covered = ((low <= 0) & (high >= 0)).mean()
    print(f"percentile bootstrap of 5 seeds covers {covered:.3f}")
    assert covered == pytest.approx(0.84, abs=0.03)


def test_pooling_seeds_and_images_covers_too_little() -> None:
    rng = np.random.default_rng(4)
    difference_RSN = (
        0.1 * rng.normal(size=(1000, 5, 1))
        + rng.normal(size=(1000, 1, 100))
        + 0.3 * rng.normal(size=(1000, 5, 100))
    )
    pooled = t_intervals(difference_RSN.reshape(1000, -1))
    w = two_way(difference_RSN)
    covered_pooled = ((pooled.low <= 0) & (pooled.high >= 0)).mean()
    covered = ((w.low <= 0) & (w.high >= 0)).mean()
    print(f"pooled {covered_pooled:.3f}, two-way {covered:.3f}")
    assert covered_pooled < 0.7
    assert covered == pytest.approx(0.95, abs=0.02)


def test_strongly_skewed_differences_break_the_level_at_any_number_of_seeds() -> None:
    # Differences with skewness 2: rare runs far off. No test of a mean withstands this.
    rng = np.random.default_rng(5)
    for seeds, expected in ((3, 0.103), (5, 0.105), (10, 0.089), (20, 0.071)):
        t = t_intervals(rng.exponential(size=(20_000, seeds)) - 1)
        claimed = (t.p <= VERDICT_LEVEL).mean()
        print(f"skewness 2, {seeds} seeds: {claimed:.3f}")
        assert claimed == pytest.approx(expected, abs=0.01)


def test_a_level_of_five_percent_would_be_broken() -> None:
    # Eight questions, ten seeds, bases with exponential errors, variants with normal ones.
    rng = np.random.default_rng(6)
    difference_RQS = rng.normal(size=(40_000, 8, 10)) - (rng.exponential(size=(40_000, 8, 10)) - 1)
    smallest_R = holm(t_intervals(difference_RQS).p).min(axis=1)
    for level, expected in ((0.05, 0.060), (VERDICT_LEVEL, 0.049)):
        claimed = (smallest_R <= level).mean()
        print(f"level {level}: {claimed:.4f}")
        assert claimed == pytest.approx(expected, abs=0.0035)


def test_other_quantiles_for_new_images_cover_too_little_or_too_much() -> None:
    # Three seeds that make about nine tenths of the variance, then a tenth.
    rng = np.random.default_rng(7)
    z, t_2 = stats.norm.ppf(0.975), stats.t.ppf(0.975, 2)
    for sd_seed, satterthwaite, smaller in ((0.67, 0.922, 0.99), (0.076, 0.95, 1.0)):
        w = two_way(
            sd_seed * rng.normal(size=(20_000, 3, 1))
            + rng.normal(size=(20_000, 1, 60))
            + 0.1 * rng.normal(size=(20_000, 3, 60))
        )
        variance = w.seed_part + w.image_part
        r = w.seed_part / variance
        size = np.abs(w.mean) / np.sqrt(variance)
        own = stats.t.ppf(0.975, 1 / (r**2 / 2 + (1 - r) ** 2 / 59))
        ours = ((w.low <= 0) & (w.high >= 0)).mean()
        figures = ours, (size <= own).mean(), (size <= t_2).mean()
        print("ours {:.3f}, Satterthwaite {:.3f}, smaller df {:.3f}".format(*figures))
        assert 0.94 <= ours <= 0.96
        assert figures[1] == pytest.approx(satterthwaite, abs=0.006)
        assert figures[2] == pytest.approx(smaller, abs=0.006)
        # Ours lies between the two, which are its ends.
        assert z * 0.99 < np.median((w.high - w.low) / 2 / np.sqrt(variance)) < t_2


@pytest.mark.parametrize(("seeds", "expected"), [(3, 0.78), (5, 0.69), (10, 0.63)])
def test_all_pairs_of_equal_experiments_unadjusted_claim_much(seeds: int, expected: float) -> None:
    rng = np.random.default_rng(8)
    value_RES = rng.normal(size=(2000, 10, seeds))
    first, second = np.triu_indices(10, 1)
    p_RQ = t_intervals(value_RES[:, first] - value_RES[:, second]).p
    claimed = (p_RQ <= VERDICT_LEVEL).any(axis=1).mean()
    print(f"all 45 pairs of 10 equal experiments, {seeds} seeds: {claimed:.3f}")
    assert claimed == pytest.approx(expected, abs=0.04)


def test_the_best_range_of_seeds_claims_much() -> None:
    rng = np.random.default_rng(9)
    difference_RS = rng.normal(size=(10_000, 10))
    p = [
        t_intervals(difference_RS[:, first:last]).p
        for first in range(10)
        for last in range(first + 3, 11)
    ]
    claimed = (np.min(p, axis=0) <= VERDICT_LEVEL).mean()
    print(f"the best range out of 10 seeds: {claimed:.3f}")
    assert claimed == pytest.approx(0.38, abs=0.03)


def test_runs_counted_twice_claim_too_much() -> None:
    difference_RS = np.random.default_rng(10).normal(size=(20_000, 5))
    claimed = (t_intervals(np.repeat(difference_RS, 2, axis=1)).p <= VERDICT_LEVEL).mean()
    print(f"each of 5 runs counted twice: {claimed:.3f}")
    assert claimed == pytest.approx(0.17, abs=0.02)
