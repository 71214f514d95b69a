"""Metrics of predictions and of the user's own, asked about from the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.support.commands import call, call_apart
from tests.support.small import TWO_LENGTHS, lengths_question

METRICS = ("class_accuracy 8", "worst_class", "calibration_error", "my_package.metrics:balanced")
FUNCTION = """
import numpy as np

def balanced(labels, predicted):
    return np.mean([np.mean(predicted[labels == one] == one) for one in np.unique(labels)])
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "metrics.py").write_text(FUNCTION)
    study = TWO_LENGTHS.replace("seeds = 2", "seeds = 3").replace("epochs = 3", "epochs = 4")
    (tmp_path / "own.toml").write_text(study + "".join(map(lengths_question, METRICS)))
    return tmp_path / "own.toml"


@pytest.mark.thorough
def test_questions_about_metrics_of_predictions(study: Path, tmp_path: Path) -> None:
    done = call_apart("run", "own.toml", "--no-timing", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "report" / "tables" / "findings.csv").open(newline="") as stream:
        found = {row["metric"]: row for row in csv.DictReader(stream)}
    assert len(found) == 4
    values = {name: float(row["mean_b"]) for name, row in found.items()}
    of_class, worst, error, balanced = values.values()
    assert worst <= of_class <= 1
    assert worst <= balanced <= 1
    assert 0 < error < 1
    # Four epochs learn more of every class on average than one.
    assert balanced > float(list(found.values())[3]["mean_a"])
    asked = ("compare", "short", "long", "--metric", METRICS[3], "--store", tmp_path / "runs")
    # A store names the folder too, but no code is imported because of it, nor for another metric:
    # all questions are judged together. The message has the option to add.
    for words in (asked, (*asked[:3], "--metric", METRICS[1], *asked[5:])):
        message = str(call(*words).exception)
        assert "no code is run because a store names it" in message
        option, _, rest = message.partition("add ")[2].partition(" ")
        assert option == "--study"
        assert Path(rest).samefile(study)
        compared = call(*words, option, rest)
        assert compared.exit_code == 0, compared.output
        assert "balanced" in compared.output or "worst class" in compared.output


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "class_accuracy 8",
            "class_accuracy eight",
            'question 1: metric "class_accuracy eight": there is no class "eight"; known are 0, 1',
        ),
        (
            "metrics:balanced",
            "metrics:balance",
            'question 4: metric "my_package.metrics:balance": "my_package.metrics" has no "balance"'
            '; did you mean "balanced"?',
        ),
    ],
)
def test_mistakes_are_told_before_training(
    before: str, after: str, message: str, study: Path
) -> None:
    study.write_text(study.read_text().replace(before, after))
    ended = call("check", study)
    assert str(ended.exception).startswith(f"{study}: {message}")
