"""Runs without shared seeds, and tuned comparisons. Figures of docs/statistics.md."""

# Axes: R studies, A and B runs or replicates, N settings.

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paribus.stats.paired import t_intervals
from paribus.stats.tuning import chosen
from paribus.stats.unpaired import compare_unpaired
from tests.support.simulated import BATCHES, Floats, at_most, generator, say

RATIOS = [1 / 3, 0.5, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("level", [0.04, 0.002])
@pytest.mark.parametrize(("a_runs", "b_runs"), [(3, 3), (3, 20), (5, 5), (5, 20), (10, 20)])
def test_hajeks_rule_keeps_every_level_for_every_ratio_of_sds(
    a_runs: int, b_runs: int, level: float
) -> None:
    rng = generator("hajek", a_runs, b_runs, level)
    studies = 20_000 * BATCHES
    rates = []
    for ratio in RATIOS:
        claimed = 0
        for _ in range(BATCHES):
            a_RA, b_RB = rng.normal(size=(20_000, a_runs)), rng.normal(size=(20_000, b_runs))
            claimed += int((compare_unpaired(a_RA, ratio * b_RB).p <= level).sum())
        rates.append(claimed / studies)
    say("Hájek", runs=(a_runs, b_runs), level=level, rates=rates)
    assert all(at_most(rate, level, studies) for rate in rates)


def test_welch_breaks_small_levels() -> None:
    rng = generator("welch")
    excess = {}
    for runs in ((3, 5), (3, 20), (5, 20)):
        worst = 0.0
        for ratio in (1 / 3, 1.0, 3.0):
            a_RA, b_RB = rng.normal(size=(100_000, runs[0])), rng.normal(size=(100_000, runs[1]))
            worst = max(worst, _welch_rate(a_RA, ratio * b_RB, 0.002) / 0.002)
        excess[runs] = worst
    say("Welch at level 0.002, times too often", **{str(k): v for k, v in excess.items()})
    assert max(excess.values()) > 4


def _welch_rate(a_RA: Floats, b_RB: Floats, level: float) -> float:
    return float((stats.ttest_ind(b_RB, a_RA, axis=1, equal_var=False).pvalue <= level).mean())


@pytest.mark.thorough
@pytest.mark.parametrize("runs", [10, 15])
def test_welch_holds_for_one_question_of_ten_runs_or_more(runs: int) -> None:
    rng = generator("welch allowed", runs)
    for ratio in RATIOS:
        a_RA, b_RB = rng.normal(size=(40_000, runs)), rng.normal(size=(40_000, 20))
        r = compare_unpaired(a_RA, ratio * b_RB, family=1)
        assert r.welch
        say("Welch", runs=(runs, 20), ratio=ratio, rate=(r.p <= 0.04).mean())
        assert at_most((r.p <= 0.04).mean(), 0.043, 40_000)


def tuned(rng: np.random.Generator, size: tuple[int, ...], space: str) -> Floats:
    """Test results of tuning runs, (...) from (..., N) settings drawn anew for each.

    A wide space has more bad settings; results have heavy tails, and 10% of settings fail.
    """
    quality = -rng.exponential(2.0 if space == "wide" else 1.0, size=size)
    quality += 0.3 * rng.standard_t(3, size=size)
    validation = quality + 0.2 * rng.normal(size=size)
    test = quality + 0.2 * rng.normal(size=size)
    failed = rng.random(size) < 0.1
    validation, test = (
        np.where(failed, np.nan, x).reshape(-1, size[-1]) for x in (validation, test)
    )
    return chosen(validation, test, worst=-10.0).reshape(size[:-1])


@pytest.mark.thorough
@pytest.mark.parametrize("settings", [5, 20, 50])
@pytest.mark.parametrize("replicates", [5, 10])
def test_tuned_comparisons_keep_the_level(replicates: int, settings: int) -> None:
    rng = generator("tuned", replicates, settings)
    # Spaces differ; what is compared is made equal, as far as 2.5 million settings tell.
    wide, narrow = (
        np.mean([tuned(rng, (5000, settings), space).mean() for _ in range(500 // settings)])
        for space in ("wide", "narrow")
    )
    batch, claimed = 20_000 // settings, 0
    for _ in range(BATCHES):
        a_RA = tuned(rng, (batch, replicates, settings), "narrow") - narrow
        b_RA = tuned(rng, (batch, replicates, settings), "wide") - wide
        claimed += int((t_intervals(b_RA - a_RA).p <= 0.04).sum())
    rate = claimed / (batch * BATCHES)
    say("tuned", replicates=replicates, settings=settings, rate=rate)
    assert at_most(rate, 0.055, batch * BATCHES)


@pytest.mark.parametrize(("replicates", "expected"), [(5, 0.24), (10, 0.39), (20, 0.54)])
def test_settings_shared_between_replicates_break_the_level(
    replicates: int, expected: float
) -> None:
    rng = generator("pool", replicates)
    # Each replicate tries 10 of the side's 20 settings; the SD of a run is 0.27 of the settings'.
    studies = 2000 * BATCHES
    side = []
    for _ in "AB":
        pool_R1N = rng.normal(size=(studies, 1, 20))
        order_RAN = np.argsort(rng.random((studies, replicates, 20)), axis=-1)[..., :10]
        quality_RAN = np.take_along_axis(pool_R1N, order_RAN, axis=-1)
        validation, test = (
            (quality_RAN + 0.27 * rng.normal(size=quality_RAN.shape)).reshape(-1, 10) for _ in "vt"
        )
        side.append(chosen(validation, test).reshape(studies, replicates))
    rate = (t_intervals(side[1] - side[0]).p <= 0.04).mean()
    say("a pool of 20 settings", replicates=replicates, rate=rate)
    assert rate == pytest.approx(expected, abs=0.05)
