"""A dataset from a user's own function, with a validation part, from the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.support.commands import call, call_apart

STUDY = """
title = "Own data"
data = "my_package.data:load"
seeds = 3

[experiments.a]
network = ["flatten", "linear 3"]
optimizer = { name = "sgd", lr = 0.1 }
epochs = 2
engine = "numpy"

[experiments.b]
from = "a"
optimizer = { lr = 0.01 }

[[questions]]
ask = "Is the validation accuracy lower at the lower rate?"
compare = ["a", "b"]
about = ["optimizer.lr"]
metric = "validation_accuracy"
matters = 0.01
"""

DATA = """
import numpy as np

def load():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = (rng.integers(0, 200, (3, 4, 4))[labels] + rng.integers(0, 50, (60, 4, 4)))
    parts = {"train": slice(40), "val": slice(40, 50), "test": slice(50, None)}
    made = {f"{part}_images": images[chosen].astype("uint8") for part, chosen in parts.items()}
    return made | {f"{part}_labels": labels[chosen] for part, chosen in parts.items()}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "data.py").write_text(DATA)
    (tmp_path / "own.toml").write_text(STUDY)
    return tmp_path / "own.toml"


@pytest.mark.thorough
def test_function_with_validation_part_is_trained_and_judged(study: Path) -> None:
    done = call_apart("run", "own.toml", "--no-timing", cwd=study.parent)
    assert done.returncode == 0, done.stderr
    with (study.parent / "report" / "tables" / "findings.csv").open(newline="") as stream:
        (finding,) = csv.DictReader(stream)
    assert (finding["metric"], finding["n"]) == ("validation_accuracy", "3")
    assert finding["verdict"] != "no verdict"


def test_validation_metric_without_validation_images(study: Path) -> None:
    study.write_text(
        STUDY.replace("my_package.data:load", "digits").replace("linear 3", "linear 10")
    )
    ended = call("check", study)
    assert str(ended.exception) == (
        f'{study}: question 1: metric "validation_accuracy" needs validation images, and '
        "digits has none; hold out training images, e.g. with validation = 143"
    )


def test_failing_function_is_told_with_its_line(study: Path) -> None:
    path = study.parent / "my_package" / "data.py"
    path.write_text(DATA.replace("np.arange(60)", "np.arrange(60)"))
    ended = call("check", study)
    assert f"({path}, line 6)" in str(ended.exception)
    assert 'data "my_package.data:load": raised AttributeError: ' in str(ended.exception)
