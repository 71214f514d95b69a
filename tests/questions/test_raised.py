"""Seeds raised without a plan: what the plan has decided stands, the rest takes a stricter test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paribus.questions.family import conclude
from paribus.questions.finding import PairFinding, Raised, Verdict
from paribus.questions.raised import as_raised
from paribus.stats.e_process import anytime_p, confidence_sequence
from tests.support.judged import BASE_S, CLEAR, TINY, VAGUE, compared, raised


def how(finding: PairFinding) -> Raised:
    assert finding.evidence.raised is not None
    return finding.evidence.raised


def test_the_p_value_is_that_of_the_planned_test_or_of_the_seeds_after_it() -> None:
    rng = np.random.default_rng(0)
    smaller = 0
    for seeds in (6, 8, 12, 20, 30, 60):
        d_S = rng.normal(0.5, 1.0, seeds)
        evidence = raised(list(d_S), planned=5).evidence
        planned = stats.ttest_1samp(d_S[:5], 0).pvalue
        later = 4 * anytime_p(d_S, after=5)[-1]
        assert evidence.p == pytest.approx(min(planned, later, 1))
        smaller += later < planned
    assert 0 < smaller < 6


def test_what_the_plan_has_decided_stands_whatever_comes_after_it() -> None:
    for later in (CLEAR, VAGUE, [-d for d in CLEAR] * 5):
        finding = raised([*CLEAR, *later], planned=5)
        assert finding.verdict is Verdict.BETTER
        assert finding.evidence.n == 5
        assert how(finding).by_plan
    equal = raised([*TINY, *VAGUE], planned=5)
    assert (equal.verdict, equal.evidence.n) == (Verdict.EQUAL, 5)


def test_what_the_plan_has_left_undecided_takes_a_confidence_sequence() -> None:
    d_S = [*VAGUE, *CLEAR * 5]
    finding = raised(d_S, planned=5)
    assert (finding.verdict, finding.evidence.n) == (Verdict.BETTER, 30)
    assert finding.evidence.measured is not None
    paired = finding.evidence.measured.paired
    expected = confidence_sequence(d_S)
    assert (paired.low, paired.high) == pytest.approx((expected.low[-1], expected.high[-1]))
    # A plain t interval would be narrower by a third, and the plain test would say more.
    assert paired.high - paired.low > 1.3 * 2 * stats.sem(d_S) * stats.t.ppf(0.975, 29)
    assert raised(VAGUE * 2, planned=5).verdict is Verdict.UNDECIDED


def test_a_claim_that_more_seeds_alone_would_make_is_not_made() -> None:
    # Undecided after 5 seeds; a t test of all 8 claims a difference at p = 0.01.
    d_S = [0.001, 0.004, -0.001, 0.003, 0.001, 0.003, 0.002, 0.003]
    assert stats.ttest_1samp(d_S[:5], 0).pvalue > 0.04
    assert stats.ttest_1samp(d_S, 0).pvalue < 0.02
    assert raised(d_S, planned=5).verdict is Verdict.UNDECIDED


def test_the_direction_is_that_of_the_seeds_that_gave_the_verdict() -> None:
    noise = np.random.default_rng(1).normal(0, 0.001, 60)
    d_S = np.r_[VAGUE, 0.02 + noise[:15], -0.02 + noise[15:]]
    finding = raised(list(d_S), planned=5)
    assert finding.verdict is Verdict.BETTER
    assert how(finding).direction > 0


def test_a_planned_look_is_kept_and_seeds_after_the_last_are_the_raised_ones() -> None:
    finding = raised([*CLEAR * 2, *VAGUE], planned=10, looks=(5, 10))
    assert finding.verdict is Verdict.BETTER
    assert finding.evidence.look is not None
    assert (finding.evidence.look.taken, finding.evidence.n) == (1, 5)
    unfinished = raised(CLEAR * 2, planned=20, looks=(5, 20))
    assert unfinished.evidence.raised is None


def test_missing_values_are_left_out_of_both_tests() -> None:
    d_S = np.array([*VAGUE, *CLEAR * 5])
    d_S[2] = d_S[10] = np.nan
    finding = raised(list(d_S), planned=5)
    rest_S = d_S[np.isfinite(d_S)]
    planned = stats.ttest_1samp(rest_S[:4], 0).pvalue
    assert finding.evidence.p == pytest.approx(min(planned, 4 * anytime_p(rest_S, after=4)[-1]))
    # A run of B without a value is worse than any: left out, it would flatter B.
    assert finding.verdict is Verdict.NONE


def test_holm_adjusts_both_tests_together() -> None:
    clear, vague = (
        compared(np.resize(BASE_S, 30), np.resize(BASE_S, 30) + d_S, matters=0.001)
        for d_S in ([*VAGUE, *CLEAR * 5], VAGUE * 6)
    )
    alone = raised([*VAGUE, *CLEAR * 5], planned=5).evidence
    both = conclude(as_raised([clear, vague], 5, ()))
    assert isinstance(both[0], PairFinding)
    assert both[0].evidence.adjusted_p == pytest.approx(2 * alone.p)
