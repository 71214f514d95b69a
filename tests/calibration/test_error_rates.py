"""How often verdicts are wrong, by simulated studies through the code that judges real ones.

Seeds are fixed. Each rate has a Monte Carlo standard error of √(rate · (1 - rate) / studies): at
20,000 studies 0.15 points where the rate is 5%. `PARIBUS_CALIBRATION=20 pytest -s
tests/calibration` runs twenty times as many and prints every rate.
"""

# Axes: R studies, Q questions, S seeds.

from __future__ import annotations

import os
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus.questions.family import conclude
from paribus.questions.finding import Verdict
from paribus.stats.adjustment import holm
from paribus.stats.equivalence import EQUIVALENCE_CONFIDENCE, inside_margin
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.paired import t_intervals
from paribus.stats.power import (
    power_of_difference,
    power_of_equivalence,
    seeds_to_plan,
)
from paribus.stats.rule import Decision, decide
from tests.support.judged import SCORE, compared, finding_of

BATCHES = int(os.environ.get("PARIBUS_CALIBRATION", "1"))
STUDIES = 20_000

SEEDS = [3, 5, 10, 20]
SHAPES = ["normal", "skewed", "skewed base"]

Floats = NDArray[np.float64]


def generator(*cell: object) -> np.random.Generator:
    """One stream for each cell of the simulation, the same on every machine."""
    return np.random.default_rng(zlib.crc32(repr(cell).encode()))


def exponential(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Mean 0, SD 1, skewness 2: most runs a little under the mean, a few far above."""
    effect: Floats = rng.exponential(size=shape) - 1
    return effect


def null_differences(
    rng: np.random.Generator,
    questions: int,
    seeds: int,
    *,
    correlation: float,
    shape: str,
    own_base: bool = False,
) -> Floats:
    """Differences (R, Q, S) of variants to their base where none makes a difference.

    "skewed": all runs; "skewed base": the base's runs alone, so that the differences are skewed.
    Runs of one seed correlate over experiments. The base is one for all questions unless
    `own_base`.
    """
    bases = questions if own_base else 1
    base = exponential if shape != "normal" else _normal
    variant = exponential if shape == "skewed" else _normal
    shared_R1S = variant(rng, (STUDIES, 1, seeds)) * correlation**0.5
    # What the runs of a seed share drops out of their differences; it is there as in a study.
    base_RQS = shared_R1S + base(rng, (STUDIES, bases, seeds)) * (1 - correlation) ** 0.5
    own_RQS = variant(rng, (STUDIES, questions, seeds)) * (1 - correlation) ** 0.5
    difference_RQS: Floats = shared_R1S + own_RQS - base_RQS
    return difference_RQS


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.normal(size=shape)


def decisions(difference_RQS: Floats, matters: float | None = None) -> NDArray[np.int64]:
    """The verdicts of many studies at once, from the parts that `questions` judges by."""
    t = t_intervals(difference_RQS)
    t_90 = t_intervals(difference_RQS, EQUIVALENCE_CONFIDENCE)
    return decide(t.mean, holm(t.p), t_90.low, t_90.high, matters=matters)


@pytest.mark.thorough
def test_many_at_once_are_what_the_judge_says_one_by_one() -> None:
    rng = generator("judge")
    of = {
        Verdict.BETTER: Decision.HIGHER,
        Verdict.WORSE: Decision.LOWER,
        Verdict.EQUAL: Decision.EQUAL,
        Verdict.UNDECIDED: Decision.UNDECIDED,
    }
    difference_RQS = rng.normal(size=(20, 8, 6)) + np.array([0, 0, 0, 1, -1, 2, 0.5, 4])[:, None]
    base_R1S = rng.normal(size=(20, 1, 6))
    variant_RQS = base_R1S + difference_RQS
    expected_RQ = decisions(variant_RQS - base_R1S, matters=1.0)
    for base_S, variant_QS, expected_Q in zip(
        base_R1S[:, 0], variant_RQS, expected_RQ, strict=True
    ):
        findings = conclude([compared(base_S, b_S, SCORE, matters=1.0) for b_S in variant_QS])
        assert [of[finding.verdict] for finding in findings] == expected_Q.tolist()
    assert set(expected_RQ.ravel()) == set(Decision)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("questions", [1, 8])
def test_without_a_difference_at_most_five_studies_in_a_hundred_claim_one(
    questions: int, seeds: int, correlation: float, shape: str
) -> None:
    rng = generator("null", questions, seeds, correlation, shape)
    rates = []
    for _ in range(BATCHES):
        verdict_RQ = decisions(
            null_differences(rng, questions, seeds, correlation=correlation, shape=shape)
        )
        claimed_RQ = (verdict_RQ == Decision.HIGHER) | (verdict_RQ == Decision.LOWER)
        rates.append(claimed_RQ.any(axis=-1).mean())
    print(f"family-wise error, {questions=} {seeds=} {correlation=} {shape}: {np.mean(rates):.4f}")
    assert np.mean(rates) <= 0.05


@pytest.mark.parametrize("seeds", SEEDS)
def test_nor_where_every_question_has_a_skewed_base_of_its_own(seeds: int) -> None:
    # The worst case that the level is made for: 4.9% at 10 and 20 seeds.
    rng = generator("own base", seeds)
    rates = []
    for _ in range(BATCHES):
        difference_RQS = null_differences(
            rng, 8, seeds, correlation=0.0, shape="skewed base", own_base=True
        )
        rates.append((decisions(difference_RQS) > Decision.EQUAL).any(axis=-1).mean())
    print(f"family-wise error, own skewed bases, questions=8 {seeds=}: {np.mean(rates):.4f}")
    assert np.mean(rates) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / (STUDIES * BATCHES))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("seeds", SEEDS)
def test_intervals_on_this_test_set_cover(seeds: int, correlation: float, shape: str) -> None:
    rng = generator("cover", seeds, correlation, shape)
    rates = []
    for _ in range(BATCHES):
        t = t_intervals(null_differences(rng, 1, seeds, correlation=correlation, shape=shape) + 0.5)
        rates.append(((t.low <= 0.5) & (t.high >= 0.5)).mean())
    print(f"coverage, {seeds=} {correlation=} {shape}: {np.mean(rates):.4f}")
    low, high = (0.94, 0.96) if shape == "normal" else (0.92, 1.0)
    assert low <= np.mean(rates) <= high


@pytest.mark.parametrize("margin", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("seeds", SEEDS)
def test_at_the_margin_at_most_five_in_a_hundred_are_called_equal(
    seeds: int, margin: float
) -> None:
    rng = generator("margin", seeds, margin)
    equal, small = [], []
    for _ in range(BATCHES):
        difference_RQS = rng.normal(margin, 1.0, size=(STUDIES, 1, seeds))
        equal.append((decisions(difference_RQS, margin) == Decision.EQUAL).mean())
        t_90 = t_intervals(difference_RQS, EQUIVALENCE_CONFIDENCE)
        small.append(inside_margin(t_90.low, t_90.high, margin).mean())
    print(f"wrongly equal, {seeds=} {margin=}: {np.mean(equal):.4f}", end=", ")
    print(f"equal or better by less than matters: {np.mean(small):.4f}")
    assert np.mean(equal) <= 0.05
    # Exactly 5% where the seeds are many: three standard errors above that.
    assert np.mean(small) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / (STUDIES * BATCHES))


@pytest.mark.parametrize("effect", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("questions", [1, 8])
def test_power_at_ten_seeds_is_the_formulas(effect: float, questions: int) -> None:
    rng = generator("power", effect, questions)
    found = []
    for _ in range(BATCHES):
        difference_RQS = rng.normal(size=(STUDIES, questions, 10))
        difference_RQS[:, 0] += effect
        found.append((decisions(difference_RQS)[:, 0] == Decision.HIGHER).mean())
    expected = power_of_difference(effect, 1.0, 10, VERDICT_LEVEL / questions)
    print(f"power, {effect=} {questions=}: {np.mean(found):.4f}, formula {expected:.4f}")
    assert np.mean(found) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("margin", [0.5, 1.0, 1.5])
def test_power_of_equivalence_at_ten_seeds_is_the_formulas(margin: float) -> None:
    rng = generator("power of equivalence", margin)
    t_90 = t_intervals(rng.normal(size=(STUDIES, 10)), EQUIVALENCE_CONFIDENCE)
    found = inside_margin(t_90.low, t_90.high, margin).mean()
    expected = power_of_equivalence(margin, 1.0, 10)
    print(f"power of equivalence, {margin=}: {found:.4f}, formula {expected:.4f}")
    assert found == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("true", [0.0, 1.0])
def test_a_study_of_the_planned_seeds_decides_four_times_in_five(true: float) -> None:
    seeds = seeds_to_plan(sd=1.0, matters=1.0)
    assert seeds is not None
    difference_RQS = generator("planned", true).normal(true, 1.0, size=(STUDIES, 1, seeds))
    right = Decision.EQUAL if true == 0 else Decision.HIGHER
    decided = (decisions(difference_RQS, 1.0) == right).mean()
    print(f"decided as planned, {true=} {seeds=}: {decided:.4f}")
    # A true difference of none is called one in up to 4%, before it could be called equal.
    assert decided >= 0.76


@pytest.mark.thorough
def test_diverged_runs_do_not_raise_the_error() -> None:
    # One run in ten of either experiment gives no value.
    rng = generator("diverged")
    studies = 1000 * BATCHES
    claimed = 0
    for _ in range(studies):
        a_S, b_S = np.where(rng.random((2, 6)) < 0.1, np.nan, rng.normal(size=(2, 6)))
        verdict = finding_of(compared(a_S, b_S, SCORE)).verdict
        claimed += verdict in (Verdict.BETTER, Verdict.WORSE)
    print(f"error with diverged runs: {claimed / studies:.4f}")
    assert claimed / studies <= 0.05
