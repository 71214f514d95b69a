"""What each question of a study has at the last planned look, and whether it goes on."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.questions.compare import Comparison
from paribus.questions.family import conclude
from paribus.questions.finding import Look, NoVerdict, PairFinding, Verdict
from paribus.questions.kind import Prepared
from paribus.questions.looks import at_last_look, next_look
from tests.support.judged import BASE_S, CLEAR, TINY, VAGUE, compared, counted, question, timed

LOOKS = (5, 10)
SMALL = [5 * d for d in TINY]
"""Neither decided nor futile at the first look."""


def comparison(difference_S: list[float], **rest: object) -> Comparison:
    a_S = np.resize(BASE_S, len(difference_S))
    return compared(a_S, a_S + difference_S, **{"matters": 0.001, **rest})  # type: ignore[arg-type]


def stand(one: Comparison) -> Look:
    (found,) = at_last_look([one], LOOKS)
    assert isinstance(found, Comparison)
    assert found.look is not None
    return found.look


def finding(one: Comparison) -> PairFinding:
    (found,) = conclude(at_last_look([one], LOOKS))
    assert isinstance(found, PairFinding)
    return found


def test_identical_runs_end_at_the_first_look() -> None:
    correct_SN = np.random.default_rng(0).integers(0, 2, (5, 50))
    a_S = correct_SN.mean(axis=1)
    same = compared(a_S, a_S, matters=0.001, a_SN=correct_SN, b_SN=correct_SN)
    assert not stand(same).open
    assert finding(same).verdict is Verdict.EQUAL
    # Of equal accuracies on other images nothing is known yet.
    others_SN = correct_SN[:, ::-1]
    other = compared(a_S, a_S, matters=0.001, a_SN=correct_SN, b_SN=others_SN)
    assert stand(other).open
    assert finding(other).why_none is NoVerdict.OPEN
    assert stand(comparison([0.0] * 5)).open


def test_a_question_ends_where_runs_of_both_lack_a_value() -> None:
    a_S, b_S = np.resize(BASE_S, 5), np.resize(BASE_S, 5) + SMALL
    assert stand(compared(a_S, b_S, matters=0.001)).open
    a_S[1] = np.nan
    assert stand(compared(a_S, b_S, matters=0.001)).open
    b_S[3] = np.nan
    both = compared(a_S, b_S, matters=0.001)
    assert not stand(both).open
    assert finding(both).why_none is NoVerdict.MISSING_VALUES
    never = compared([np.nan] * 5, [np.nan] * 5, matters=0.001)
    assert not stand(never).open


def test_a_confounded_question_ends_at_the_first_look() -> None:
    confounded = comparison(VAGUE * 2, confounds=["epochs 100 → 35"])
    assert (stand(confounded).taken, stand(confounded).open) == (1, False)
    assert finding(confounded).verdict is Verdict.CONFOUNDED
    assert finding(confounded).evidence.n == 5
    early = comparison(VAGUE[:3], confounds=["epochs 100 → 35"])
    assert stand(early).open


def test_a_futile_question_is_judged_with_the_seeds_that_others_trained() -> None:
    first_S = [0.004, -0.0035, 0.0045, -0.0030, 0.004]
    stopped = stand(comparison(first_S))
    assert (stopped.futile, stopped.open, stopped.taken) == (True, False, 1)
    on_its_way = comparison([*first_S, 0.0051, 0.0052, 0.0049])
    assert (stand(on_its_way).futile, stand(on_its_way).taken) == (True, 1)
    assert finding(on_its_way).evidence.n == 5
    whole = comparison([*first_S, *[0.0051, 0.0052, 0.0049, 0.0050, 0.0048]])
    assert (stand(whole).futile, stand(whole).open, stand(whole).taken) == (False, False, 2)
    assert finding(whole).evidence.n == 10


def test_questions_that_are_not_compared_over_seeds_are_left_as_they_were() -> None:
    times = timed(())
    asked: list[Prepared] = [comparison(CLEAR), times]
    found = at_last_look(asked, LOOKS)
    assert found[1] is times
    assert at_last_look(asked, ()) == asked
    assert counted(1, 2).verdict is Verdict.WORSE


def test_a_timing_changes_no_look() -> None:
    alone, beside = (
        at_last_look([comparison(CLEAR), *others], LOOKS)[0] for others in ((), [timed(())])
    )
    assert isinstance(alone, Comparison)
    assert isinstance(beside, Comparison)
    assert alone.p_values == beside.p_values


@pytest.mark.parametrize(
    ("difference_S", "seeds", "taken"),
    [(CLEAR[:3], 5, 0), (CLEAR, 5, 1), (SMALL, 10, 1), (SMALL * 2, 10, 2), (VAGUE, 5, 1)],
)
def test_an_experiment_is_needed_up_to_the_next_look_of_an_open_question(
    difference_S: list[float], seeds: int, taken: int
) -> None:
    one = question("test_accuracy", 0.001, compare=("cnn", "adam"))
    stands = at_last_look([comparison(difference_S)], LOOKS)
    look = next_look(("cnn", "adam", "other"), [one], stands, LOOKS)
    assert look.seeds == {"cnn": seeds, "adam": seeds, "other": 5}
    assert look.taken == taken
    assert len(look.open) + look.ended == 1
