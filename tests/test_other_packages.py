"""Another package adds one part of each kind, used from the command line as if it were built in.

`other_package/` is that package as pip would have installed it.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import call_apart

PLACE = Path(__file__).parent / "other_package"

STUDY = """
title = "With parts of another package"
data = "halves"
seeds = 3

[experiments.mlp]
network = ["flatten", "linear 4", "relu", "linear 2"]
optimizer = { name = "sgd", lr = 0.1 }
batch_size = 16
epochs = 2
engine = "theirs"

[experiments.wide]
from = "mlp"
network = ["flatten", "linear 16", "relu", "linear 2"]

[[questions]]
ask = "Which has the better balanced accuracy?"
compare = ["mlp", "wide"]
about = ["network"]
metric = "balanced_accuracy"
matters = 0.01

[[questions]]
ask = "Is everything there?"
complete = ["mlp", "wide"]
"""


@pytest.fixture
def paribus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls a command in a process that finds the package; it must succeed; gives its output."""
    monkeypatch.setenv("PYTHONPATH", str(PLACE), prepend=":")
    (tmp_path / "study.toml").write_text(STUDY, "utf-8")

    def run(*arguments: str) -> str:
        done = call_apart(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_each_part_is_used_from_the_command_line(paribus: Any, tmp_path: Path) -> None:
    checked = json.loads(paribus("check", "study.toml", "--json"))
    assert checked["experiments"]["mlp"]["trained_by"] == "theirs"
    assert [question.get("kind") for question in checked["questions"]][-1] == "complete"
    paribus("run", "study.toml", "--executor", "here")
    report = (tmp_path / "report" / "report.md").read_text("utf-8")
    assert "balanced accuracy" in report
    assert "6 runs of mlp, wide have finished." in report
    page = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "6 runs of mlp, wide have finished." in page
    with open(tmp_path / "report" / "tables" / "findings.csv", encoding="utf-8") as file:
        theirs, ours = (row for row in reversed(list(csv.DictReader(file))))
    assert (theirs["n"], theirs["asked"], theirs["estimate"]) == ("6", "2", "")
    assert (ours["n"], ours["asked"]) == ("3", "")
    latex = (tmp_path / "report" / "tables" / "findings.tex").read_text("utf-8")
    assert "Is everything there? & 6 & 6 runs & --" in latex
    of_metric = ("--metric", "balanced_accuracy")
    compared = json.loads(paribus("compare", "mlp", "wide", *of_metric, "--json"))
    assert compared["metric"] == "balanced_accuracy"
    shown = json.loads(paribus("show", "mlp/0", "--json"))
    assert shown["engine"] == "theirs"
    assert shown["environments"][0]["executor"] == "their process"
    assert "halves  from another package" in paribus("data")
    assert "30 test images, 1×6×6, 2 classes: left, right" in paribus("data", "halves")
    paribus("export", "--to", "lines")
    lines = (tmp_path / "export" / "lines" / "runs.txt").read_text("utf-8").splitlines()
    assert lines[0] == "mlp, seed 0, theirs: finished"
    assert len(lines) == 6


def test_results_are_read_from_a_format_of_theirs(paribus: Any, tmp_path: Path) -> None:
    lines = [f"{name} {seed} 0.{digit}{seed}" for name, digit in (("a", 5), ("b", 7))
             for seed in (1, 2, 3)]  # fmt: skip
    (tmp_path / "theirs.lines").write_text("\n".join(lines), "utf-8")
    judged = json.loads(paribus("judge", "theirs.lines", "--json"))
    (finding,) = judged["findings"]
    assert (finding["verdict"], finding["b"], finding["metric"]) == ("better", "b", "accuracy")


JUDGED = """
import json
from pathlib import Path

import paribus
from paribus.present.as_json import plain
from paribus.questions.family import judge_study

study, _ = paribus.load_study("study.toml")
result = study.run(store="runs", quiet=True)
told = [plain(finding) for finding in judge_study(result._result)]
print(json.dumps([told[-1], result.findings().iloc[-1].to_dict()], default=str))
"""


@pytest.mark.thorough
def test_numbers_of_a_kind_of_theirs_are_in_json_and_data_frames(
    paribus: Any, tmp_path: Path
) -> None:
    paribus("run", "study.toml")
    done = subprocess.run(
        [sys.executable, "-c", JUDGED], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for numbers in json.loads(done.stdout):
        assert (numbers["n"], numbers["asked"]) == (6, 2)
    assert json.loads(done.stdout)[0]["sentence"] == "6 runs of mlp, wide have finished."


@pytest.mark.thorough
def test_worker_processes_find_the_parts_too(paribus: Any) -> None:
    paribus("run", "study.toml", "--only", "mlp", "--seeds", "1", "--jobs", "1")
    assert re.search(r"mlp +1 of 1 finished", paribus("status", "study.toml", "--only", "mlp",
                                                       "--seeds", "1"))  # fmt: skip


def test_a_mistake_in_a_kind_of_theirs_is_reported_with_its_place(
    paribus: Any, tmp_path: Path
) -> None:
    text = STUDY.replace('complete = ["mlp", "wide"]', 'complete = ["mlp", "wied"]')
    (tmp_path / "study.toml").write_text(text, "utf-8")
    done = call_apart("check", "study.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert 'question 2.complete: there is no experiment "wied"; did you mean "wide"?' in done.stderr
