"""`paribus time`: what it says and keeps; how long anything took is not tested."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from paribus.errors import UserError
from tests.support.commands import call, read_json
from tests.support.small import Small


@pytest.mark.thorough
def test_a_timing_is_told_kept_and_used(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    facts = read_json("time", "mlp", "adam", "--study", "small.toml", "--rounds", "4", "--json")
    assert facts["n"] == 5
    assert 0 < facts["low"] < facts["estimate"] < facts["high"] < math.inf
    assert [len(timing["control_seconds"]) for timing in facts["timings"]] == [4] * 5
    assert any(reason.startswith("mlp against itself: ") for reason in facts["reasons"])
    compared = read_json("compare", "mlp", "adam", "--metric", "step_time", "--json")
    assert compared["estimate"] == facts["estimate"]
    assert compared["verdict"] == facts["verdict"]
    again = read_json("time", "mlp", "adam", "--study", "small.toml", "--rounds", "3", "--json")
    assert again["n"] == 10
    assert len(again["timings"]) == 5


@pytest.mark.thorough
def test_for_people_and_across_engines(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small().parent)
    told = call("time", "mlp", "mlp", "--study", "small.toml", "--engine", "numpy,native",
                "--rounds", "3")  # fmt: skip
    assert told.exit_code == 0, told.exception
    assert re.search(r"time ratio [\d.]+ \[[\d.]+, [\d.]+\], 95%, n = 5 processes", told.output)
    assert "mlp by numpy against itself: time ratio " in told.output
    assert "mlp, engine numpy: " in told.output
    assert "mlp, engine native: " in told.output
    assert "with the engines numpy and native on " in told.output
    assert "Kept 5 timings in runs/timings" in told.output
    assert len(list((tmp_path / "runs" / "timings").iterdir())) == 5


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
