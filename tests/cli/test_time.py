"""`paribus time`: what it says and keeps; how long anything took is not tested."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from paribus.errors import UserError
from tests.support.commands import call, read_json
from tests.support.small import Small


def test_a_timing_is_told_kept_and_used(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    facts = read_json("time", "mlp", "adam", "--study", "small.toml", "--rounds", "5", "--json")
    assert facts["n"] == 5
    assert 0 < facts["low"] < facts["estimate"] < facts["high"] < math.inf
    assert len(facts["timing"]["control_seconds"]) == 5
    assert any(reason.startswith("mlp against itself: ") for reason in facts["reasons"])
    compared = read_json("compare", "mlp", "adam", "--metric", "step_time", "--json")
    assert compared["estimate"] == facts["estimate"]
    assert compared["verdict"] == facts["verdict"]


def test_for_people_and_across_engines(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small().parent)
    told = call("time", "mlp", "mlp", "--study", "small.toml", "--engine", "numpy,torch",
                "--rounds", "5")  # fmt: skip
    assert told.exit_code == 0, told.exception
    assert re.search(r"\d+ times \[[\d.]+, [\d.]+\], 95 %, n = 5 rounds", told.output)
    assert re.search(r"step of mlp by torch takes .* one of mlp by numpy", told.output)
    assert "mlp, engine numpy: " in told.output
    assert "mlp, engine torch: " in told.output
    assert "with the engines numpy and torch on " in told.output
    (kept,) = (tmp_path / "runs" / "timings").iterdir()
    assert f"Kept in runs/timings/{kept.name}" in told.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cnn", "cnm"], 'mnist: there is no experiment "cnm"; did you mean "cnn"?'),
        (["cnn", "mlp", "--engine", "torhc"], '--engine: there is no engine "torhc"; did you'),
        (["cnn", "mlp", "--engine", "torch,numpy,torch"], "names 3 engines; write one, or A's,B's"),
        (["cnn", "cnn"], "cnn and cnn have the same training step; every timing shows the first"),
        (["cnn", "cnn", "--engine", "torch"], "Name two that differ, or two engines, e.g."),
        (["cnn", "mlp", "--study", "mnits"], 'did you mean "mnist"'),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    error = call("time", *arguments).exception
    assert isinstance(error, UserError)
    assert message in str(error)
