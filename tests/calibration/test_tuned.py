"""Tuned comparisons as studies take them: settings drawn, winners chosen, judged as findings."""

# Axes: R replicates, N trials.

from __future__ import annotations

import numpy as np
import pytest

from paribus.measure.runs import Replicate
from paribus.questions.family import judge_study
from paribus.questions.finding import Verdict
from paribus.spec.tune import Settings
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.paired import no_spread, t_intervals
from paribus.stats.tuning import chosen
from tests.support.simulated import BATCHES, Floats, at_most, effects, generator, say
from tests.support.tuned import Value, tuned_result, tuned_study

STUDIES = 120
LEVEL = 0.055
"""What EVIDENCE allows; the rule itself has 4%."""


def responses(rng: np.random.Generator, shape: str, ahead: float = 0.0) -> Value:
    """What trials give: by where their rate lies in its space, the same for both sides, with luck
    of the run in both results, and luck of the images in each."""
    ends = {"sgd": (-3.0, 0.0), "adam": (-5.0, -1.0)}

    def value(name: str, seed: int, settings: Settings) -> tuple[float, float] | None:
        low, high = ends[name]
        share = (np.log10(float(settings["optimizer.lr"])) - low) / (high - low)
        if shape == "failing" and rng.random() < 0.1:
            return None
        run, validation, test = effects(rng, "heavy" if shape == "heavy" else "normal", (3,))
        quality = 0.9 - 0.2 * (share - 0.6) ** 2 + ahead * (name == "adam") + 0.004 * run
        return float(quality + 0.003 * validation), float(quality + 0.002 * test)

    return value


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("seeds", "trials", "shape"),
    [
        (5, 5, "normal"),
        (5, 5, "heavy"),
        (5, 5, "failing"),
        (10, 5, "heavy"),
        (5, 20, "failing"),
        (10, 20, "normal"),
    ],
)
def test_few_studies_claim_a_difference_where_both_are_alike(
    seeds: int, trials: int, shape: str
) -> None:
    rng = generator("tuned", seeds, trials, shape)
    studies = STUDIES * BATCHES * 5 // trials
    study, claimed = tuned_study(seeds, trials), 0
    for number in range(studies):
        value = responses(rng, shape)
        (finding,) = judge_study(tuned_result(study, value, first=number * seeds))
        claimed += finding.verdict in (Verdict.BETTER, Verdict.WORSE)
    rate = claimed / studies
    say("error of tuned comparisons", R=seeds, n=trials, shape=shape, rate=rate)
    assert at_most(rate, LEVEL, studies)


@pytest.mark.thorough
@pytest.mark.parametrize(("trials", "least"), [(5, 0.4), (15, 0.8)])
def test_a_side_whose_runs_vary_more_is_not_claimed_to_be_better(trials: int, least: float) -> None:
    """Why winners are trained again: settings do not matter, and Adam's runs vary three times as
    much. Of the trials that won, those with lucky seeds, Adam's are better."""
    rng = generator("uneven", trials)
    studies, claimed, of_trials = 2 * STUDIES * BATCHES, 0, 0
    for number in range(studies):
        result = tuned_result(tuned_study(10, trials), uneven(rng), first=number * 10)
        (finding,) = judge_study(result)
        claimed += finding.verdict in (Verdict.BETTER, Verdict.WORSE)
        a_R, b_R = (
            np.array([_of_winning_trial(one) for one in result.experiments[name].replicates])
            for name in ("sgd", "adam")
        )
        of_trials += float(t_intervals(b_R - a_R).p) <= VERDICT_LEVEL
    rates = {"rate": claimed / studies, "of_trials": of_trials / studies}
    say("error of tuned comparisons, one side varies more", n=trials, **rates)
    assert at_most(rates["rate"], LEVEL, studies)
    assert rates["of_trials"] > least


def uneven(rng: np.random.Generator) -> Value:
    """What trials give whose settings do not matter: luck of the run, of Adam's three times as
    much, and luck of the images."""

    def value(name: str, seed: int, settings: Settings) -> tuple[float, float]:
        run, validation, test = rng.normal(size=3)
        quality = 0.9 + (0.006 if name == "adam" else 0.002) * run
        return float(quality + 0.002 * validation), float(quality + 0.001 * test)

    return value


def _of_winning_trial(replicate: Replicate) -> float:
    assert replicate.winner is not None
    run = replicate.trials[replicate.winner].run
    assert run is not None
    return float(run.curves.test_accuracy[-1])


@pytest.mark.slow
def test_a_difference_that_there_is_is_found() -> None:
    rng = generator("tuned power")
    studies, found = 40 * BATCHES, 0
    for number in range(studies):
        value = responses(rng, "normal", ahead=0.03)
        (finding,) = judge_study(tuned_result(tuned_study(5, 5), value, first=number * 5))
        found += finding.verdict is Verdict.BETTER
    say("power of tuned comparisons", rate=found / studies)
    assert found / studies > 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("R", "least"), [(5, 0.15), (10, 0.28), (20, 0.44)])
def test_replicates_that_share_a_pool_would_claim_far_too_often(R: int, least: float) -> None:
    """Why `questions.tuned.refuse_shared` refuses them: each tries 10 of a pool of 20."""
    rng = generator("shared pool", R)
    studies = 1_000 * BATCHES
    claimed = sum(_claims(rng, R) for _ in range(studies))
    say("error of tuned comparisons with a shared pool", R=R, rate=claimed / studies)
    assert claimed / studies > least


def _claims(rng: np.random.Generator, R: int) -> bool:
    difference_R = _pooled(rng, R) - _pooled(rng, R)
    if bool(no_spread(difference_R)):
        return False
    return float(t_intervals(difference_R).p) <= VERDICT_LEVEL


def _pooled(rng: np.random.Generator, R: int) -> Floats:
    """What R replicates choose, each from 10 of the 20 settings of one pool."""
    pool_P = rng.normal(size=20)
    tried_RN = np.array([rng.permutation(20)[:10] for _ in range(R)])
    test_RN = pool_P[tried_RN] + 0.3 * rng.normal(size=(R, 10))
    return chosen(test_RN + 0.2 * rng.normal(size=(R, 10)), test_RN)
