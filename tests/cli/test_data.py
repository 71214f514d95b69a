"""What `paribus data`, `check` and `run` say of a dataset."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from paribus.errors import UserError
from tests.support.commands import call, read_json
from tests.support.small import SMALL_STUDY, Small

pytestmark = pytest.mark.usefixtures("undrawn")

WARNINGS = (
    "Warning: small.npz: x_val is not used; `validation = N` in the study holds out training "
    "images\n"
    "Warning: small.npz: no training image of classes 3 to 254; is label 255 meant, which 1 image "
    "has?\n"
    "Warning: small.npz: no training image of class 255, but 1 test image, which no network can "
    "learn to classify\n"
)


@pytest.fixture
def odd(small: Small, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study whose data have a stray label, and a part that is not read."""
    study = small()
    monkeypatch.chdir(study.parent)
    with np.load("small.npz") as arrays:
        changed = dict(arrays)
    changed["y_test"][-1] = 255
    np.savez("small.npz", **changed, x_val=changed["x_test"])
    study.write_text(study.read_text().replace("linear 3", "linear 256"))
    return study


@pytest.mark.parametrize(
    "command",
    [("data", "small.npz"), ("check", "small.toml"), ("run", "small.toml", "--only", "mlp")],
)
def test_commands_warn_of_what_is_odd(odd: Path, command: tuple[str, ...]) -> None:
    result = call(*command)
    assert result.exit_code == 0, result.output
    assert WARNINGS in result.stderr


def test_warnings_come_before_the_mistake_that_they_explain(odd: Path) -> None:
    odd.write_text(odd.read_text().replace("linear 256", "linear 3"))
    result = call("check", "small.toml")
    assert isinstance(result.exception, UserError)
    assert result.stderr == WARNINGS


def test_choices_that_lack_a_class_are_told(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small()
    monkeypatch.chdir(path.parent)
    said = call("check", path, "--images", "2").stderr
    assert said.startswith("Warning: small.npz: of the 2 images to train on, none is of class ")
    assert call("check", path, "--images", "100").stderr == ""


def test_notes_stand_in_json(odd: Path) -> None:
    notes = [line.removeprefix("Warning: small.npz: ") for line in WARNINGS.splitlines()]
    assert read_json("data", "small.npz", "--json")["notes"] == notes
    assert read_json("check", "small.toml", "--json")["data_notes"] == notes


def test_check_draws_no_weights(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small(SMALL_STUDY.replace('"linear 8"', '"linear 1000000"'))  # 40 million parameters
    monkeypatch.chdir(path.parent)
    call("check", path)  # loads what it needs
    tracemalloc.start()
    try:
        result = call("check", path)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert result.exit_code == 0
    assert "40,000,003 parameters" in result.output


def test_options_have_the_bounds_of_a_file(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small()
    monkeypatch.chdir(path.parent)
    for option, key in (("--epochs", "epochs"), ("--images", "images")):
        result = call("check", path, option, "99999999999999999999")
        assert isinstance(result.exception, UserError)
        assert str(result.exception).startswith(f"Experiment.{key}: must be at most 100,000")
