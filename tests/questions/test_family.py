"""From a study's runs to its findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from paribus.measure.runs import Run, StudyResult
from paribus.present import wording
from paribus.present.as_json import plain
from paribus.present.finding_lines import finding_lines
from paribus.present.findings import agreement_line
from paribus.questions.family import judge_study
from paribus.questions.finding import (
    CountFinding,
    EarlierStates,
    PairFinding,
    StepTimeFinding,
    TwoSided,
    Verdict,
)
from paribus.questions.original import Agreement, agreement
from paribus.spec.diff import LayerChange, LayersChanged, SettingChanged
from paribus.spec.question import Question, question_of
from paribus.spec.study import Study
from paribus.spec.study_plan import Amendment, AskedQuestion, Design, StudyPlan, What
from paribus.stats.flips import Flip
from paribus.store.rows import Status
from tests.support.judged import counted, found, question, timings
from tests.support.made_up import DATA, Make, trained


def judged(result: StudyResult) -> list[TwoSided]:
    findings = judge_study(result)
    assert all(isinstance(finding, TwoSided) for finding in findings)
    return [finding for finding in findings if isinstance(finding, TwoSided)]


def one(result: StudyResult, a: str, b: str, metric: str = "test_accuracy") -> TwoSided:
    return next(
        finding
        for finding in judged(result)
        if (finding.a, finding.b) == (a, b) and finding.question.metric == metric
    )


def pair_of(result: StudyResult, a: str, b: str) -> PairFinding:
    finding = one(result, a, b)
    assert isinstance(finding, PairFinding)
    return finding


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
    finding = pair_of(told(["cnn", "cnn-adam"], "cnn-adam"), "cnn", "cnn-adam")
    assert finding.verdict is Verdict.BETTER
    assert wording.sentence(finding).startswith(
        "cnn-adam is better than cnn: final test accuracy +"
    )
    assert "n = 5 seeds" in wording.sentence(finding)
    assert agreement(finding) is Agreement.AGREES
    assert finding.ledger is not None
    assert len(finding.ledger.images(Flip.FIXED)) > 20
    assert "Two runs of cnn that differ only in the seed" in wording.noise(finding)


def test_the_opposite_disagrees(told: Told) -> None:
    finding = one(told(["cnn", "cnn-adam"], "cnn"), "cnn", "cnn-adam")
    assert (finding.verdict, agreement(finding)) == (Verdict.WORSE, Agreement.DISAGREES)


def test_a_change_of_two_things_is_confounded_and_says_by_what(told: Told) -> None:
    result = told(["residual", "residual-bn", "residual-fast"], "residual-bn")
    finding = one(result, "residual", "residual-bn")
    assert finding.verdict is Verdict.CONFOUNDED
    assert finding.pair.confounds == (SettingChanged("optimizer.lr", 0.01, 0.025),)
    assert wording.sentence(finding).startswith(
        "Confounded: residual and residual-bn also differ in learning rate 0.01 → 0.025, so the "
        "difference cannot be attributed to the change in question: final test accuracy +"
    )
    assert agreement(finding) is Agreement.NOTHING_STATED
    controlled = one(result, "residual-fast", "residual-bn")
    assert controlled.verdict is Verdict.BETTER
    assert agreement(controlled) is Agreement.AGREES
    assert controlled.pair.confounds == ()
    assert controlled.pair.differences == (
        LayersChanged("network", "batchnorm", LayerChange.ADDED, 9),
    )


def test_all_that_differs_is_named(told: Told) -> None:
    names = ["cnn-adam-short", "cnn-adam-tuned"]
    finding = one(told(names), *names)
    assert finding.pair.differences == (
        SettingChanged("optimizer.lr", 0.001, 0.0005),
        SettingChanged("optimizer.betas", (0.9, 0.999), (0.85, 0.95)),
    )
    assert finding.pair.confounds == ()


def test_the_missing_relus_are_named(told: Told) -> None:
    result = told(["plain", "plain-as-printed"])
    question = {
        "ask": "Do the missing ReLUs matter?",
        "compare": ("plain", "plain-as-printed"),
        "about": ("network",),
        "matters": 0.001,
    }
    study = Study.model_validate({**dict(result.study), "questions": (question,)})
    finding = one(replace(result, study=study), "plain", "plain-as-printed")
    assert finding.pair.differences == (LayersChanged("network", "relu", LayerChange.REMOVED, 3),)
    assert agreement(finding) is Agreement.NOTHING_STATED


def test_a_preview_is_judged_by_the_ordinary_rules_and_says_so(told: Told) -> None:
    result = told(["cnn", "cnn-adam"], "cnn-adam")
    preview = replace(result, study=result.study.as_preview(60_000))
    names = {name: replace(e, experiment=preview.study.experiments[name])
             for name, e in result.experiments.items()}  # fmt: skip
    found = judged(replace(preview, experiments=names))
    assert found[0].verdict is Verdict.BETTER
    assert all(wording.sentence(f).startswith("In this preview: ") for f in found)
    assert all(wording.badge(f).endswith(" in this preview") for f in found)
    stated = {agreement(finding) for finding in found if finding.question.original_verdict}
    assert stated == {Agreement.LEFT_TO_FULL_STUDY}


def test_a_count_is_the_same_in_a_preview(told: Told) -> None:
    result = told(["mlp", "cnn"])
    preview = replace(result, study=result.study.as_preview(60_000))
    (counted,) = (f for f in judged(preview) if isinstance(f, CountFinding))
    assert wording.sentence(counted).startswith("cnn has fewer parameters than mlp: ")
    assert wording.badge(counted) == "fewer parameters"
    assert agreement(counted) is Agreement.AGREES
    assert agreement_line([counted, replace(counted, preview=True)]) == (
        "Of the original’s 2 answers, 1 is confirmed and 0 are contradicted; 1 is left to the full "
        "study. After so short a training even identical runs do not say how the full one ends."
    )


def test_a_preview_asks_for_an_accuracy_that_it_can_reach(told: Told) -> None:
    study = told(["cnn", "cnn-adam"]).study
    (full,) = (q for q in study.questions if isinstance(q, Question) and "98" in q.metric)
    asked = [q for q in study.as_preview(60_000).questions if isinstance(q, Question)]
    (question,) = (q for q in asked if q.metric == "epochs_to 0.49")
    assert question.ask == f"{full.ask} (In this preview: number of epochs to 49% test accuracy.)"
    assert question.matters == full.matters


def test_too_few_seeds_have_no_verdict(told: Told) -> None:
    two = one(told(["cnn", "cnn-adam"], "cnn-adam", seeds=2), "cnn", "cnn-adam")
    assert two.verdict is Verdict.NONE
    assert "a verdict requires at least 3 to tell a difference from chance" in wording.sentence(two)
    assert agreement(two) is Agreement.OPEN


def test_a_study_under_way_has_no_verdict(told: Told) -> None:
    result = told(["cnn", "cnn-adam"], "cnn-adam")
    cut = {n: replace(e, runs=e.runs[:4]) for n, e in result.experiments.items()}
    finding = one(replace(result, experiments=cut), "cnn", "cnn-adam")
    assert wording.sentence(finding).startswith(
        "No verdict yet: 4 of 5 seeds are trained (final test acc"
    )


def test_nothing_trained_has_no_verdict(make: Make) -> None:
    found = judged(make(["cnn", "cnn-adam"], runs=lambda *_: None))
    assert [finding.verdict for finding in found] == [Verdict.NONE] * 3
    assert wording.sentence(found[0]) == (
        "No verdict yet: 0 of 3 seeds are trained; a verdict requires all 3, so that it does not "
        "depend on when you look."
    )


def test_a_diverged_run_is_a_result(make: Make) -> None:
    def runs(name: str, seed: int) -> Run:
        status: Status = "diverged" if name == "cnn-adam" and seed == 4 else "finished"
        return trained(name, seed, 0.9 if name == "cnn" else 0.6, status)

    finding = one(make(["cnn", "cnn-adam"], seeds=5, runs=runs, data=DATA), "cnn", "cnn-adam")
    assert finding.verdict is Verdict.WORSE
    assert "1 of 5 runs of cnn-adam diverged and is excluded" in wording.sentence(finding)


def test_epochs_to_an_accuracy_and_a_rise_of_loss(make: Make) -> None:
    found = {a.question.metric: a for a in judged(make(["cnn", "cnn-adam"], epochs=9))}
    # The made-up curves never reach 98%, and fall to their end but for noise.
    assert "3 of 3 runs of cnn-adam never got to 98% test accuracy" in wording.sentence(
        found["epochs_to 0.98"]
    )
    assert "rise of the test loss after its minimum" in wording.sentence(found["test_loss_rise"])


def test_a_count_takes_no_seeds(told: Told) -> None:
    finding = one(told(["mlp", "cnn"], seeds=1), "mlp", "cnn", "parameters")
    assert finding.verdict is Verdict.BETTER
    assert wording.sentence(finding) == (
        "cnn has fewer parameters than mlp: 21,578 against 42,310. A count needs no seeds."
    )
    assert agreement(finding).agrees


def test_step_times_come_from_timings_alone(told: Told) -> None:
    result = told(["cnn", "pool-first"])
    untimed = one(result, "cnn", "pool-first", "step_time")
    assert wording.sentence(untimed) == (
        "No verdict: steps of cnn and pool-first have not been timed; "
        "run `paribus time cnn pool-first --study mnist`."
    )
    first, second = (result.experiments[n].step_keys[0] for n in ("cnn", "pool-first"))
    loud = "The machine was not quiet."
    kept = tuple(replace(t, a=first, b=second, disturbed=loud) for t in timings(1.3, 0.004))
    finding = one(replace(result, timings=kept), "cnn", "pool-first", "step_time")
    assert finding.verdict is Verdict.WORSE
    assert agreement(finding).agrees
    assert wording.sentence(finding).startswith(
        "A training step of pool-first is slower than one of cnn"
    )
    assert "In 5 of 5 processes, the machine was not quiet." in wording.reasons(finding)
    # A step takes as long in a preview.
    short = replace(result, timings=kept, study=result.study.as_preview(60_000))
    in_preview = one(short, "cnn", "pool-first", "step_time")
    assert wording.sentence(in_preview) == wording.sentence(finding)
    assert agreement(in_preview).agrees
    assert plain(finding)["estimate"] == pytest.approx(1.3, rel=5e-3)
    # A timing with another engine is of something else.
    others = tuple(replace(timing, b_engine="torch") for timing in kept)
    still_untimed = one(replace(result, timings=others), "cnn", "pool-first", "step_time")
    assert isinstance(still_untimed, StepTimeFinding)
    assert still_untimed.ratio is None


def test_the_questions_of_a_study_are_one_family(told: Told) -> None:
    found = judged(told(["cnn", "cnn-adam", "pool-first"], "cnn-adam"))
    families = {a.evidence.family for a in found if isinstance(a, PairFinding)}
    # Accuracy, epochs and loss of cnn-adam; accuracy and step time of pool-first.
    assert families == {5}


GONE = {"about": ["network"], "compare": ("gone", "older"), "matters": 0.001}


@pytest.mark.parametrize(
    ("table", "counts"),
    [
        ({"ask": "?", "metric": "test_accuracy", **GONE}, True),
        ({"ask": "?", "metric": "parameters", **GONE}, False),
        ({"ask": "?", "best": ("cnn", "gone"), "about": ["network"], "matters": 0.001}, False),
        ({"ask": "?", "kind": "of another package"}, True),
    ],
)
def test_a_question_once_asked_of_experiments_that_are_gone_counts_if_it_was_tested(
    told: Callable[..., StudyResult], table: dict[str, object], counts: bool
) -> None:
    result = told(["cnn", "pool-first"])
    once = AskedQuestion(
        table if "kind" in table else AskedQuestion.of(question_of(dict(table))).table
    )
    asked = (*map(AskedQuestion.of, result.study.questions), once)
    design = Design("2026-01-01T00:00:00+00:00", 0, 0, 5, {}, asked)

    def family(designs: Design) -> int:
        planned = replace(result, recorded_plan=StudyPlan((designs,)))
        return pair_of(planned, "cnn", "pool-first").evidence.family

    without = replace(design, questions=asked[:-1])
    assert family(design) - family(without) == counts


def test_an_experiment_that_was_changed_counts_as_it_was_before(told: Told) -> None:
    result = told(["cnn", "cnn-adam", "pool-first"], "cnn-adam")
    asked = tuple(map(AskedQuestion.of, result.study.questions))
    hashes = {"cnn": "1", "cnn-adam": "2", "pool-first": "3"}
    first = Design("2026-01-01T00:00:00+00:00", 0, 0, 5, hashes, asked)
    second = replace(first, ended=5, experiments={**hashes, "cnn-adam": "4"})
    pending = Amendment(What.EXPERIMENT_CHANGED, "", 5, "pool-first")

    def changed(*designs: Design, pending: tuple[Amendment, ...] = ()) -> tuple[int, set[object]]:
        planned = replace(result, recorded_plan=StudyPlan(designs), pending=pending)
        found = pair_of(planned, "cnn", "cnn-adam"), pair_of(planned, "cnn", "pool-first")
        return found[0].evidence.family, {finding.changed for finding in found}

    once, twice = EarlierStates(("cnn-adam",), 1), EarlierStates(("cnn-adam",), 2)
    assert changed(first) == (5, {None})
    # Three of the five questions are about it.
    assert changed(first, second) == (8, {once, None})
    assert changed(first, second, first) == (8, {once, None})
    third = replace(second, experiments={**hashes, "cnn-adam": "5"})
    assert changed(first, second, third) == (11, {twice, None})
    assert changed(first, pending=(pending,)) == (7, {EarlierStates(("pool-first",), 1), None})
    best = question_of({"ask": "?", "best": ("cnn", "cnn-adam"), "about": ["optimizer"],
                        "matters": 0.01})  # fmt: skip
    alone = replace(first, questions=(*asked, AskedQuestion.of(best)))
    plan = StudyPlan((alone, replace(alone, experiments=second.experiments)))
    study = result.study.model_copy(update={"questions": (best,)})
    (finding,) = judge_study(replace(result, study=study, recorded_plan=plan))
    assert finding.changed == EarlierStates(("cnn-adam",), 0)
    assert wording.sentence(finding).endswith(" cnn-adam changed after runs had ended.")
    # Fresh seeds begin anew.
    assert changed(first, replace(second, first_seed=5)) == (5, {None})


def test_a_changed_experiment_is_said_with_its_finding(told: Told) -> None:
    finding = pair_of(told(["cnn", "cnn-adam"], "cnn-adam"), "cnn", "cnn-adam")
    other = replace(finding, question=finding.question.model_copy(update={"matters": 0.3}))
    again = replace(finding, changed=EarlierStates(("cnn-adam",), 2), as_recorded=other)
    assert wording.sentence(again).endswith(
        ". With matters 0.3 as first planned: better. cnn-adam changed after runs had ended; its "
        "earlier states count as 2 more questions."
    )
    assert wording.badge(again) == f"{wording.badge(finding)}, amended"
    printed = "\n".join(line.text for line in finding_lines([again], preview=False))
    assert "1 question was amended after runs had ended." in printed
    assert "better¶" in printed
    assert "cnn-adam changed after runs had ended" in printed


def test_what_the_original_said_without_a_verdict_is_left_to_readers() -> None:
    asked = question("parameters", 0, compare=("mlp", "cnn"), original="about half")
    told = replace(counted(42_310, 21_578), question=asked)
    agrees = replace(told, question=asked.model_copy(update={"original_verdict": "better"}))
    assert agreement_line([agrees, told]) == (
        "Of the original’s 2 answers, 1 is confirmed and 0 are contradicted; 1 is for you to judge."
    )
    said = question("test_accuracy", 0.001, original="better", original_verdict="better")
    still_open = replace(found([0.5, -0.6, 0.55]), question=said)
    assert agreement_line([agrees, told, still_open]) == (
        "Of the original’s 3 answers, 1 is confirmed and 0 are contradicted; of 1 it cannot be "
        "told, and 1 is for you to judge."
    )
