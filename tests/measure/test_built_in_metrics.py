"""One object a metric: values of runs, names, arguments, and what it needs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from paribus.measure.metric import Metric, named
from paribus.measure.runs import Run
from paribus.spec.metric_names import METRICS, check_matters, check_metric
from paribus.store.rows import Status
from tests.support.made_up import dataset, run

DATA = dataset(20)
EXAMPLES = {"epochs_to": "epochs_to 0.98", "class_accuracy": "class_accuracy 7"}
WRITTEN = [EXAMPLES.get(name, name) for name in METRICS.names()]


def of_curves(curves: dict[str, list[float]], status: Status = "finished") -> Run:
    made = run(0, len(next(iter(curves.values()))), status, DATA)
    changed = {name: np.array(values) for name, values in curves.items()}
    return replace(made, curves=replace(made.curves, **changed))


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("test_accuracy", 0.7),
        ("test_loss", 0.6),
        ("train_loss", 0.25),
        ("validation_accuracy", 0.625),
        ("validation_loss", 0.75),
        ("epochs_to 0.7", 2.0),
        ("generalisation_gap", 0.05),
        ("test_loss_rise", 0.1),
    ],
)
def test_value_of_a_run(metric: str, expected: float) -> None:
    curves = {
        "test_accuracy": [0.5, 0.8, 0.7],
        "test_loss": [0.9, 0.5, 0.6],
        "train_accuracy": [0.5, 0.6, 0.75],
        "train_loss": [1.0, 0.5, 0.25],
        "validation_accuracy": [0.5, 0.6, 0.625],
        "validation_loss": [1.0, 0.5, 0.75],
    }
    assert named(metric).value(of_curves(curves)) == pytest.approx(expected)
    assert math.isnan(named(metric).value(of_curves(curves, "diverged")))


def test_run_that_never_got_there_has_no_value() -> None:
    assert math.isnan(named("epochs_to 0.9").value(of_curves({"test_accuracy": [0.5, 0.8]})))


def test_metrics_without_runs_say_so() -> None:
    with pytest.raises(ValueError, match="runs have no step_time"):
        named("step_time").value(of_curves({"test_accuracy": [0.5]}))


@pytest.mark.parametrize("text", WRITTEN)
def test_every_metric_can_be_written_and_is_complete(text: str) -> None:
    metric = named(text)
    assert metric.key == text.split()[0]
    assert metric.label
    assert metric.better != metric.worse
    assert metric.is_of_runs == (metric.kind == "compare")
    assert (metric.count is None) == (metric.kind != "count")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'there is no metric ""'),
        ("test_acuracy", 'there is no metric "test_acuracy"; did you mean "test_accuracy"?'),
        ("test_loss 3", 'metric "test_loss" takes no number, got "3"'),
        ("epochs_to", 'metric "epochs_to" needs an accuracy between 0 and 1; write e.g.'),
        ("epochs_to 98", "between 0 and 1"),
    ],
)
def test_what_names_no_metric_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        check_metric(text)
    assert message in str(error.value)


def test_a_metric_says_itself_what_it_cannot_differ_by() -> None:
    dice = Metric(
        "dice",
        label="Dice score",
        higher_is_better=True,
        better="higher score",
        worse="lower score",
        widest=1,
    )
    dice.check_difference(0.5)
    with pytest.raises(
        ValueError, match="values of the Dice score are less than 1 apart, so"
    ) as error:
        dice.check_difference(1.5)
    assert "accurac" not in str(error.value)
    parts = replace(dice, limits="scores lie between 0 and 1", unit="parts", scale=1000)
    with pytest.raises(ValueError, match="scores lie between 0 and 1, so none") as error:
        parts.check_difference(2)
    assert str(error.value).endswith("write 0.002 for 2 parts")
    named("test_loss").check_difference(1e9)


def test_differences_that_cannot_be_are_refused() -> None:
    assert check_matters(1.5, "generalisation_gap") == 1.5
    for matters, metric in ((1.0, "test_accuracy"), (2.0, "generalisation_gap")):
        with pytest.raises(ValueError, match="accuracies lie between 0 and 1"):
            check_matters(matters, metric)
