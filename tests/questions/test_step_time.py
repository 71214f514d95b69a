"""Step times: every verdict, and the interval against SciPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from paribus.questions.finding import NoVerdict, Verdict
from paribus.questions.step_time import comparable
from tests.support.judged import FEWER_EPOCHS, time_found, timed, timed_steps, timings


def test_interval_and_p_over_processes_agree_with_scipy() -> None:
    times = timings(1.3, 0.02)
    log_P = [np.log(np.divide(one.b_seconds, one.a_seconds)).mean() for one in times]
    test = stats.ttest_1samp(log_P, 0.0)
    interval = test.confidence_interval(0.95)
    r = time_found(timed(times)).ratio
    assert r is not None
    expected = (np.exp(interval.low), np.exp(interval.high), test.pvalue, np.exp(np.mean(log_P)))
    assert (r.low, r.high, r.p, r.ratio) == pytest.approx(expected, rel=1e-9)
    assert r.n == len(times)


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
    finding = time_found(timed(timings(1.03, 0.005, again=1.04), matters=0.02))
    assert finding.ratio is not None
    assert finding.ratio.p < 1e-3
    assert finding.verdict is Verdict.UNDECIDED


def test_rounds_of_few_processes_are_no_verdict() -> None:
    finding = time_found(timed(timings(2.0, 0.001)[:4]))
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.NOT_TIMED)
    assert finding.ratio is None


def test_timings_of_one_processor_and_engines_are_taken_together() -> None:
    times = timings(1.3)
    elsewhere = [replace(one, environment={"processor": "another"}) for one in timings(0.5)[:4]]
    by_torch = [replace(one, b_engine="torch") for one in timings(0.5)[:4]]
    assert comparable([*elsewhere, *times, *by_torch]) == times
    on_gpu = timings(1.5, environment={"processor": "a processor", "device b": "a GPU"})
    assert comparable([*on_gpu[:4], *times]) == times
    assert comparable([]) == ()


def test_confounded() -> None:
    finding = time_found(timed_steps(1.3, confounds=(FEWER_EPOCHS,)))
    assert finding.verdict is Verdict.CONFOUNDED
    assert (finding.adjusted_p, finding.family) == (None, 0)


def test_what_was_not_timed_has_no_verdict_and_counts_in_the_family() -> None:
    untimed = timed()
    finding = time_found(untimed)
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.NOT_TIMED)
    assert untimed.p_values == (1.0,)


def test_the_family_counts() -> None:
    question = timed_steps(1.1, matters=None)
    alone = time_found(question)
    assert (alone.adjusted_p,) == question.p_values
    one_of_many = question.conclude((1.0,), 20)
    assert one_of_many.verdict is Verdict.UNDECIDED
    assert one_of_many.family == 20


def test_what_is_no_time_is_refused() -> None:
    for wrong, message in (([0.0] * 20, "above 0"), ([1.0], "one time per round of each")):
        times = [replace(one, b_seconds=wrong) for one in timings(1.0)]
        with pytest.raises(ValueError, match=message):
            time_found(timed(times))
