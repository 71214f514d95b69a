"""Step times: every verdict and its wording, and the interval against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from paribus.seeding import stream
from paribus.stats import TimeComparison, TimeFinding, Verdict, judge_times, p_of
from paribus.stats.times import ratio_of_times

ROUNDS = 20


def times(factor: float, noise: float = 0.01, name: str = "") -> np.ndarray:
    """Seconds of a step in every round, (R,)."""
    return factor * np.exp(noise * stream(0, "test", name).standard_normal(ROUNDS))


def answer(factor: float, noise: float = 0.01, **rest: Any) -> TimeFinding:
    question = TimeComparison(
        "cnn",
        "bn",
        times(1e-3, noise, "a"),
        times(factor * 1e-3, noise, "b"),
        times(1e-3, noise, "again"),
        **{"matters": 0.05, **rest},
    )
    return judge_times(question)


def test_interval_and_p_agree_with_scipy() -> None:
    a_R, b_R = times(1.0, 0.02, "a"), times(1.3, 0.02, "b")
    test = stats.ttest_1samp(np.log(b_R / a_R), 0.0)
    interval = test.confidence_interval(0.95)
    r = ratio_of_times(a_R, b_R)
    expected = (np.exp(interval.low), np.exp(interval.high), test.pvalue, stats.gmean(b_R / a_R))
    assert (r.low, r.high, r.p, r.ratio) == pytest.approx(expected, rel=1e-9)


def test_slower_is_worse() -> None:
    finding = answer(1.3)
    assert finding.verdict is Verdict.WORSE
    assert finding.sentence == (
        "A training step of bn takes longer than one of cnn: 1.298 times [1.289, 1.306], 95 %, "
        "n = 20 rounds."
    )
    assert finding.reasons[0].startswith("cnn against itself: 0.998 times [0.991, 1.004]")


def test_faster_is_better() -> None:
    finding = answer(0.7)
    assert finding.verdict is Verdict.BETTER
    assert finding.sentence.startswith(
        "A training step of bn takes less long than one of cnn: 0.69"
    )


def test_slower_by_less_than_matters() -> None:
    finding = answer(1.03)
    assert (finding.verdict, finding.less_than_matters) == (Verdict.WORSE, True)
    assert "takes longer than one of cnn, but by less than matters (5 %): 1.0" in finding.sentence


def test_equal() -> None:
    finding = answer(1.0)
    assert finding.verdict is Verdict.EQUAL
    assert finding.sentence == (
        "A training step of bn takes as long as one of cnn for practical purposes: 0.998 times "
        "[0.993, 1.004], 90 %, n = 20 rounds, so whatever the difference is, it is smaller than "
        "the 5 % that matter."
    )


def test_undecided_on_a_restless_machine() -> None:
    finding = answer(1.02, noise=0.5)
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.sentence.startswith("Undecided between cnn and bn: a training step of bn takes ")
    assert finding.sentence.endswith("more rounds on a quiet machine would probably decide it.")


def test_a_ratio_that_the_control_shows_too_is_no_difference() -> None:
    a_R = times(1e-3, 0.01, "a")
    b_R, control_R = times(1.03e-3, 0.01, "b"), a_R * times(1.04, 0.001, "again")
    found = judge_times(TimeComparison("cnn", "bn", a_R, b_R, control_R, matters=0.02))
    assert found.ratio is not None
    assert found.ratio.p < 1e-6
    assert found.verdict is Verdict.UNDECIDED


def test_confounded() -> None:
    finding = answer(1.3, confounds=("batch size 128 → 64",))
    assert finding.verdict is Verdict.CONFOUNDED
    assert finding.sentence.startswith(
        "Confounded: cnn and bn also differ in batch size 128 → 64, so the difference cannot be "
        "put down to what was asked about: a training step of bn takes 1.29"
    )


def test_a_preview_has_no_verdict() -> None:
    finding = answer(1.3, preview=True)
    assert finding.verdict is Verdict.NONE
    assert finding.sentence.startswith("No verdict: this is a preview (a training step of bn takes")


def test_what_was_not_timed_says_what_would() -> None:
    question = TimeComparison("cnn", "bn", how="`paribus time cnn bn --study mnist`")
    finding = judge_times(question)
    assert (finding.verdict, p_of(question)) == (Verdict.NONE, 1.0)
    assert finding.sentence == (
        "No verdict: steps of cnn and bn have not been timed side by side; "
        "`paribus time cnn bn --study mnist` does that."
    )


def test_the_family_counts() -> None:
    question = TimeComparison("a", "b", [1.0, 1.1, 1.0], [1.1, 1.15, 1.2], [1.0, 1.1, 1.001])
    alone, one_of_many = judge_times(question), judge_times(question, 1.0, 20)
    assert alone.adjusted_p is None
    assert one_of_many.verdict is Verdict.UNDECIDED
    assert any("adjusted for 20 questions" in reason for reason in one_of_many.reasons)


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        TimeComparison("a", "b", [1.0], [0.0], [1.0])
    with pytest.raises(ValueError, match="one time per round of each"):
        TimeComparison("a", "b", [1.0], [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="matters"):
        TimeComparison("a", "b", matters=0)
