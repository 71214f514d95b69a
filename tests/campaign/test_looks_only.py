"""Planned looks with only some experiments selected: what is trained, and that all lines agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import call, read_json
from tests.support.small import write_small
from tests.support.small_looks import LOOKS_STUDY

pytestmark = pytest.mark.usefixtures("undrawn")

ALONE = "No question is about the selected experiments alone"
SPARED = "Nothing more is to be trained: the looks spared "


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_small(tmp_path, LOOKS_STUDY)


def run(*options: str) -> str:
    """What a command says beside its findings."""
    done = call("run", "small.toml", "--no-timing", *options)
    assert done.exit_code == 0, done.output
    return done.stderr


def finished(*options: str) -> dict[str, int]:
    status = read_json("status", "small.toml", "--json", *options)["experiments"]
    return {name: facts["finished"] for name, facts in status.items()}


def status(*options: str) -> str:
    return call("status", "small.toml", *options).stdout.partition("\n")[0]


def verdicts(*options: str) -> dict[str, str]:
    """The sentence of each question that a report answers."""
    assert call("report", "small.toml", *options).exit_code == 0
    lines = Path("report/report.md").read_text("utf-8").splitlines()
    asked = [line for line in lines if line[:1].isdigit() and ". **" in line]
    return {line.split("**")[1]: line.split("** ")[1] for line in asked}


@pytest.mark.slow
@pytest.mark.usefixtures("study")
def test_one_experiment_is_trained_up_to_the_first_look_and_waits_for_the_others() -> None:
    said = run("--only", "mlp")
    assert finished() == {"mlp": 5, "still": 0, "adam": 0}
    assert ALONE in said
    assert "looks decide nothing" not in said
    assert SPARED not in said
    waits = "Questions are open that need runs of still and adam, too, which are not selected"
    assert waits in said
    assert status("--only", "mlp") == "Looks after 5 and 10 seeds; the first verdicts come after 5."
    again = run("--only", "mlp")
    assert "Nothing to train: all runs of the selected experiments are complete." in again
    assert waits in again


@pytest.mark.thorough
@pytest.mark.usefixtures("study")
def test_selected_one_after_another_they_end_as_the_whole_study_does() -> None:
    said = run("--only", "mlp,still")
    assert "The looks spared 5 of 10 runs of still." in said
    assert "need runs of adam, too, which is not selected" in said
    assert SPARED not in said
    assert status() == (
        "Looks after 5 and 10 seeds: 1 of 2 questions has ended; the other needs 5 seeds of mlp "
        "and adam."
    )
    # Once it is trained as well, its question calls for more of the others.
    run("--only", "adam")
    assert finished() == {"mlp": 5, "still": 5, "adam": 10}
    assert status() == (
        "Look 1 of 2, after 5 seeds: 1 of 2 questions has ended; the other needs 10 seeds of mlp "
        "and adam."
    )
    said = run("--only", "mlp")
    assert finished() == {"mlp": 10, "still": 5, "adam": 10}
    assert "Nothing more is to be trained: the looks spared" not in said
    whole = run()
    assert "Nothing to train: all runs of this study are complete." in whole
    assert f"{SPARED}5 of 30 runs." in whole


@pytest.mark.thorough
@pytest.mark.usefixtures("study")
def test_a_selection_has_the_verdicts_of_the_whole_study() -> None:
    run()
    whole, some = verdicts(), verdicts("--only", "mlp,still")
    assert list(some) == ["Does it learn without learning?"]
    assert some.items() <= whole.items()
    assert verdicts("--only", "mlp,adam").items() <= whole.items()
    assert f"{SPARED}5 of 10 runs." in run("--only", "still")
    assert f"{SPARED}5 of 20 runs." in run("--only", "mlp,still")


@pytest.mark.thorough
@pytest.mark.usefixtures("study")
def test_a_preview_and_other_epochs_say_the_same() -> None:
    said = run("--only", "mlp", "--preview")
    assert "look" not in said
    said = run("--only", "mlp", "--epochs", "2")
    assert ALONE in said
    assert finished("--epochs", "2") == {"mlp": 5, "still": 0, "adam": 0}
    assert finished() == {"mlp": 0, "still": 0, "adam": 0}


@pytest.mark.thorough
@pytest.mark.usefixtures("study")
def test_looks_that_a_run_brings_back_decide_what_it_trains() -> None:
    run("--only", "mlp,adam")
    run("--only", "mlp,adam", "--seeds", "12")
    said = run("--only", "still")
    assert "looks after 5 and 10 seeds in place of 12 seeds judged once" in said
    assert finished() == {"mlp": 10, "still": 5, "adam": 10}
    assert "Training 5 of 5 runs" in said
