"""Planned looks: errors, coverage at the stop, seeds used. Figures of docs/statistics.md.

Looks at 10, 20, 40 and 80 seeds; differences have SD 1, δ is 0.5. The boundary itself is solved
without simulation by tests/stats/oracles/boundary_chain.py.
"""

# Axes: R studies, Q questions, S seeds.

from __future__ import annotations

import numpy as np
import pytest

from paribus.stats.adjustment import holm
from paribus.stats.course import follow
from paribus.stats.looks import Looks, at_looks
from paribus.stats.rule import Decision
from tests.support.simulated import BATCHES, Floats, about, at_most, effects, generator, say

LOOKS = Looks((10, 20, 40, 80))
SEEDS = np.array(LOOKS.seeds)
DELTA = 0.5
LEVEL = 0.04
STUDIES = {1: 20_000, 20: 1500}


def differences(rng: np.random.Generator, questions: int, shape: str) -> Floats:
    """(R, Q, 80) differences with mean 0 and SD 1; of "A exponential", A's runs are exponential."""
    size = (STUDIES[questions], questions, 80)
    if shape == "normal":
        return rng.normal(size=size)
    return np.asarray((rng.normal(size=size) - effects(rng, "exponential", size)) / 2**0.5)


@pytest.mark.parametrize(
    ("questions", "shape", "expected"),
    [
        (1, "normal", 0.033),
        (20, "normal", 0.037),
        (1, "A exponential", 0.034),
        (20, "A exponential", 0.0475),
    ],
)
def test_looks_keep_the_level(questions: int, shape: str, expected: float) -> None:
    rng = generator("looks", questions, shape)
    studies, claimed, followed = STUDIES[questions] * BATCHES, 0, 0
    for _ in range(BATCHES):
        difference_RQS = differences(rng, questions, shape)
        # Without stopping for futility, which may only lower the error.
        p_RQ = at_looks(difference_RQS, LOOKS).sequential_p[..., -1]
        claimed += int((holm(p_RQ) <= LEVEL).any(axis=-1).sum())
        decision_RQ = follow(difference_RQS, LOOKS, matters=DELTA).decision
        followed += int((decision_RQ > Decision.EQUAL).any(axis=-1).sum())
    rate, stopped = claimed / studies, followed / studies
    say("error with looks", questions=questions, shape=shape, rate=rate, with_stops=stopped)
    assert at_most(stopped, 0.05, studies)
    assert about(stopped, expected, studies, rounding=0.001)
    # A chance beyond the level is the skewness's, and far from what repeated tests would have.
    assert rate <= stopped + 0.005


@pytest.mark.parametrize(("shape", "expected"), [("normal", 0.021), ("A exponential", 0.022)])
def test_at_the_margin_few_are_called_equal_at_any_look(shape: str, expected: float) -> None:
    rng = generator("equal at looks", shape)
    studies, equal, shown = STUDIES[1] * BATCHES, 0, 0
    for _ in range(BATCHES):
        difference_RQS = differences(rng, 1, shape) + DELTA
        equal += int(
            (follow(difference_RQS, LOOKS, matters=DELTA).decision == Decision.EQUAL).sum()
        )
        # What the equivalence test says by itself, where no difference takes precedence.
        shown += int(
            (at_looks(difference_RQS, LOOKS, matters=DELTA).equality_p[..., -1] <= 0.05).sum()
        )
    say("false equal with looks", shape=shape, rate=equal / studies, alone=shown / studies)
    assert at_most(shown / studies, 0.05, studies)
    assert about(equal / studies, expected, studies, rounding=0.002)


@pytest.mark.parametrize(
    ("true", "questions", "decided", "seeds"),
    [
        (0.0, 1, 1.00, 59),
        (0.0, 20, 0.99, 60),
        (DELTA, 1, 1.00, 49),
        (DELTA, 20, 0.91, 68),
        (2 * DELTA, 1, 1.00, 21),
        (2 * DELTA, 20, 1.00, 31),
    ],
)
def test_looks_decide_and_save_seeds_where_effects_are_large(
    true: float, questions: int, decided: float, seeds: int
) -> None:
    # One of the questions has the true difference, the others have none.
    rng = generator("seeds at looks", true, questions)
    rates, used = [], []
    for _ in range(BATCHES):
        difference_RQS = differences(rng, questions, "normal")
        difference_RQS[:, 0] += true
        course = follow(difference_RQS, LOOKS, matters=DELTA)
        rates.append((course.decision[:, 0] != Decision.UNDECIDED).mean())
        used.append(SEEDS[course.stopped[:, 0]].mean())
    say("looks", true=true, questions=questions, decided=np.mean(rates), seeds=np.mean(used))
    assert np.mean(rates) == pytest.approx(decided, abs=0.03)
    assert np.mean(used) == pytest.approx(seeds, abs=2)


@pytest.mark.parametrize("true", [0.0, 0.25, DELTA, 2 * DELTA])
def test_the_repeated_interval_covers_where_the_question_stopped(true: float) -> None:
    rng = generator("coverage at looks", true)
    covered, means = [], []
    for _ in range(BATCHES):
        difference_RQS = differences(rng, 1, "normal") + true
        stopped_R = follow(difference_RQS, LOOKS, matters=DELTA).stopped[:, 0]
        at = at_looks(difference_RQS[:, 0], LOOKS, matters=DELTA)
        low, high, mean = (
            np.take_along_axis(x, stopped_R[:, None], axis=1)[:, 0]
            for x in (at.low, at.high, at.mean)
        )
        covered.append(((low <= true) & (true <= high)).mean())
        means.append(mean.mean())
    say("coverage at the stop", true=true, rate=np.mean(covered), mean=np.mean(means))
    assert np.mean(covered) >= 0.95
    # The plain mean is too large after an early stop for a difference.
    if true == DELTA:
        assert np.mean(means) > DELTA + 0.02
