"""Every verdict, its wording, and the order in which they are given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paribus.stats import Comparison, Finding, Metric, Verdict, judge, judge_family

ACCURACY = Metric("test accuracy", higher_is_better=True, unit="points", scale=100)
LOSS = Metric("test loss", higher_is_better=False)
EPOCHS = Metric("epochs to 98 %", higher_is_better=False, unit="epochs", decimals=1)

BASE_S = np.array([0.981, 0.984, 0.983, 0.980, 0.982])


def ask(difference_S: list[float], metric: Metric = ACCURACY, **rest: Any) -> Comparison:
    a_S = BASE_S[: len(difference_S)]
    return Comparison("cnn", "adam", metric, a_S, a_S + difference_S, **{"matters": 0.001, **rest})


def answer(difference_S: list[float], metric: Metric = ACCURACY, **rest: Any) -> Finding:
    return judge(ask(difference_S, metric, **rest))


CLEAR = [0.004, 0.003, 0.005, 0.004, 0.003]
VAGUE = [0.004, -0.003, 0.005, -0.004, 0.003]
TINY = [0.0001, -0.0002, 0.0002, -0.0001, 0.0001]


def test_better() -> None:
    finding = answer(CLEAR)
    assert finding.verdict is Verdict.BETTER
    assert finding.sentence == (
        "adam is better than cnn: test accuracy +0.38 points [0.28, 0.48], 95 %, n = 5 seeds."
    )


def test_worse() -> None:
    finding = answer([-d for d in CLEAR])
    assert finding.verdict is Verdict.WORSE
    assert finding.sentence == (
        "adam is worse than cnn: test accuracy −0.38 points [−0.48, −0.28], 95 %, n = 5 seeds."
    )


def test_where_lower_is_better_more_is_worse() -> None:
    finding = answer(CLEAR, LOSS)
    assert finding.verdict is Verdict.WORSE
    assert finding.sentence == (
        "adam is worse than cnn: test loss (lower is better) +0.0038 [0.0028, 0.0048], 95 %, "
        "n = 5 seeds."
    )
    assert answer([-d for d in CLEAR], LOSS).verdict is Verdict.BETTER


def test_better_by_less_than_matters() -> None:
    finding = answer(CLEAR, matters=0.01)
    assert finding.verdict is Verdict.BETTER
    assert finding.less_than_matters
    assert finding.sentence == (
        "adam is better than cnn, but by less than matters (1.00 points): test accuracy "
        "+0.38 points [0.28, 0.48], 95 %, n = 5 seeds."
    )


def test_better_by_perhaps_less_than_matters_does_not_say_so() -> None:
    finding = answer(CLEAR, matters=0.004)
    assert finding.verdict is Verdict.BETTER
    assert not finding.less_than_matters


def test_equal() -> None:
    finding = answer(TINY)
    assert finding.verdict is Verdict.EQUAL
    assert finding.sentence == (
        "cnn and adam are equal for practical purposes: test accuracy +0.002 points "
        "[−0.014, 0.018], 90 %, n = 5 seeds, so whatever the difference is, it is smaller than "
        "the 0.10 points that matter."
    )


def test_without_a_difference_that_matters_nothing_is_equal() -> None:
    assert answer(TINY, matters=None).verdict is Verdict.UNDECIDED


def test_undecided() -> None:
    finding = answer(VAGUE)
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.sentence == (
        "Undecided between cnn and adam: test accuracy +0.10 points [−0.42, 0.62], 95 %, "
        "n = 5 seeds, so adam may be better or worse; a new study of about 152 seeds, the "
        "number fixed before it runs, would probably decide it."
    )
    assert finding.evidence.seeds_to_decide == 152


def test_undecided_although_the_interval_leaves_out_zero() -> None:
    finding = answer([0.0063, 0.0004, 0.0041, 0.0008, 0.0042])
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.sentence == (
        "Undecided between cnn and adam: test accuracy +0.32 points [0.01, 0.63], 95 %, "
        "n = 5 seeds, which leaves out 0, but not clearly enough for a verdict (p = 0.048, which "
        "must be at most 0.04); a new study of about 55 seeds, the number fixed before it runs, "
        "would probably decide it."
    )


def test_undecided_because_other_questions_were_asked_too() -> None:
    shaky = [0.0045, 0.0011, 0.0038, 0.0011, 0.0042]
    assert answer(shaky).verdict is Verdict.BETTER
    findings = judge_family([ask(shaky)] + [ask(VAGUE)] * 7)
    assert findings[0].verdict is Verdict.UNDECIDED
    assert findings[0].sentence == (
        "Undecided between cnn and adam: test accuracy +0.29 points [0.08, 0.50], 95 %, "
        "n = 5 seeds, which leaves out 0, but not clearly enough for one of 8 questions (adjusted "
        "p = 0.14, which must be at most 0.04); a new study of about 43 seeds, the number fixed "
        "before it runs, would probably decide it."
    )
    assert findings[0].reasons[1:3] == (
        "Paired t test: p = 0.14, adjusted for 8 questions; better or worse takes 0.04 or less.",
        "The 95 % interval is that of this question alone; the verdict allows for all 8.",
    )


def test_undecided_beyond_any_number_of_seeds() -> None:
    finding = answer(VAGUE, matters=1e-5)
    assert finding.sentence == (
        "Undecided between cnn and adam: test accuracy +0.10 points [−0.42, 0.62], 95 %, "
        "n = 5 seeds, so adam may be better or worse; a new study of about 149 seeds, the "
        "number fixed before it runs, would probably decide it if the true difference is as large "
        "as the one seen, but it would take more than 10,000 if that is just the 0.001 points that "
        "matter."
    )
    assert not any("as large as the one seen" in reason for reason in finding.reasons)


def test_undecided_beyond_any_number_of_seeds_even_for_what_was_seen() -> None:
    finding = answer([0.004, -0.004, 0.003, -0.003, 0.00001], matters=None)
    assert finding.sentence.endswith("; more than 10,000 seeds would be needed to decide it.")


def test_seeds_from_the_estimate_alone_say_that_they_are() -> None:
    finding = answer([0.004, -0.001, 0.005, -0.002, 0.003], matters=None)
    assert finding.evidence.seeds_to_decide == finding.evidence.seeds_as_seen
    assert finding.sentence.endswith(
        "would probably decide it if the true difference is as large as the one seen."
    )
    assert not any("Were the true difference" in reason for reason in finding.reasons)


def test_a_study_of_two_seeds_under_way_takes_three() -> None:
    assert answer(CLEAR[:1], planned=2).sentence == (
        "No verdict yet: 1 of 2 seeds is trained (test accuracy +0.40 points, n = 1 seed); it "
        "takes at least 3 to tell a difference from luck."
    )


def test_the_seeds_to_decide_are_always_more_than_there_were() -> None:
    rng = np.random.default_rng(5)
    undecided = 0
    for _ in range(200):
        finding = answer(list(rng.normal(0.0007, 0.001, 5)), matters=0.0015)
        if finding.verdict is Verdict.UNDECIDED and finding.evidence.seeds_to_decide is not None:
            undecided += 1
            assert finding.evidence.seeds_to_decide > 5
    assert undecided > 50


def test_confounded() -> None:
    finding = answer(CLEAR, confounds=("learning rate 0.01 → 0.001", "epochs 100 → 35"))
    assert finding.verdict is Verdict.CONFOUNDED
    assert finding.sentence == (
        "Confounded: cnn and adam also differ in learning rate 0.01 → 0.001; epochs 100 → 35, so "
        "the difference cannot be put down to what was asked about: test accuracy +0.38 points "
        "[0.28, 0.48], 95 %, n = 5 seeds."
    )


def test_confounded_questions_do_not_count_in_the_family() -> None:
    findings = judge_family([ask(CLEAR), ask(CLEAR, confounds=("epochs 100 → 35",))])
    assert [f.verdict for f in findings] == [Verdict.BETTER, Verdict.CONFOUNDED]
    assert findings[0].evidence.family == 1
    assert findings[1].evidence.adjusted_p is None


def test_a_preview_yields_no_verdict() -> None:
    finding = answer(CLEAR, preview=True)
    assert finding.verdict is Verdict.NONE
    assert finding.sentence == (
        "No verdict: this is a preview (test accuracy +0.38 points, n = 5 seeds); it takes the "
        "full study, with at least 3 seeds."
    )


def test_a_preview_still_tells_of_a_confound() -> None:
    finding = answer(CLEAR, preview=True, confounds=("epochs 100 → 35",))
    assert finding.verdict is Verdict.NONE
    assert finding.sentence == (
        "No verdict: this is a preview (test accuracy +0.38 points, n = 5 seeds); it takes the "
        "full study, with at least 3 seeds, and a controlled question: cnn and adam also differ in "
        "epochs 100 → 35."
    )
    assert finding.reasons == (
        "cnn and adam also differ in epochs 100 → 35: no number of seeds will tell which of these "
        "makes the difference.",
    )


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        (0, "No verdict from 0 seeds; it takes at least 3 to tell a difference from luck."),
        (
            1,
            "No verdict from 1 seed (test accuracy +0.40 points, n = 1 seed); it takes at least 3 "
            "to tell a difference from luck.",
        ),
        (
            2,
            "No verdict from 2 seeds (test accuracy +0.35 points, n = 2 seeds); it takes at least "
            "3 to tell a difference from luck.",
        ),
    ],
)
def test_under_three_seeds_there_is_no_test(seeds: int, sentence: str) -> None:
    finding = answer(CLEAR[:seeds])
    assert finding.verdict is Verdict.NONE
    assert finding.sentence == sentence
    assert finding.evidence.measured is None


def test_an_unfinished_study_yields_no_verdict() -> None:
    finding = answer(CLEAR[:3], planned=5)
    assert finding.verdict is Verdict.NONE
    assert finding.sentence == (
        "No verdict yet: 3 of 5 seeds are trained (test accuracy +0.40 points, n = 3 seeds); it "
        "takes all 5, so that the answer does not depend on when one looks."
    )


def test_the_same_difference_in_every_seed_has_no_measure_of_luck() -> None:
    finding = judge(Comparison("relu", "tanh", EPOCHS, [20, 21, 22], [50, 51, 52], matters=5))
    assert finding.verdict is Verdict.NONE
    assert finding.sentence == (
        "No verdict: all 3 seeds show exactly the same difference (epochs to 98 % (lower is "
        "better) +30.0 epochs), which gives no measure of luck; it takes more seeds or a finer "
        "metric."
    )


def test_leaving_out_diverged_runs_cannot_make_an_experiment_better() -> None:
    finding = answer([*CLEAR[:4], np.nan])
    assert finding.verdict is Verdict.NONE
    assert finding.sentence == (
        "No verdict: 1 of 5 runs of adam gave no test accuracy, and to "
        "leave them out would flatter adam; over the others test accuracy +0.40 points "
        "[0.27, 0.53], 95 %, n = 4 seeds; it takes runs that all end."
    )


def test_what_is_worse_without_its_diverged_runs_is_worse_all_the_more() -> None:
    finding = answer([*(-d for d in CLEAR[:4]), np.nan], matters=0.01)
    assert finding.verdict is Verdict.WORSE
    assert not finding.less_than_matters
    assert finding.sentence == (
        "adam is worse than cnn: test accuracy −0.40 points [−0.53, −0.27], 95 %, n = 4 seeds; "
        "1 of 5 runs of adam gave no test accuracy and is left out, which flatters adam."
    )


def test_diverged_runs_of_the_base_flatter_the_base() -> None:
    a_S = np.array([np.nan, np.nan, *BASE_S])
    b_S = np.array([0.98, 0.98, *(BASE_S + CLEAR)])
    finding = judge(Comparison("cnn", "adam", ACCURACY, a_S, b_S))
    assert finding.sentence == (
        "adam is better than cnn: test accuracy +0.38 points [0.28, 0.48], 95 %, n = 5 seeds; "
        "2 of 7 runs of cnn gave no test accuracy and are left out, which flatters cnn."
    )


@pytest.mark.parametrize("difference_S", [TINY, VAGUE])
def test_with_a_diverged_run_nothing_is_equal_or_undecided(difference_S: list[float]) -> None:
    assert answer([*difference_S[:4], np.nan]).verdict is Verdict.NONE


def test_if_all_runs_diverged_it_says_so() -> None:
    assert answer([np.nan] * 5).sentence == (
        "No verdict: 5 of 5 runs of adam gave no test accuracy, and to "
        "leave them out would flatter adam; it takes runs that all end."
    )


def test_a_metric_says_what_it_takes_where_runs_never_got_there() -> None:
    epochs = replace(EPOCHS, takes="runs that all get there")
    finding = judge(Comparison("relu", "tanh", epochs, [np.nan] * 3, [np.nan] * 3))
    assert finding.sentence.endswith("would flatter both; it takes runs that all get there.")


def test_if_runs_of_both_diverged_both_are_flattered() -> None:
    a_S = [np.nan, *BASE_S]
    b_S = [*BASE_S, np.nan]
    sentence = judge(Comparison("cnn", "adam", ACCURACY, a_S, b_S)).sentence
    assert "would flatter both; over the others" in sentence


def test_better_on_this_test_set_but_not_shown_for_new_images() -> None:
    # Four images of a hundred are always fixed, and three always broken: a fifth pair would do.
    a_SN = np.ones((4, 100))
    b_SN = np.ones((4, 100))
    a_SN[:, :4] = 0
    b_SN[:, 4:7] = 0
    b_SN[0, 7] = b_SN[1, 8] = 0
    a_SN[2, 9] = a_SN[2, 10] = a_SN[3, 11] = a_SN[3, 12] = a_SN[0, 13] = a_SN[0, 14] = 0
    a_SN[1, 15] = a_SN[1, 16] = 0
    question = Comparison("cnn", "adam", ACCURACY, a_SN.mean(1), b_SN.mean(1), a_SN=a_SN, b_SN=b_SN)
    finding = judge(question)
    assert finding.verdict is Verdict.BETTER
    assert finding.shown_for_new_images is False
    assert finding.sentence == (
        "adam is better than cnn: test accuracy +2.50 points [1.58, 3.42], 95 %, n = 4 seeds; not "
        "shown for new images, where it is [−2.78, 7.78]."
    )


def test_better_on_new_images_too() -> None:
    rng = np.random.default_rng(6)
    a_SN, b_SN = rng.random((2, 5, 2000)) < np.array([0.8, 0.9])[:, None, None]
    finding = judge(
        Comparison("cnn", "adam", ACCURACY, a_SN.mean(1), b_SN.mean(1), a_SN=a_SN, b_SN=b_SN)
    )
    assert finding.shown_for_new_images is True
    assert finding.sentence == (
        "adam is better than cnn: test accuracy +10.08 points [8.66, 11.50], 95 %, n = 5 seeds; "
        "shown for new images too, [8.66, 11.50]."
    )
    assert any(
        reason.startswith("With 2,000 images drawn anew the difference is [")
        for reason in finding.reasons
    )


def test_equal_on_this_test_set_but_not_shown_for_new_images() -> None:
    rng = np.random.default_rng(7)
    # Each run of each is right on its own set of images, but always on the same number of them.
    a_SN = np.repeat(rng.random((1, 500)) < 0.9, 4, axis=0)
    b_SN = np.repeat(rng.permutation(a_SN[0])[None], 4, axis=0)
    for seed in (0, 1):
        b_SN[seed, np.flatnonzero(b_SN[seed])[0]] = False
    finding = judge(
        Comparison(
            "cnn", "adam", ACCURACY, a_SN.mean(1), b_SN.mean(1), matters=0.01, a_SN=a_SN, b_SN=b_SN
        )
    )
    assert finding.verdict is Verdict.EQUAL
    assert finding.shown_for_new_images is False
    assert "; not shown for new images, where it is [" in finding.sentence


def test_what_the_finding_rests_on() -> None:
    assert answer(CLEAR).reasons == (
        "cnn 98.20 % (SD 0.16), adam 98.58 % (SD 0.16), over the same 5 seeds.",
        "Paired t test: p = 0.00053; better or worse takes 0.04 or less.",
        "Sign-flip test: p = 0.062; 5 seeds can give it no less than 0.062, so that it has no say "
        "here.",
        "Over the same seeds the two correlate by 0.87; without pairing it would take 7.4 times "
        "as many seeds.",
        "One training of each would have shown the opposite order in 2 % of 25 pairs of runs (a "
        "tie counts half).",
    )


def test_with_enough_seeds_the_sign_flip_test_has_a_say() -> None:
    a_S, b_S = np.zeros(8), np.arange(1.0, 9.0)
    reasons = judge(Comparison("a", "b", EPOCHS, a_S, b_S)).reasons
    assert "Sign-flip test, which assumes no bell curve: p = 0.0078." in reasons


def test_what_a_finding_on_other_seeds_rests_on() -> None:
    reasons = answer(CLEAR, same_seeds=False).reasons
    assert reasons[0] == "cnn 98.20 % (SD 0.16), adam 98.58 % (SD 0.16), over 5 seeds each."
    assert (
        "The two share no seeds: their runs are paired in order, and others would do as well."
    ) in reasons
    assert not any("correlate" in reason for reason in reasons)


def test_pairing_that_saves_next_to_nothing_saves_nothing() -> None:
    # "1.0 times as many seeds" would say nothing.
    a_S, b_S = [0.0, 1.0, 2.0, 3.0], [3.0, 0.6, 0.0, 3.3]
    question = Comparison("a", "b", EPOCHS, a_S, b_S)
    (said,) = (reason for reason in judge(question).reasons if "correlate" in reason)
    assert said.endswith("; pairing them saves no seeds here.")


def test_seeds_for_what_matters_and_for_what_was_seen() -> None:
    finding = answer([-0.01, -0.09, -0.002, -0.05, -0.06], matters=0.003)
    assert finding.verdict is Verdict.UNDECIDED
    assert "a new study of about 1,266 seeds" in finding.sentence
    assert finding.reasons[-1] == (
        "Were the true difference as large as the one seen, about 9 seeds would do; the number "
        "above is for one of just 0.30 points."
    )


def test_few_seeds_still_tell_of_a_confound() -> None:
    few = answer(CLEAR[:2], confounds=("epochs 100 → 35",)).sentence
    assert few.endswith(
        "it takes at least 3 to tell a difference from luck, and a controlled question: cnn and "
        "adam also differ in epochs 100 → 35."
    )
    unfinished = answer(CLEAR[:3], planned=5, confounds=("epochs 100 → 35",)).sentence
    assert unfinished.endswith(
        "when one looks, and a controlled question: cnn and adam also differ in epochs 100 → 35."
    )


def test_questions_without_a_test_still_count_in_the_family() -> None:
    findings = judge_family([ask(CLEAR), ask(CLEAR[:2])])
    assert findings[0].evidence.family == 2
    assert findings[0].evidence.adjusted_p == pytest.approx(
        2 * findings[0].evidence.measured.paired.p  # type: ignore[union-attr]
    )
    assert findings[1].evidence.adjusted_p is None


def test_more_than_twenty_seeds_need_a_generator_and_get_a_verdict() -> None:
    difference_S = np.random.default_rng(8).normal(1, 1, 30)
    question = Comparison("a", "b", EPOCHS, np.zeros(30), difference_S)
    with pytest.raises(ValueError, match="random generator"):
        judge(question)
    assert judge(question, np.random.default_rng(0)).verdict is Verdict.WORSE


def test_runs_that_agree_on_every_image_came_out_the_same() -> None:
    correct_SN = np.random.default_rng(0).integers(0, 2, (3, 50))
    a_S = correct_SN.mean(1)
    question = Comparison("cnn", "pool-first", ACCURACY, a_S, a_S, a_SN=correct_SN, b_SN=correct_SN)
    finding = judge(question)
    assert finding.verdict is Verdict.EQUAL
    assert finding.sentence == (
        "cnn and pool-first came out the same: test accuracy 0.00 points, n = 3 seeds, with the "
        "same score on each of 50 images with every seed."
    )
    assert judge(replace(question, preview=True)).verdict is Verdict.NONE
    assert judge(replace(question, planned=5)).verdict is Verdict.NONE
    assert judge(replace(question, confounds=("epochs 2 → 3",))).verdict is Verdict.NONE


def test_questions_answered_elsewhere_count_in_the_family() -> None:
    shaky = [0.0045, 0.0011, 0.0038, 0.0011, 0.0042]
    (finding,) = judge_family([ask(shaky)], beside=[1.0] * 7)
    assert finding.evidence.family == 8
    assert finding.verdict is Verdict.UNDECIDED
