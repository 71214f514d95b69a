"""What stands beside a verdict: new images after Holm, advised seeds, replays, far runs.

Figures of docs/statistics.md; `PARIBUS_CALIBRATION` as in tests/support/simulated.py.
"""

# Axes: R studies, Q questions, S seeds.

from __future__ import annotations

import functools

import numpy as np
import pytest

from paribus.stats.adjustment import holm
from paribus.stats.distributions import t_two_sided_p
from paribus.stats.failures import far_runs, unseen_failure_rate
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.new_images import TwoWay, p_of_two_way
from paribus.stats.paired import t_intervals
from paribus.stats.planning import sd_upper_limit
from paribus.stats.power import (
    MOST_SEEDS,
    power_of_difference,
    power_of_equivalence,
    seeds_to_decide,
    seeds_to_plan,
)
from paribus.stats.replay_of_equals import reversal_rate_of_equals
from tests.support.simulated import BATCHES, Floats, about, at_most, effects, generator, say

SEEDS = [3, 5, 10, 20]
STUDIES = 20_000


def failing(rng: np.random.Generator, shape: tuple[int, ...], rate: float, drop: float) -> Floats:
    """Runs with SD 1 of which some fail and end `drop` lower, with mean 0 over all of them."""
    failed = rng.random(shape) < rate
    return np.asarray(rng.normal(size=shape) - drop * (failed - rate))


@pytest.mark.parametrize(("seeds", "expected"), [(3, 0.066), (5, 0.13), (10, 0.26), (20, 0.37)])
def test_rare_failures_of_one_side_break_the_level(seeds: int, expected: float) -> None:
    rng = generator("rare failures", seeds)
    studies = 10 * STUDIES * BATCHES
    # Paired differences with an SD of 0.15 logits, failures 3 logits down.
    claimed = 0
    for _ in range(10 * BATCHES):
        b_RS = failing(rng, (STUDIES, seeds), rate=0.03, drop=3 / 0.106)
        difference_RS = b_RS - rng.normal(size=b_RS.shape)
        claimed += int((t_intervals(difference_RS).p <= VERDICT_LEVEL).sum())
    say("error with rare failures", seeds=seeds, rate=claimed / studies)
    assert claimed / studies == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize("seeds", SEEDS)
def test_unseen_failure_rate_is_missed_in_five_of_a_hundred(seeds: int) -> None:
    limit = unseen_failure_rate(seeds)
    failed_RS = generator("unseen", seeds).random((STUDIES, seeds)) < limit
    assert about((~failed_RS.any(axis=1)).mean(), 0.05, STUDIES)


@pytest.mark.parametrize("shape", ["normal", "exponential"])
@pytest.mark.parametrize("seeds", SEEDS)
def test_few_experiments_have_a_run_that_is_far_by_chance(seeds: int, shape: str) -> None:
    rng = generator("far", seeds, shape)
    studies = 2 * STUDIES * BATCHES
    flagged = sum(
        (far_runs(effects(rng, shape, (STUDIES, seeds))) != 0).any(axis=1).sum()
        for _ in range(2 * BATCHES)
    )
    say("far runs by chance", seeds=seeds, shape=shape, rate=flagged / studies)
    assert at_most(flagged / studies, 0.05, studies)


@pytest.mark.parametrize(
    ("seeds", "drop", "least"), [(3, 50, 0.5), (5, 20, 0.9), (10, 20, 0.98), (20, 20, 0.98)]
)
def test_a_failed_run_is_flagged(seeds: int, drop: float, least: float) -> None:
    value_RS = generator("failed", seeds).normal(size=(STUDIES, seeds))
    value_RS[:, 0] -= drop
    found = (far_runs(value_RS)[:, 0] == -1).mean()
    say("failed run flagged", seeds=seeds, drop=drop, rate=found)
    assert found >= least


@pytest.mark.parametrize("questions", [1, 8, 20])
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_at_most_five_in_a_hundred_studies_wrongly_expect_it_of_new_images(
    seeds: int, questions: int
) -> None:
    # No difference over all images; on those of the test set one with 3 times the SD that the
    # mean over seeds has. The three mean squares of a normal two-way layout are independent.
    rng = generator("new images", seeds, questions)
    images, batch = 1000, STUDIES // questions
    studies, claimed, by_interval = batch * BATCHES, 0, 0
    for _ in range(BATCHES):
        size = (batch, questions)
        mean = 3 * rng.normal(size=size) + rng.normal(size=size)
        seed_part = rng.chisquare(seeds - 1, size) / (seeds - 1)
        image_part = 9 * rng.chisquare(images - 1, size) / (images - 1)
        nothing = np.zeros(size)
        two = TwoWay(mean, seed_part, image_part, nothing, nothing)
        p_new_RQ = p_of_two_way(two, seeds, images)
        t = np.abs(mean) / np.sqrt(seed_part)
        different_RQ = holm(t_two_sided_p(t, seeds - 1)) <= VERDICT_LEVEL
        claimed += int((different_RQ & (holm(p_new_RQ) <= VERDICT_LEVEL)).any(axis=1).sum())
        by_interval += int((different_RQ & (p_new_RQ < 0.05)).any(axis=1).sum())
    say(
        "new images", seeds=seeds, questions=questions,
        rate=claimed / studies, unadjusted=by_interval / studies,
    )  # fmt: skip
    assert at_most(claimed / studies, 0.05, studies)


@pytest.mark.parametrize("questions", [1, 20])
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_the_advised_seeds_decide_four_of_five_fresh_studies(seeds: int, questions: int) -> None:
    # Advice after `seeds` seeds with SD 1, and how often a fresh study of that size decides.
    studies = STUDIES * BATCHES
    sd_R = generator("advised", seeds, questions).normal(size=(studies, seeds)).std(axis=1, ddof=1)
    sd_G, found_G, equal_G = fresh_study(questions)
    rates = {}
    for advice, s_R in (("observed", sd_R), ("cautious", sd_R * sd_upper_limit(1.0, seeds))):
        rates[advice] = [
            float(np.interp(np.log(s_R), np.log(sd_G), power_G).mean())
            for power_G in (found_G, equal_G)
        ]
    say("advised", seeds=seeds, questions=questions, **rates)
    assert min(rates["cautious"]) >= 0.8
    assert min(rates["observed"]) < 0.8


@pytest.mark.parametrize("difference", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("questions", [1, 20])
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_seeds_for_the_seen_difference_decide_if_it_is_the_true_one(
    seeds: int, questions: int, difference: float
) -> None:
    # A study with SD 1 is undecided; a fresh one has the seeds that it names for what it saw.
    level, studies = VERDICT_LEVEL / questions, STUDIES * BATCHES
    rng = generator("as seen", seeds, questions, difference)
    seen_RS = rng.normal(size=(studies, seeds)) + difference
    mean_R, sd_R = seen_RS.mean(axis=1), seen_RS.std(axis=1, ddof=1)
    undecided_R = t_two_sided_p(np.abs(mean_R) / sd_R * seeds**0.5, seeds - 1) > level
    upper_R = sd_R * sd_upper_limit(1.0, seeds)
    if_true = float(_power_as_seen(difference / upper_R, difference, level).mean())
    ratio_R = np.abs(mean_R[undecided_R]) / upper_R[undecided_R]
    whatever = float(_power_as_seen(ratio_R, difference, level).mean())
    say(
        "seeds as seen", seeds=seeds, questions=questions, difference=difference,
        if_true=if_true, whatever_was_seen=whatever,
    )  # fmt: skip
    assert if_true >= 0.8
    # A small difference often looks larger than it is; hence the "if" in the sentence.
    assert whatever >= 0.6


def _power_as_seen(ratio_R: Floats, difference: float, level: float) -> Floats:
    """How often studies with a true SD of 1 find a difference, planned for so many SDs of it."""
    ratio_G = np.geomspace(0.03, 30, 60)
    n_G = [seeds_to_decide(ratio, 1.0, None, level) or MOST_SEEDS for ratio in ratio_G.tolist()]
    power_G = [power_of_difference(difference, 1.0, n, level) for n in n_G]
    return np.asarray(np.interp(np.log(ratio_R), np.log(ratio_G), power_G))


@functools.cache
def fresh_study(questions: int) -> tuple[Floats, list[float], list[float]]:
    """The two powers, at a true SD of 1, of studies planned with the SDs given beside them.

    By the formulas that other simulations confirm. Beyond the last SD both are 1.
    """
    matters, level = 0.5, VERDICT_LEVEL / questions
    sd_G = np.geomspace(0.1, 3, 16)
    n_G = [seeds_to_plan(sd, matters, level) for sd in sd_G]
    found_G = [power_of_difference(matters, 1.0, n, level) for n in n_G if n]
    return sd_G, found_G, [power_of_equivalence(matters, 1.0, n) for n in n_G if n]


@pytest.mark.parametrize("shape", ["normal", "exponential", "heavy"])
@pytest.mark.parametrize("seeds", SEEDS)
def test_replays_of_equal_networks_show_what_stands_beside_them(seeds: int, shape: str) -> None:
    rng = generator("replay", seeds, shape)
    studies = 4000 * BATCHES
    a_RA1, b_R1B = (
        effects(rng, shape, (studies, seeds, 1)),
        effects(rng, shape, (studies, 1, seeds)),
    )
    sign_R = np.sign(b_R1B.mean(axis=(1, 2)) - a_RA1.mean(axis=(1, 2)))
    share = (np.sign(b_R1B - a_RA1) * sign_R[:, None, None] < 0).mean(axis=(1, 2))
    expected = reversal_rate_of_equals(seeds, seeds)
    say("replay of equals", seeds=seeds, shape=shape, rate=share.mean(), formula=expected)
    tolerance = 4 * share.std() / studies**0.5 + (0 if shape == "normal" else 0.03)
    assert share.mean() == pytest.approx(expected, abs=tolerance)
