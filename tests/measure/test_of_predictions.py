"""Metrics of predictions: of a class, of the worst, calibration, and functions of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paribus.errors import UserError
from paribus.measure.metric import named
from paribus.measure.predictions import reader
from paribus.measure.runs import Run
from paribus.spec.metric_names import check_metric
from paribus.store.rows import KeptPredictions
from tests.support.made_up import dataset, run

# Six images of the classes cat, dog and eel; cat 2 of 3 right, dog 1 of 2, eel 1 of 1.
LABEL_N = np.array([0, 0, 0, 1, 1, 2])
PROBABILITY_NK = np.array(
    [0.8, 0.1, 0.1, 0.6, 0.2, 0.2, 0.3, 0.6, 0.1, 0.2, 0.7, 0.1, 0.5, 0.3, 0.2, 0.0, 0.1, 0.9],
    np.float32,
).reshape(6, 3)
NAMES = ("cat", "dog", "eel", "fly")

METRICS = """
import numpy as np

def right(labels, predicted):
    return np.mean(labels == predicted)

def cost(labels, predicted):
    return int(np.abs(labels - predicted).sum())

def overwrites(labels, predicted):
    labels[:] = 0
    predicted[:] = 0
    return 1.0

def fails(labels, predicted):
    return labels.no_such_thing

def nothing(labels, predicted):
    return None

def infinite(labels, predicted):
    return float("inf")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own_metrics.py").write_text(METRICS)
    return tmp_path


def made(folder: Path = Path(), names: tuple[str, ...] = NAMES) -> Run:
    read = reader(lambda: PROBABILITY_NK, LABEL_N, class_names=names, folder=folder)
    return replace(run(0, 2, "finished", dataset(20)), read_predictions=read)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("class_accuracy cat", 2 / 3),
        ("class_accuracy dog", 1 / 2),
        ("class_accuracy eel", 1),
        ("worst_class", 1 / 2),
        # In bins of 1/15: 0.6 twice (one right), 0.5 wrong, 0.7, 0.8 and 0.9 right.
        ("calibration_error", (2 * 0.1 + 0.5 + 0.3 + 0.2 + 0.1) / 6),
    ],
)
def test_value_of_a_run(metric: str, value: float) -> None:
    assert named(metric).value(made()) == pytest.approx(value, abs=1e-6)


def test_class_of_several_words() -> None:
    assert check_metric("class_accuracy  Ankle boot") == "class_accuracy Ankle boot"
    value = named("class_accuracy Ankle boot").value(made(names=("Ankle boot", "b", "c")))
    assert value == pytest.approx(2 / 3)


def test_class_that_there_is_not() -> None:
    check = named("class_accuracy dgo").check_data
    assert check is not None
    with pytest.raises(UserError, match='there is no class "dgo"; did you mean "dog"'):
        check(NAMES, Path())
    with pytest.raises(UserError, match='no test image is of class "fly"'):
        named("class_accuracy fly").value(made())
    with pytest.raises(ValueError, match=r'needs a class; write e\.g\. "class_accuracy 7"'):
        check_metric("class_accuracy")


def test_run_without_probabilities_is_no_worse_run() -> None:
    kept = KeptPredictions(PROBABILITY_NK.argmax(1).astype(np.int16), PROBABILITY_NK[:, 0])
    unpacked = replace(
        made(), read_predictions=reader(lambda: None, LABEL_N, lambda: kept, class_names=NAMES)
    )
    assert named("worst_class").value(unpacked) == 0.5
    with pytest.raises(UserError, match="was unpacked, and a pack has no probabilities"):
        named("calibration_error").value(unpacked)
    without = replace(made(), read_predictions=lambda: None)
    for metric in ("worst_class", "class_accuracy cat", "calibration_error", "own_metrics:right"):
        with pytest.raises(UserError, match=r"the predictions of run .* are missing in its store"):
            named(metric).value(without)


def test_function_of_ones_own(folder: Path) -> None:
    right, cost = named("own_metrics:right"), named("own_metrics:cost lower")
    assert right.value(made(folder)) == pytest.approx(4 / 6)
    assert (right.higher_is_better, cost.higher_is_better) == (True, False)
    assert cost.value(made(folder)) == 2
    assert (cost.better, cost.worse) == ("lower cost", "higher cost")


def test_function_that_a_store_names_is_not_called() -> None:
    read = reader(lambda: PROBABILITY_NK, LABEL_N, class_names=NAMES)
    with pytest.raises(UserError, match="no code is run because a store names it"):
        named("own_metrics:right").value(replace(made(), read_predictions=read))


def test_function_cannot_change_what_others_see(folder: Path) -> None:
    one = made(folder)
    named("own_metrics:overwrites").value(one)
    assert named("own_metrics:right").value(one) == pytest.approx(4 / 6)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("own_metrics:rihgt", '"own_metrics" has no "rihgt"; did you mean "right"?'),
        ("no_metrics:f1", 'cannot import "no_metrics": ModuleNotFoundError'),
        ("own_metrics:fails", "no_such_thing' ({folder}/own_metrics.py, line 16)"),
        ("own_metrics:nothing", "returned a NoneType; it must return a number"),
        ("own_metrics:infinite", "returned inf; it must return a finite number"),
    ],
)
def test_mistakes_of_a_function_are_told_before_training(
    path: str, message: str, folder: Path
) -> None:
    check = named(path).check_data
    assert check is not None
    with pytest.raises(UserError) as caught:
        check(NAMES, folder)
    assert str(caught.value).startswith(f'metric "{path}": ')
    assert message.format(folder=folder) in str(caught.value)


def test_only_a_direction_stands_behind_a_function() -> None:
    assert check_metric("own_metrics:cost higher") == "own_metrics:cost higher"
    with pytest.raises(ValueError, match='takes "lower" or "higher", which is better, got "5"'):
        check_metric("own_metrics:cost 5")
