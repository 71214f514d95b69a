"""From a study's runs to its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from paribus.analysis import Run, StudyResult
from paribus.analysis.findings import Answer, answers
from paribus.analysis.plain import plain
from paribus.spec.study import Study
from paribus.stats import Flip, Verdict
from paribus.store.store import Status
from paribus.store.timings import Timing
from tests.support.made_up import DATA, Make, trained


def one(result: StudyResult, a: str, b: str, metric: str = "test_accuracy") -> Answer:
    return next(
        answer
        for answer in answers(result)
        if answer.question.compare == (a, b) and answer.question.metric == metric
    )


@pytest.fixture
def told(make: Make) -> Callable[..., StudyResult]:
    """A study in which `better` gets more images right than the others."""

    def result(names: list[str], better: str = "", seeds: int = 5) -> StudyResult:
        def runs(name: str, seed: int) -> Run:
            return trained(name, seed, 0.9 if name == better else 0.6)

        return make(names, seeds=seeds, runs=runs, data=DATA)

    return result


Told = Callable[..., StudyResult]


def test_a_real_difference(told: Told) -> None:
    answer = one(told(["cnn", "cnn-adam"], "cnn-adam"), "cnn", "cnn-adam")
    assert answer.verdict is Verdict.BETTER
    assert answer.sentence.startswith("cnn-adam is better than cnn: final test accuracy +")
    assert "n = 5 seeds" in answer.sentence
    assert (answer.agrees, answer.agreement) == (True, "agrees")
    assert answer.ledger is not None
    assert len(answer.ledger.images(Flip.FIXED)) > 20
    assert "Two runs of cnn that differ in nothing but the seed" in answer.noise_sentence


def test_the_opposite_disagrees(told: Told) -> None:
    answer = one(told(["cnn", "cnn-adam"], "cnn"), "cnn", "cnn-adam")
    assert (answer.verdict, answer.agreement) == (Verdict.WORSE, "disagrees")


def test_a_change_of_two_things_is_confounded_and_says_by_what(told: Told) -> None:
    result = told(["residual", "residual-bn", "residual-fast"], "residual-bn")
    answer = one(result, "residual", "residual-bn")
    assert answer.verdict is Verdict.CONFOUNDED
    assert answer.confounds == ("learning rate 0.01 → 0.025",)
    assert answer.sentence.startswith(
        "Confounded: residual and residual-bn also differ in learning rate 0.01 → 0.025, so the "
        "difference cannot be put down to what was asked about: final test accuracy +"
    )
    assert answer.agreement == ""
    controlled = one(result, "residual-fast", "residual-bn")
    assert controlled.verdict is Verdict.BETTER
    assert controlled.agreement == "agrees"
    assert controlled.confounds == ()
    assert controlled.differences == ("batchnorm added (9 times)",)


def test_all_that_differs_is_named(told: Told) -> None:
    names = ["cnn-adam-short", "cnn-adam-tuned"]
    answer = one(told(names), *names)
    assert answer.differences == (
        "learning rate 0.001 → 0.0005",
        "betas 0.9 and 0.999 → 0.85 and 0.95",
    )
    assert answer.confounds == ()


def test_the_missing_relus_are_named(told: Told) -> None:
    result = told(["plain", "plain-as-printed"])
    question = {
        "ask": "Do the missing ReLUs matter?",
        "compare": ("plain", "plain-as-printed"),
        "about": ("network",),
        "matters": 0.001,
    }
    study = Study.model_validate({**dict(result.study), "questions": (question,)})
    answer = one(replace(result, study=study), "plain", "plain-as-printed")
    assert answer.differences == ("relu removed (3 times)",)
    assert answer.agreement == ""


def test_a_preview_and_too_few_seeds_have_no_verdict(told: Told) -> None:
    result = told(["cnn", "cnn-adam"], "cnn-adam", seeds=3)
    preview = replace(result, study=result.study.as_preview(60_000))
    names = {name: replace(e, experiment=preview.study.experiments[name])
             for name, e in result.experiments.items()}  # fmt: skip
    found = answers(replace(preview, experiments=names))
    assert {answer.verdict for answer in found} == {Verdict.NONE}
    assert all("it takes the full study" in answer.sentence for answer in found)
    two = one(told(["cnn", "cnn-adam"], "cnn-adam", seeds=2), "cnn", "cnn-adam")
    assert two.verdict is Verdict.NONE
    assert "it takes at least 3 to tell a difference from luck" in two.sentence
    assert two.agreement == "neither confirmed nor contradicted"


def test_a_study_under_way_has_no_verdict(told: Told) -> None:
    result = told(["cnn", "cnn-adam"], "cnn-adam")
    cut = {n: replace(e, runs=e.runs[:4]) for n, e in result.experiments.items()}
    answer = one(replace(result, experiments=cut), "cnn", "cnn-adam")
    assert answer.sentence.startswith("No verdict yet: 4 of 5 seeds are trained (final test acc")


def test_nothing_trained_has_no_verdict(make: Make) -> None:
    found = answers(make(["cnn", "cnn-adam"], runs=lambda *_: None))
    assert [answer.verdict for answer in found] == [Verdict.NONE] * 3
    assert found[0].sentence == (
        "No verdict yet: 0 of 3 seeds are trained; it takes all 3, so that the answer does not "
        "depend on when one looks."
    )


def test_a_diverged_run_is_a_result(make: Make) -> None:
    def runs(name: str, seed: int) -> Run:
        status: Status = "diverged" if name == "cnn-adam" and seed == 4 else "finished"
        return trained(name, seed, 0.9 if name == "cnn" else 0.6, status)

    answer = one(make(["cnn", "cnn-adam"], seeds=5, runs=runs, data=DATA), "cnn", "cnn-adam")
    assert answer.verdict is Verdict.WORSE
    assert "1 of 5 runs of cnn-adam diverged and is left out" in answer.sentence


def test_epochs_to_an_accuracy_and_a_rise_of_loss(make: Make) -> None:
    found = {a.question.metric: a for a in answers(make(["cnn", "cnn-adam"], epochs=9))}
    # The made-up curves never reach 98 %, and fall to their end but for noise.
    assert (
        "3 of 3 runs of cnn-adam never got to 98 % test accuracy"
        in found["epochs_to 0.98"].sentence
    )
    assert "rise of the test loss after its minimum" in found["test_loss_rise"].sentence


def test_a_count_takes_no_seeds(told: Told) -> None:
    answer = one(told(["mlp", "cnn"], seeds=1), "mlp", "cnn", "parameters")
    assert answer.verdict is Verdict.BETTER
    assert answer.sentence == (
        "cnn has fewer parameters than mlp: 21,578 against 42,310. A count needs no seeds."
    )
    assert answer.agrees


def test_step_times_come_from_timings_alone(told: Told) -> None:
    result = told(["cnn", "pool-first"])
    untimed = one(result, "cnn", "pool-first", "step_time")
    assert untimed.sentence == (
        "No verdict: steps of cnn and pool-first have not been timed side by side; "
        "`paribus time cnn pool-first --study mnist` does that."
    )
    first, second = (result.experiments[n].experiment.step_hash for n in ("cnn", "pool-first"))
    noise = 1 + 0.004 * np.sin(np.arange(20) * 7)
    seconds = (1e-3 * noise).tolist()
    timing = Timing(
        *(first, "numpy", second, "numpy", seconds, (1.3e-3 * noise[::-1]).tolist()),
        (1e-3 * noise**0.5).tolist(),
        {"processor": "a processor"},
        "The machine was not quiet.",
    )
    answer = one(replace(result, timings=(timing,)), "cnn", "pool-first", "step_time")
    assert answer.verdict is Verdict.WORSE
    assert answer.agrees
    assert answer.sentence.startswith("A training step of pool-first takes longer than one of cnn")
    assert "The machine was not quiet." in answer.reasons
    assert plain(answer)["estimate"] == pytest.approx(1.3, rel=1e-3)
    # A timing with another engine is of something else.
    other = replace(timing, b_engine="torch")
    assert one(replace(result, timings=(other,)), "cnn", "pool-first", "step_time").times == (
        untimed.times
    )


def test_the_questions_of_a_study_are_one_family(told: Told) -> None:
    found = answers(told(["cnn", "cnn-adam", "pool-first"], "cnn-adam"))
    families = {a.finding.evidence.family for a in found if a.finding is not None}
    # Accuracy, epochs and loss of cnn-adam; accuracy and step time of pool-first.
    assert families == {5}
