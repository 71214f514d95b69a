"""Looking after every seed up to 100 with the e-process; seeds raised after a planned test."""

# Axes: R studies, Q questions, S seeds.

from __future__ import annotations

import numpy as np
import pytest

from paribus.stats.adjustment import holm
from paribus.stats.distributions import t_two_sided_p
from paribus.stats.e_process import anytime_p, confidence_sequence, rescue_p
from paribus.stats.paired import t_intervals
from tests.support.simulated import BATCHES, Floats, about, at_most, effects, generator, say

STUDIES = 10_000
MOST = 100


def differences(rng: np.random.Generator, shape: str, size: tuple[int, ...]) -> Floats:
    if shape == "normal":
        return rng.normal(size=size)
    return np.asarray((rng.normal(size=size) - effects(rng, "exponential", size)) / 2**0.5)


@pytest.mark.parametrize(("questions", "expected"), [(1, 0.021), (20, 0.017)])
@pytest.mark.parametrize("shape", ["normal", "A exponential"])
def test_looking_after_every_seed_keeps_the_level(
    questions: int, shape: str, expected: float
) -> None:
    rng = generator("anytime", questions, shape)
    batch = STUDIES if questions == 1 else 1000
    claimed = 0
    for _ in range(BATCHES):
        p_RQ = anytime_p(differences(rng, shape, (batch, questions, MOST)))[..., -1]
        claimed += int((holm(p_RQ) <= 0.04).any(axis=-1).sum())
    studies = batch * BATCHES
    say("anytime error", questions=questions, shape=shape, rate=claimed / studies)
    assert at_most(claimed / studies, 0.04, studies)
    if shape == "normal":
        assert about(claimed / studies, expected, studies)


def test_a_confidence_sequence_holds_the_truth_at_all_times() -> None:
    rng = generator("sequence")
    covered = []
    for _ in range(BATCHES):
        s = confidence_sequence(rng.normal(0.3, 1.0, size=(STUDIES, MOST)))
        covered.append(((s.low <= 0.3) & (s.high >= 0.3)).all(axis=1).mean())
    say("coverage at all times", rate=np.mean(covered))
    assert about(np.mean(covered), 0.973, STUDIES * BATCHES)


@pytest.mark.parametrize("matters", [0.3, 0.5, 1.0, 4.0])
def test_at_the_margin_few_are_ever_called_equal(matters: float) -> None:
    rng = generator("anytime equal", matters)
    equal = []
    for _ in range(BATCHES):
        s = confidence_sequence(rng.normal(matters, 1.0, size=(STUDIES, MOST)), alpha=0.10)
        equal.append(((s.low > -matters) & (s.high < matters)).any(axis=1).mean())
    say("anytime false equal", matters=matters, rate=np.mean(equal))
    assert at_most(np.mean(equal), 0.037, STUDIES * BATCHES)


@pytest.mark.parametrize("shape", ["normal", "A exponential"])
@pytest.mark.parametrize("planned", [3, 5, 10, 20])
def test_seeds_raised_after_a_planned_test_keep_the_promise(planned: int, shape: str) -> None:
    rng = generator("rescue", planned, shape)
    claimed, equal = 0, 0
    for _ in range(BATCHES):
        difference_RS = differences(rng, shape, (STUDIES, MOST))
        planned_p_R = t_intervals(difference_RS[:, :planned]).p
        raised_p_R = anytime_p(difference_RS, after=planned)[:, -1]
        claimed += int((rescue_p(planned_p_R, raised_p_R) <= 0.04).sum())
        # Equal: by the planned 90% interval, or later by the 98% sequence.
        difference_RS = difference_RS + 1.0
        t = t_intervals(difference_RS[:, :planned], 0.90)
        s = confidence_sequence(difference_RS, alpha=0.02)
        later_R = ((s.low > -1) & (s.high < 1))[:, planned:].any(axis=1)
        equal += int((((t.low > -1) & (t.high < 1)) | later_R).sum())
    studies = STUDIES * BATCHES
    say("rescue", planned=planned, shape=shape, rate=claimed / studies, equal=equal / studies)
    assert at_most(claimed / studies, 0.05, studies)
    if shape == "normal":
        assert at_most(equal / studies, 0.055, studies)


def test_tests_repeated_without_a_rule_break_the_level() -> None:
    # 3, then 5, then 10 seeds, and so on; judged each time as if planned.
    rng = generator("without a rule")
    difference_RS = rng.normal(size=(40_000, 80))
    for seeds, expected in (
        ((3, 5, 10), 0.098),
        ((3, 5, 10, 20), 0.121),
        ((5, 10, 20, 40, 80), 0.146),
    ):
        p = np.min(
            [
                t_two_sided_p(
                    difference_RS[:, :n].mean(axis=1)
                    / (difference_RS[:, :n].std(axis=1, ddof=1) / n**0.5),
                    n - 1,
                )
                for n in seeds
            ],
            axis=0,
        )
        say("looks without a rule", seeds=seeds, rate=(p <= 0.04).mean())
        assert about((p <= 0.04).mean(), expected, 40_000, rounding=0.004)
