"""What `paribus data`, `check` and `run` say of a dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paribus.errors import UserError
from tests.support.commands import call, read_json
from tests.support.small import Small

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


def test_notes_stand_in_json(odd: Path) -> None:
    notes = [line.removeprefix("Warning: small.npz: ") for line in WARNINGS.splitlines()]
    assert read_json("data", "small.npz", "--json")["notes"] == notes
    assert read_json("check", "small.toml", "--json")["data_notes"] == notes
