"""Every verdict, and the order in which they are given. tests/present/test_wording.py has the
sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paribus.questions.finding import NoVerdict, Verdict
from tests.support.judged import (
    ACCURACY,
    BASE_S,
    CLEAR,
    EPOCHS,
    FEWER_EPOCHS,
    LOSS,
    LOWER_RATE,
    SHAKY,
    TINY,
    VAGUE,
    compared,
    differing,
    family_of,
    finding_of,
    found,
)


def test_better() -> None:
    finding = found(CLEAR)
    assert (finding.verdict, finding.why_none) == (Verdict.BETTER, None)


def test_worse() -> None:
    assert found([-d for d in CLEAR]).verdict is Verdict.WORSE


def test_where_lower_is_better_more_is_worse() -> None:
    assert found(CLEAR, LOSS).verdict is Verdict.WORSE
    assert found([-d for d in CLEAR], LOSS).verdict is Verdict.BETTER


def test_better_by_less_than_matters() -> None:
    finding = found(CLEAR, matters=0.01)
    assert (finding.verdict, finding.less_than_matters) == (Verdict.BETTER, True)


def test_better_by_perhaps_less_than_matters_does_not_say_so() -> None:
    finding = found(CLEAR, matters=0.004)
    assert (finding.verdict, finding.less_than_matters) == (Verdict.BETTER, False)


def test_equal() -> None:
    assert found(TINY).verdict is Verdict.EQUAL


def test_without_a_difference_that_matters_nothing_is_equal() -> None:
    assert found(TINY, matters=None).verdict is Verdict.UNDECIDED


def test_undecided() -> None:
    finding = found(VAGUE)
    assert finding.verdict is Verdict.UNDECIDED
    evidence = finding.evidence
    assert (evidence.seeds_to_decide, evidence.seeds_if_spread_holds) == (365, 152)


def test_undecided_although_the_interval_leaves_out_zero() -> None:
    finding = found([0.0063, 0.0004, 0.0041, 0.0008, 0.0042])
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.evidence.measured is not None
    assert finding.evidence.measured.paired.low > 0


def test_undecided_because_other_questions_were_asked_too() -> None:
    assert found(SHAKY).verdict is Verdict.BETTER
    findings = family_of([differing(SHAKY)] + [differing(VAGUE)] * 7)
    assert findings[0].verdict is Verdict.UNDECIDED
    assert findings[0].evidence.family == 8


def test_seeds_from_the_estimate_alone() -> None:
    finding = found([0.004, -0.001, 0.005, -0.002, 0.003], matters=None)
    assert finding.evidence.seeds_to_decide == finding.evidence.seeds_as_seen is not None


@pytest.mark.slow
def test_the_seeds_to_decide_are_always_more_than_there_were() -> None:
    rng = np.random.default_rng(5)
    undecided = 0
    for _ in range(200):
        finding = found(list(rng.normal(0.0007, 0.001, 5)), matters=0.0015)
        if finding.verdict is Verdict.UNDECIDED and finding.evidence.seeds_to_decide is not None:
            undecided += 1
            assert finding.evidence.seeds_to_decide > 5
    assert undecided > 50


def test_confounded() -> None:
    finding = found(CLEAR, confounds=(LOWER_RATE, FEWER_EPOCHS))
    assert finding.verdict is Verdict.CONFOUNDED


def test_confounded_questions_do_not_count_in_the_family() -> None:
    findings = family_of([differing(CLEAR), differing(CLEAR, confounds=(FEWER_EPOCHS,))])
    assert [f.verdict for f in findings] == [Verdict.BETTER, Verdict.CONFOUNDED]
    assert findings[0].evidence.family == 1
    assert findings[1].evidence.adjusted_p is None


@pytest.mark.parametrize("seeds", [0, 1, 2])
def test_under_three_seeds_there_is_no_test(seeds: int) -> None:
    finding = found(CLEAR[:seeds])
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.TOO_FEW_SEEDS)
    assert finding.evidence.measured is None


def test_an_unfinished_study_yields_no_verdict() -> None:
    finding = found(CLEAR[:3], planned=5)
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.UNFINISHED)


def test_the_same_difference_in_every_seed_has_no_measure_of_luck() -> None:
    finding = finding_of(compared([20, 21, 22], [50, 51, 52], EPOCHS, matters=5))
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.NO_SPREAD)


def test_leaving_out_diverged_runs_cannot_make_an_experiment_better() -> None:
    finding = found([*CLEAR[:4], np.nan])
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.MISSING_VALUES)


def test_worse_verdict_stands_when_diverged_runs_are_excluded() -> None:
    finding = found([*(-d for d in CLEAR[:4]), np.nan], matters=0.01)
    assert (finding.verdict, finding.less_than_matters) == (Verdict.WORSE, False)


def test_diverged_runs_of_the_base_flatter_the_base() -> None:
    a_S = np.array([np.nan, np.nan, *BASE_S])
    b_S = np.array([0.98, 0.98, *(BASE_S + CLEAR)])
    assert finding_of(compared(a_S, b_S)).verdict is Verdict.BETTER


@pytest.mark.parametrize("difference_S", [TINY, VAGUE])
def test_with_a_diverged_run_nothing_is_equal_or_undecided(difference_S: list[float]) -> None:
    assert found([*difference_S[:4], np.nan]).verdict is Verdict.NONE


def test_better_on_this_test_set_but_not_shown_for_new_images() -> None:
    # Four images of a hundred are always fixed, and three always broken: a fifth pair would do.
    a_SN = np.ones((4, 100))
    b_SN = np.ones((4, 100))
    a_SN[:, :4] = 0
    b_SN[:, 4:7] = 0
    b_SN[0, 7] = b_SN[1, 8] = 0
    a_SN[2, 9] = a_SN[2, 10] = a_SN[3, 11] = a_SN[3, 12] = a_SN[0, 13] = a_SN[0, 14] = 0
    a_SN[1, 15] = a_SN[1, 16] = 0
    finding = finding_of(compared(a_SN.mean(1), b_SN.mean(1), a_SN=a_SN, b_SN=b_SN))
    assert finding.verdict is Verdict.BETTER
    assert finding.shown_for_new_images is False


def test_better_on_new_images_too() -> None:
    rng = np.random.default_rng(6)
    a_SN, b_SN = rng.random((2, 5, 2000)) < np.array([0.8, 0.9])[:, None, None]
    finding = finding_of(compared(a_SN.mean(1), b_SN.mean(1), a_SN=a_SN, b_SN=b_SN))
    assert finding.shown_for_new_images is True


def test_equal_on_this_test_set_but_not_shown_for_new_images() -> None:
    rng = np.random.default_rng(7)
    # Each run of each is right on its own set of images, but always on the same number of them.
    a_SN = np.repeat(rng.random((1, 500)) < 0.9, 4, axis=0)
    b_SN = np.repeat(rng.permutation(a_SN[0])[None], 4, axis=0)
    for seed in (0, 1):
        b_SN[seed, np.flatnonzero(b_SN[seed])[0]] = False
    asked = compared(a_SN.mean(1), b_SN.mean(1), matters=0.01, a_SN=a_SN, b_SN=b_SN)
    finding = finding_of(asked)
    assert finding.verdict is Verdict.EQUAL
    assert finding.shown_for_new_images is False


def test_questions_without_a_test_still_count_in_the_family() -> None:
    findings = family_of([differing(CLEAR), differing(CLEAR[:2])])
    assert findings[0].evidence.family == 2
    assert findings[0].evidence.measured is not None
    assert findings[0].evidence.adjusted_p == pytest.approx(
        2 * findings[0].evidence.measured.paired.p
    )
    assert findings[1].evidence.adjusted_p is None


def test_more_than_twenty_seeds_draw_sign_patterns_whatever_else_is_asked() -> None:
    difference_S = np.random.default_rng(8).normal(1, 1, 30)
    many = compared(np.zeros(30), difference_S, EPOCHS)
    alone = finding_of(many)
    assert alone.verdict is Verdict.WORSE
    other = compared(np.zeros(30), -difference_S, EPOCHS)
    beside = family_of([other, compared(np.zeros(30), difference_S, EPOCHS)])[1]
    assert alone.evidence.measured is not None
    assert beside.evidence.measured is not None
    assert alone.evidence.measured.sign_flip == beside.evidence.measured.sign_flip


def test_runs_that_agree_on_every_image_came_out_the_same() -> None:
    correct_SN = np.random.default_rng(0).integers(0, 2, (3, 50))
    a_S = correct_SN.mean(1)
    same = compared(a_S, a_S, ACCURACY, a_SN=correct_SN, b_SN=correct_SN)
    finding = finding_of(same)
    assert finding.verdict is Verdict.EQUAL
    assert (finding.evidence.identical, finding.evidence.images) == (True, 50)
    assert finding_of(replace(same, planned=5)).verdict is Verdict.NONE
    confounded = compared(a_S, a_S, a_SN=correct_SN, b_SN=correct_SN, confounds=(FEWER_EPOCHS,))
    assert finding_of(confounded).verdict is Verdict.NONE


def test_noise_and_ledger_come_from_correctness() -> None:
    correct_SN = np.random.default_rng(0).random((2, 5, 200)) < 0.9
    a_S, b_S = correct_SN.mean(2)
    finding = finding_of(compared(a_S, b_S, correct_a_SN=correct_SN[0], correct_b_SN=correct_SN[1]))
    assert finding.noise is not None
    assert finding.noise.predicted is not None
    assert finding.ledger is not None
    assert sum(finding.ledger.counts().values()) == 200
    without = finding_of(compared(a_S, b_S))
    assert without.noise is not None
    assert without.noise.predicted is None
    assert without.ledger is None
