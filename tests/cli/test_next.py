"""The commands that `paribus run` and `paribus report` recommend work as they are printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from paribus.cli.main import paribus
from tests.support.commands import call, train_here
from tests.support.small import TWO_LENGTHS, lengths_question

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("undrawn")]

STUDY = TWO_LENGTHS + lengths_question() + lengths_question("my_metrics:wrong lower")
FUNCTION = """
def wrong(labels, predicted):
    return float((labels != predicted).mean())
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my_metrics.py").write_text(FUNCTION)
    (tmp_path / "own.toml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    return Path("own.toml")


def recommended(printed: str) -> list[list[str]]:
    """The words of the commands that were printed, without `paribus`."""
    lines = re.findall(r"^  paribus (.*?)(?:  .*)?$", printed, re.M)
    return [shlex.split(line) for line in lines]


def test_the_next_commands_run_as_printed(study: Path) -> None:
    ended = call("run", study, "--store", "my runs", "--report", "out")
    assert ended.exit_code == 0, ended.output
    compare, serve = recommended(ended.stdout)
    compared = call(*compare)
    assert compared.exit_code == 0, compared.output
    assert "final test accuracy" in compared.output
    assert "Exploratory" not in compared.output
    assert serve == ["serve", "own.toml", "--store", "my runs"]
    paribus.make_context("paribus", serve)


def test_the_next_command_shows_the_finding_whatever_its_metric(study: Path) -> None:
    questions = lengths_question("my_metrics:wrong lower") + lengths_question("test_loss")
    study.write_text(TWO_LENGTHS + questions, "utf-8")
    ended = call("run", study)
    assert ended.exit_code == 0, ended.output
    compare, _ = recommended(ended.stdout)
    assert compare[3:5] == ["--metric", "my_metrics:wrong lower"]
    compared = call(*compare)
    assert compared.exit_code == 0, compared.output
    assert "wrong (lower is better)" in compared.output
    assert "Exploratory" not in compared.output


def test_the_next_commands_name_the_study_whose_names_another_has(study: Path) -> None:
    small = STUDY.partition("[[questions]]")[0] + lengths_question()
    for name, epochs in (("one.toml", 1), ("two.toml", 2)):
        text = small.replace("epochs = 1", f"epochs = {epochs}", 1)
        Path(name).write_text(text, "utf-8")
        ended = call("run", name, "--store", "both")
        assert ended.exit_code == 0, ended.output
    compare, _ = recommended(ended.stdout)
    assert compare[-4:] == ["--study", "two.toml", "--store", "both"]
    compared = call(*compare)
    assert compared.exit_code == 0, compared.output


def test_the_command_that_trains_the_rest_runs_as_printed(study: Path) -> None:
    train_here(study, "other", seeds=1)
    reported = call("report", study, "--epochs", "1", "--store", "other", "--report", "out")
    rest, serve = recommended(reported.stdout)
    options = ["own.toml", "--epochs", "1"]
    assert serve == ["serve", *options, "--store", "other"]
    assert rest == ["run", *options, "--report", "out", "--store", "other"]
    ended = call(*rest)
    assert ended.exit_code == 0, ended.output
    assert Path("out/index.html").is_file()
    assert not Path("report").exists()
    assert not Path("runs").exists()


def test_a_preview_does_not_ask_for_a_full_study_that_is_trained(study: Path) -> None:
    before = call("run", study, "--preview", "--only", "short")
    assert recommended(before.stdout)[0] == ["run", "own.toml", "--only", "short"]
    assert call("run", study).exit_code == 0
    page = Path("report/index.html").read_text("utf-8")
    after = call("report", study, "--preview", "--only", "short")
    full = recommended(after.stdout)[0]
    assert full == ["report", "own.toml", "--only", "short"]
    assert call(*full).exit_code == 0
    assert Path("report-own-preview/index.html").is_file()
    call("report", study)
    assert "See the full study: paribus report own.toml" in Path(
        "report-own-preview/index.html"
    ).read_text("utf-8")
    assert "Preview" not in page
