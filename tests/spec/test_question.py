"""Questions: how their kind is found, and what is wrong with them in a study."""

from __future__ import annotations

from typing import Any

import pytest

from paribus import Experiment, Question, Sgd, Study
from paribus.errors import UserError
from paribus.measure.metric import asked
from paribus.spec.files import read_study
from paribus.spec.model import SpecError
from paribus.spec.question import (
    BaseQuestion,
    BestQuestion,
    InteractionQuestion,
    question_model,
    question_of,
)
from paribus.spec.study_plan import AskedQuestion

TABLE: dict[str, Any] = {
    "ask": "Is it?",
    "compare": ["base", "slow"],
    "about": ["optimizer"],
    "matters": 0.001,
}
STUDY = """
title = "Two"

[experiments.base]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.01 }
epochs = 4

[experiments.slow]
from = "base"
optimizer = { lr = 0.001 }

[[questions]]
ask = "Is it?"
compare = ["base", "slow"]
about = ["optimizer"]
matters = 0.001
"""


@pytest.mark.parametrize(
    ("metric", "kind"),
    [("test_loss", "compare"), ("step_time", "step_time"), ("parameters", "count")],
)
def test_the_metric_says_by_which_kind_a_pair_is_judged(metric: str, kind: str) -> None:
    assert question_of({**TABLE, "metric": metric}).kind == kind
    assert question_of({**TABLE, "metric": metric, "kind": kind}).kind == kind


def test_kind_can_be_given_in_python_too() -> None:
    assert Question(kind="compare", **TABLE) == Question(**TABLE)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('kind = "compair"', 's.toml, question 1.kind: there is no kind "compair"; did you mean'),
        ('kind = "count"', 's.toml, question 1: is of kind "compare", not "count"; leave kind out'),
        ("kinds = 3", 's.toml, question 1.kinds: unknown key; did you mean "kind"?'),
    ],
)
def test_mistakes_are_told_with_their_place(line: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        read_study(f"{STUDY}{line}\n", "s.toml")
    assert message in str(error.value)


def test_validation_metrics_can_be_asked_where_images_are_held_out() -> None:
    text = STUDY.replace('title = "Two"', 'title = "Two"\nvalidation = 100')
    study = read_study(f'{text}metric = "validation_accuracy"\n', "s.toml")
    (question,) = study.questions
    assert isinstance(question, Question)
    assert question.metric == "validation_accuracy"


def test_a_table_that_is_of_no_kind_is_taken_for_a_pair() -> None:
    assert question_model({"ask": "?"}) is Question
    with pytest.raises(SpecError, match="compare"):
        question_of({"ask": "?"})


def test_studies_take_questions_as_objects_and_as_tables() -> None:
    base = Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.1), epochs=1)  # type: ignore[arg-type]
    experiments = {"base": base, "slow": base.but(epochs=2)}
    asked = Question(**TABLE)
    study = Study(title="t", experiments=experiments, questions=(asked,))
    table: Any = TABLE
    assert Study(title="t", experiments=experiments, questions=(table,)) == study
    with pytest.raises(SpecError, match="must be a table"):
        Study(title="t", experiments=experiments, questions=(3,))  # type: ignore[arg-type]


def test_renamed_questions_are_gone_where_nothing_is_left_to_compare() -> None:
    question = Question(**TABLE)
    renamed = question.renamed({"base": "base", "slow": "slower"})
    assert renamed is not None
    assert renamed.experiments == ("base", "slower")
    assert question.renamed({"base": "base", "slow": "base"}) is None


def test_a_kind_must_say_what_it_is() -> None:
    for attribute in ("kind", "experiments"):
        with pytest.raises(NotImplementedError):
            getattr(BaseQuestion(ask="?"), attribute)


FOUR = (
    STUDY.partition("[[questions]]")[0]
    + """
[experiments.base-long]
from = "base"
epochs = 8
[experiments.slow-long]
from = "slow"
epochs = 8
[[questions]]
ask = "Is it?"
about = ["optimizer", "epochs"]
matters = 0.001
"""
)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'compare = [["base", "base-long"], ["slow"]]',
            "s.toml, question 1.compare[2][2]: is missing; write two names in each, e.g. "
            'compare = [["sgd", "sgd-bn"], ["adam", "adam-bn"]]',
        ),
        (
            'compare = [["base", "base-long"], ["base", "slow"]]',
            's.toml, question 1.compare: names "base" more than once; name four experiments',
        ),
        (
            'compare = [["base", "base-long"], ["slo", "slow-long"]]',
            's.toml, question 1.compare: there is no experiment "slo"; did you mean "slow"?',
        ),
        (
            'compare = [["base", "base-long"], ["slow", "slow-long"]]\nmetric = "step_time"',
            's.toml, question 1.metric: "step_time" is not measured of runs; ask it of two '
            'experiments: compare = ["a", "b"]',
        ),
        ('best = ["base"]', "s.toml, question 1.best: needs at least 2 experiments, got 1"),
        (
            'best = ["base", "slow", "base"]',
            's.toml, question 1.best: names "base" more than once; name each experiment once',
        ),
        (
            'best = ["base", "slo"]',
            's.toml, question 1.best: there is no experiment "slo"; did you mean "slow"?',
        ),
        (
            'best = ["base", "slow"]\noriginal_verdict = "slo"',
            's.toml, question 1: original_verdict: "slo" is not one of those in best; did you mean '
            '"slow"?',
        ),
        ('best = ["base", "slow"]\nkind = "compare"', "s.toml, question 1"),
    ],
)
def test_mistakes_in_questions_about_several_are_told(line: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        read_study(f"{FOUR}{line}\n", "s.toml")
    assert message in str(error.value)


def test_questions_about_several_are_found_by_what_is_written() -> None:
    pairs = [["base", "base-long"], ["slow", "slow-long"]]
    rest = {"ask": "Is it?", "about": ["optimizer", "epochs"], "matters": 0.001}
    study = read_study(f"{FOUR}compare = {pairs}\n".replace("'", '"'), "s.toml")
    (asked,) = study.questions
    assert asked == question_of({**rest, "compare": pairs})
    assert asked == question_of({**rest, "compare": pairs, "kind": "interaction"})
    assert isinstance(asked, InteractionQuestion)
    assert asked.kind == "interaction"
    assert asked.experiments == ("base", "base-long", "slow", "slow-long")
    best = question_of({**rest, "best": ["base", "slow"]})
    assert isinstance(best, BestQuestion)
    assert best == question_of({**rest, "best": ["base", "slow"], "kind": "best"})
    assert best == BestQuestion(
        ask="Is it?", best=("base", "slow"), about=("optimizer", "epochs"), matters=0.001
    )


def test_what_options_make_the_same_is_asked_once() -> None:
    best = BestQuestion(
        ask="?", best=("a", "b", "c"), about=("epochs",), matters=0, original_verdict="b"
    )
    renamed = best.renamed({"a": "a", "b": "a", "c": "c"})
    assert renamed is not None
    assert (renamed.best, renamed.original_verdict) == (("a", "c"), "a")
    assert best.renamed(dict.fromkeys("abc", "a")) is None
    pairs = InteractionQuestion(
        ask="?", compare=(("a", "b"), ("c", "d")), about=("epochs",), matters=0
    )
    kept = pairs.renamed({"a": "a", "b": "x", "c": "c", "d": "d"})
    assert kept is not None
    assert kept.compare == (("a", "x"), ("c", "d"))
    assert pairs.renamed({"a": "a", "b": "b", "c": "a", "d": "d"}) is None


def test_pairs_of_pairs_are_another_class() -> None:
    compare: Any = [["a", "b"], ["c", "d"]]
    with pytest.raises(SpecError, match="has pairs of experiments; use InteractionQuestion"):
        Question(ask="?", compare=compare, about=("epochs",), matters=0)


OWN = STUDY + 'metric = "my_package.metrics:macro_f1"\n'
ASKED = STUDY[STUDY.index("[[questions]]") :]


def test_a_metric_of_ones_own_is_called_as_its_question_says() -> None:
    (question,) = read_study(OWN, "s.toml").questions
    assert isinstance(question, Question)
    metric = asked(question)
    assert (metric.key, metric.label) == ("my_package.metrics:macro_f1", "macro f1")
    assert (metric.better, metric.worse) == ("higher macro f1", "lower macro f1")
    (labeled,) = read_study(OWN + 'metric_label = "Macro-F1"\n', "s.toml").questions
    assert isinstance(labeled, Question)
    assert (asked(labeled).key, asked(labeled).label) == (metric.key, "Macro-F1")
    lower = labeled.model_copy(update={"metric": f"{metric.key} lower"})
    assert (asked(lower).better, asked(lower).higher_is_better) == ("lower Macro-F1", False)
    # It is the same question under either name, and as plans of before have it.
    assert AskedQuestion.of(question).key == AskedQuestion.of(labeled).key
    assert "metric_label" not in AskedQuestion.of(question).table


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (STUDY + 'metric_label = "Acc"\n', "metric_label: is for a metric that is a function; "),
        (OWN + 'metric_label = " F1"\n', "metric_label: must be one line of at most 100"),
        (OWN + f'metric_label = "{"F" * 101}"\n', "metric_label: must be one line of at most 100"),
        (
            f'{OWN}{ASKED}metric = "other:macro_f1"\n',
            "questions: metrics my_package.metrics:macro_f1 and other:macro_f1 are both called "
            '"macro f1"; write metric_label for one',
        ),
        (
            f'{OWN}metric_label = "final test accuracy"\n{ASKED}',
            "questions: metrics my_package.metrics:macro_f1 and test_accuracy are both called "
            '"final test accuracy"; write metric_label for one',
        ),
        (
            f'{OWN}metric_label = "F1"\n{ASKED}metric = "my_package.metrics:macro_f1"\n',
            'questions: metric my_package.metrics:macro_f1 is called "F1" and "macro f1"; write '
            "one metric_label",
        ),
    ],
)
def test_a_wrong_label_of_a_metric_is_an_error(study: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        read_study(study, "s.toml")
    assert message in str(error.value)
