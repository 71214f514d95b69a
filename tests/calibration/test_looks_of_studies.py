"""Planned looks as studies take them: trained from look to look, judged as findings are.

Looks at 5 and 10 seeds, as the built-in study has them, three questions that share their A, and a
step time beside them. `test_looks.py` is of the formulas.
"""

# Axes: E experiments (A first), S seeds.

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from paribus.questions.compare import Comparison
from paribus.questions.family import conclude
from paribus.questions.finding import PairFinding, Verdict
from paribus.questions.kind import Prepared
from paribus.questions.looks import at_last_look, next_look
from paribus.spec.question import Question
from paribus.stats.adjustment import holm
from paribus.stats.course import follow
from paribus.stats.distributions import critical_t
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.looks import Looks
from paribus.stats.rule import Decision
from tests.support.judged import compared, question, timed
from tests.support.simulated import BATCHES, Floats, about, at_most, effects, generator, say

LOOKS = (5, 10)
NAMES = ("a", "b", "c", "d")
DELTA = 0.01
"""In units of accuracy; runs have an SD of 0.01 too."""
STUDIES = 1000


def runs(rng: np.random.Generator, shape: str, shift: float = 0.0) -> Floats:
    """Final accuracies of all seeds that a study can have, (E, S); of A or of all others skewed."""
    noise_ES = rng.normal(size=(len(NAMES), LOOKS[-1]))
    if shape == "A exponential":
        noise_ES[0] = effects(rng, "exponential", noise_ES[0].shape)
    noise_ES[1:] += shift
    return np.asarray(0.9 + 0.01 * noise_ES)


def studied(accuracy_ES: Floats) -> tuple[list[Prepared], dict[str, int]]:
    """A study that trains only what its looks call for: its questions in the end, and how many
    seeds each experiment was trained with."""
    asked = [question("test_accuracy", DELTA, compare=(NAMES[0], b)) for b in NAMES[1:]]
    trained = dict.fromkeys(NAMES, 0)
    while True:
        prepared = [compared_so_far(accuracy_ES, trained, one) for one in asked]
        stands = at_last_look([*prepared, timed(())], LOOKS)
        look = next_look(NAMES, asked, stands[:-1], LOOKS)
        if look.seeds == trained:
            assert not look.open
            return stands, trained
        trained = dict(look.seeds)


def compared_so_far(accuracy_ES: Floats, trained: dict[str, int], asked: Question) -> Comparison:
    """A question of it, with the seeds that are trained of both."""
    a, b = asked.compare
    n = min(trained[a], trained[b])
    a_S, b_S = (accuracy_ES[NAMES.index(name), :n] for name in (a, b))
    return compared(a_S, b_S, asked=asked, names=(a, b))


def claims(stands: Sequence[Prepared]) -> bool:
    """Whether a study says that anything differs."""
    return bool((holm([p for one in stands for p in one.p_values]) <= VERDICT_LEVEL).any())


@pytest.mark.parametrize(
    "shape", ["normal", pytest.param("A exponential", marks=pytest.mark.thorough)]
)
def test_studies_that_stop_at_looks_keep_the_level(shape: str) -> None:
    rng = generator("looks of studies", shape)
    studies, claimed, used = STUDIES * BATCHES, 0, 0
    for _ in range(studies):
        stands, trained = studied(runs(rng, shape))
        claimed += claims(stands)
        used += sum(trained.values())
    rate, seeds = claimed / studies, used / studies / len(NAMES)
    say("error of studies with looks", shape=shape, rate=rate, seeds=seeds)
    assert at_most(rate, 0.05, studies)
    assert rate > 0.01
    # With δ of one SD of a run, looks have something to spare.
    assert LOOKS[0] < seeds < LOOKS[-1]


@pytest.mark.thorough
def test_at_the_margin_few_are_called_equal() -> None:
    rng = generator("equal at looks of studies")
    studies, equal, asked = STUDIES * BATCHES, 0, len(NAMES) - 1
    for _ in range(studies):
        stands, _ = studied(runs(rng, "normal", shift=1.0))
        for one in stands[:-1]:
            assert isinstance(one, Comparison)
            assert one.look is not None
            d_S = np.asarray(one.b_S) - np.asarray(one.a_S)
            course = follow(d_S[None], Looks(LOOKS), matters=DELTA)
            equal += bool(course.decision[0] == Decision.EQUAL)
    say("false equal of studies with looks", rate=equal / studies / asked)
    assert at_most(equal / studies / asked, 0.05, studies)


def test_findings_say_what_the_rule_decides() -> None:
    rng = generator("findings of studies with looks")
    decisions = {
        Verdict.BETTER: Decision.HIGHER,
        Verdict.WORSE: Decision.LOWER,
        Verdict.EQUAL: Decision.EQUAL,
        Verdict.UNDECIDED: Decision.UNDECIDED,
    }
    seen = set()
    for study in range(40):
        shift_E = rng.choice([-4.0, -1.0, 0.0, 1.0, 4.0], size=(len(NAMES), 1))
        accuracy_ES = runs(rng, "normal") + 0.01 * shift_E * (study % 2)
        accuracy_ES[1] = accuracy_ES[0] + 0.1 * (accuracy_ES[1] - 0.9)  # Nearly the same as A.
        stands, trained = studied(accuracy_ES)
        found = [finding for finding in conclude(stands) if isinstance(finding, PairFinding)]
        seeds = [min(trained[name] for name in (f.a, f.b)) for f in found]
        course = follow(
            accuracy_ES[1:] - accuracy_ES[0],
            Looks(LOOKS),
            matters=DELTA,
            beside=[1.0],
            seeds_Q=seeds,
            futile_go_on=True,
        )
        for finding, decision, stopped in zip(found, course.decision, course.stopped, strict=True):
            assert decisions[finding.verdict] == decision
            assert finding.evidence.n == LOOKS[stopped]
            seen.add((finding.verdict, int(stopped)))
    assert {verdict for verdict, _ in seen} == set(decisions)
    assert {look for _, look in seen} == {0, 1}


def test_the_level_is_needed_at_both_looks() -> None:
    """What the weights are for: the same studies at a full level each time claim too much."""
    rng = generator("looks of studies without weights")
    studies = 20_000
    difference_RS = rng.normal(size=(studies, LOOKS[-1]))
    claimed_R = np.zeros(studies, dtype=bool)
    for n in LOOKS:
        d_RS = difference_RS[:, :n]
        t_R = d_RS.mean(axis=1) / d_RS.std(axis=1, ddof=1) * n**0.5
        claimed_R |= np.abs(t_R) > critical_t(VERDICT_LEVEL, n - 1)
    weighted_R = follow(difference_RS[:, None], Looks(LOOKS)).decision[:, 0] > Decision.EQUAL
    weighted, unweighted = float(weighted_R.mean()), float(claimed_R.mean())
    say("error of one question", weighted=weighted, unweighted=unweighted)
    assert at_most(weighted, VERDICT_LEVEL, studies)
    assert about(unweighted, 0.068, studies)
