"""Best sets and interactions as studies take them: trained from look to look, judged as findings.

`test_best_set.py` is of the formulas; this goes through `questions`. Looks at 5 and 10 seeds, as
the built-in study has them.
"""

# Axes: E experiments, C the four of an interaction, S seeds.

from __future__ import annotations

import numpy as np
import pytest

from paribus.questions.best import Contest
from paribus.questions.best_finding import BestFinding
from paribus.questions.compare import Comparison
from paribus.questions.contested import SameSeeds
from paribus.questions.family import conclude
from paribus.questions.finding import InteractionFinding, Pair, Verdict
from paribus.questions.interaction import Interaction
from paribus.questions.looks import at_last_look, next_look
from paribus.spec.question import BestQuestion, InteractionQuestion
from tests.support.judged import SCORE
from tests.support.simulated import BATCHES, Floats, at_most, effects, generator, say

LOOKS = (5, 10)
STUDIES = 200


def runs(rng: np.random.Generator, experiments: int, seeds: int, shape: str = "normal") -> Floats:
    """Scores (E, S) with mean 0 and SDs from 1 to 3, which correlate by a half over experiments;
    every second with a tail of bad runs."""
    noise_ES = rng.normal(size=(experiments, seeds))
    if shape == "half exponential":
        noise_ES[::2] = -effects(rng, "exponential", noise_ES[::2].shape)
    sd_E1 = np.linspace(1, 3, experiments)[:, None]
    return np.asarray(sd_E1 * (noise_ES + rng.normal(size=seeds)) / 2**0.5)


def contest(value_ES: Floats, trained: dict[str, int]) -> Contest:
    names = tuple(trained)
    asked = BestQuestion(
        ask="Which is best?", best=names, about=("network",), metric="test_loss", matters=1.0
    )
    values = (value_S[: trained[name]] for name, value_S in zip(names, value_ES, strict=True))
    return Contest(asked, SCORE, SameSeeds(tuple(values)))


def studied(value_ES: Floats) -> tuple[BestFinding, dict[str, int]]:
    """A study that trains only what its looks call for: its finding, and the seeds of each."""
    trained = {f"e{e}": 0 for e in range(len(value_ES))}
    while True:
        one = contest(value_ES, trained)
        stands = at_last_look([one], LOOKS)
        look = next_look(trained, [one.question], stands, LOOKS)
        if look.seeds == trained:
            (finding,) = conclude(stands)
            assert isinstance(finding, BestFinding)
            assert not look.open
            return finding, trained
        trained = dict(look.seeds)


@pytest.mark.parametrize("shape", ["normal", "half exponential"])
@pytest.mark.parametrize("experiments", [3, 8])
def test_a_tied_best_is_seldom_missing_after_looks(experiments: int, shape: str) -> None:
    rng = generator("best of studies", experiments, shape)
    studies, missed_E = STUDIES * BATCHES, np.zeros(experiments)
    used = 0
    for _ in range(studies):
        finding, trained = studied(runs(rng, experiments, LOOKS[-1], shape))
        missed_E += [not one.may_be_best for one in finding.contenders]
        used += sum(trained.values())
    rate_E = missed_E / studies
    say("best set of studies with looks", k=experiments, shape=shape, worst=rate_E.max(),
        mean=rate_E.mean(), seeds=used / studies / experiments)  # fmt: skip
    bound = 0.057 if shape == "normal" else 0.105
    # The largest of k rates: a little more than three standard errors.
    assert rate_E.max() <= bound + 4 * np.sqrt(bound / studies)
    assert rate_E.max() > 0.01


def test_intervals_hold_at_the_look_at_which_each_was_left() -> None:
    rng = generator("intervals of studies")
    true_E = np.r_[0.0, -0.3, -np.linspace(1, 6, 6)]
    to_best_E = true_E - [np.delete(true_E, e).max() for e in range(len(true_E))]
    studies, held, used = STUDIES * BATCHES, 0, 0
    for _ in range(studies):
        finding, trained = studied(runs(rng, len(true_E), LOOKS[-1]) + true_E[:, None])
        used += sum(trained.values())
        held += all(
            one.low is not None and one.high is not None and one.low <= true <= one.high
            for one, true in zip(finding.contenders, to_best_E, strict=True)
        )
    say("intervals to the best at the stop", rate=held / studies, seeds=used / studies / 8)
    assert at_most(1 - held / studies, 0.05, studies)
    # What is clearly worse is not trained to the end.
    assert used / studies / len(true_E) < 9.5


def test_all_called_equal_are_seldom_not() -> None:
    rng = generator("all within of studies")
    studies, equal = STUDIES * BATCHES, 0
    for _ in range(studies):
        # The first is worse than the others by just what matters, which is much.
        value_ES = 0.3 * runs(rng, 3, LOOKS[-1])
        value_ES[0] -= 1.0
        finding, _ = studied(value_ES)
        equal += bool(finding.all_within)
    say("wrongly within of studies with looks", rate=equal / studies)
    assert at_most(equal / studies, 0.05, studies)


def interaction(value_CS: Floats) -> Interaction:
    asked = InteractionQuestion(
        ask="As much?",
        compare=(("a", "b"), ("c", "d")),
        about=("network",),
        metric="test_loss",
        matters=1.0,
    )
    return Interaction(
        question=asked,
        pair=Pair("a", "c"),
        metric=SCORE,
        a_S=value_CS[1] - value_CS[0],
        b_S=value_CS[3] - value_CS[2],
        changes=(Pair("a", "b"), Pair("c", "d")),
        cell_CS=value_CS,
    )


@pytest.mark.thorough
@pytest.mark.parametrize("shape", ["normal", "half exponential"])
@pytest.mark.parametrize("looks", [(), LOOKS])
def test_where_a_change_does_as_much_few_studies_say_otherwise(
    looks: tuple[int, ...], shape: str
) -> None:
    rng = generator("interactions of studies", looks, shape)
    studies, claimed, equal = STUDIES * BATCHES // 2, 0, 0
    for _ in range(studies):
        value_CS = runs(rng, 4, LOOKS[-1] if looks else 5, shape)
        # The change and the place add up.
        value_CS += np.array([0.0, 2.0, 1.0, 3.0])[:, None]
        (one,) = at_last_look([interaction(value_CS)], looks)
        assert isinstance(one, Comparison)
        (finding,) = conclude([one])
        assert isinstance(finding, InteractionFinding)
        claimed += finding.verdict in (Verdict.BETTER, Verdict.WORSE)
        equal += finding.verdict is Verdict.EQUAL
    rate = claimed / studies
    say("error of interactions", looks=looks, shape=shape, rate=rate, equal=equal / studies)
    assert at_most(rate, 0.05, studies)
    assert rate > 0.005
