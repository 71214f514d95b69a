"""Step times: every verdict, and the interval against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paribus.questions.finding import NoVerdict, Verdict
from paribus.stats.ratio import ratio_of_times
from tests.support.judged import seconds, time_found, timed, timed_steps, timing


def test_interval_and_p_agree_with_scipy() -> None:
    a_R, b_R = seconds(1.0, 0.02, "a"), seconds(1.3, 0.02, "b")
    test = stats.ttest_1samp(np.log(b_R / a_R), 0.0)
    interval = test.confidence_interval(0.95)
    r = ratio_of_times(a_R, b_R)
    expected = (np.exp(interval.low), np.exp(interval.high), test.pvalue, stats.gmean(b_R / a_R))
    assert (r.low, r.high, r.p, r.ratio) == pytest.approx(expected, rel=1e-9)


def test_slower_is_worse() -> None:
    finding = time_found(timed_steps(1.3))
    assert (finding.verdict, finding.why_none) == (Verdict.WORSE, None)


def test_faster_is_better() -> None:
    assert time_found(timed_steps(0.7)).verdict is Verdict.BETTER


def test_slower_by_less_than_matters() -> None:
    finding = time_found(timed_steps(1.03))
    assert (finding.verdict, finding.less_than_matters) == (Verdict.WORSE, True)


def test_equal() -> None:
    assert time_found(timed_steps(1.0)).verdict is Verdict.EQUAL


def test_undecided_on_a_restless_machine() -> None:
    assert time_found(timed_steps(1.02, noise=0.5)).verdict is Verdict.UNDECIDED


def test_a_ratio_that_the_control_shows_too_is_no_difference() -> None:
    a_R = seconds(1e-3, 0.01, "a")
    b_R, control_R = seconds(1.03e-3, 0.01, "b"), a_R * seconds(1.04, 0.001, "again")
    finding = time_found(timed(timing(a_R, b_R, control_R), matters=0.02))
    assert finding.ratio is not None
    assert finding.ratio.p < 1e-6
    assert finding.verdict is Verdict.UNDECIDED


def test_confounded() -> None:
    finding = time_found(timed_steps(1.3, confounds=("batch size 128 → 64",)))
    assert finding.verdict is Verdict.CONFOUNDED
    assert (finding.adjusted_p, finding.family) == (None, 0)


def test_what_was_not_timed_has_no_verdict_and_counts_in_the_family() -> None:
    untimed = timed(None)
    finding = time_found(untimed)
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.NOT_TIMED)
    assert untimed.p_values == (1.0,)


def test_the_family_counts() -> None:
    question = timed(timing([1.0, 1.1, 1.0], [1.1, 1.15, 1.2], [1.0, 1.1, 1.001]), matters=None)
    alone = time_found(question)
    assert (alone.adjusted_p,) == question.p_values
    one_of_many = question.conclude((1.0,), 20)
    assert one_of_many.verdict is Verdict.UNDECIDED
    assert one_of_many.family == 20


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        timed(timing([1.0], [0.0], [1.0]))
    with pytest.raises(ValueError, match="one time per round of each"):
        timed(timing([1.0], [1.0, 2.0], [1.0]))
