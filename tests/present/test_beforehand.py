"""What is said of a study before anything is trained."""

from __future__ import annotations

import pytest

from paribus.measure.metric import named
from paribus.present.beforehand import what_matters
from tests.support.commands import call, read_json
from tests.support.small import SMALL_STUDY, Small


@pytest.mark.parametrize(
    ("metric", "matters", "words"),
    [
        ("test_accuracy", 0.002, "0.002 = 0.2 points, 20 of 10,000 test images"),
        (
            "test_accuracy",
            0.2,
            "0.2 = 20 points, 2,000 of 10,000 test images; did you mean 0.002?",
        ),
        (
            "test_accuracy",
            0.1,
            "0.1 = 10 points, 1,000 of 10,000 test images; did you mean 0.001?",
        ),
        ("test_accuracy", 0.05, "0.05 = 5 points, 500 of 10,000 test images"),
        ("test_accuracy", 0.00125, "0.00125 = 0.125 points, 12.5 of 10,000 test images"),
        ("test_accuracy", 1e-5, "1e-05 = 0.001 points, less than 1 of 10,000 test images"),
        ("test_accuracy", 0, "0: any difference matters, so nothing is called equal"),
        ("validation_accuracy", 0.01, "0.01 = 1 point"),
        ("generalisation_gap", 0.3, "0.3 = 30 points; did you mean 0.003?"),
        ("test_loss", 0.01, "0.01 nats"),
        ("epochs_to 0.98", 2, "2 epochs"),
        ("epochs_to 0.98", 1, "1 epoch"),
        ("parameters", 1, "1 parameter"),
        ("parameters", 1000, "1,000 parameters"),
        ("step_time", 0.05, "0.05 = 5% of the time of a step"),
        ("step_time", 5, "5 = 500% of the time of a step; did you mean 0.05?"),
    ],
)
def test_what_matters_in_words(metric: str, matters: float, words: str) -> None:
    assert what_matters(named(metric), matters, 10_000) == words


def test_check_says_what_matters(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small(SMALL_STUDY.replace("matters = 0.01", "matters = 0.2"))
    monkeypatch.chdir(path.parent)
    words = "0.2 = 20 points, 8 of 40 test images; did you mean 0.002?"
    assert f"\n  what matters: {words}\n" in call("check", path).output
    assert read_json("check", path, "--json")["questions"][0]["matters_in_words"] == words
