"""A study trained from Python, and what can be asked of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import paribus
from paribus import Results, UserError, load_study, run
from paribus.store.rows import EPOCH_COLUMNS
from tests.support.commands import train, train_here
from tests.support.small import SMALL_STUDY, Small, write_small


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return train_here(write_small(tmp_path_factory.mktemp("results")), jobs=1)


def test_runs_and_epochs_as_data_frames(results: Results) -> None:
    runs, epochs = results.runs(), results.epochs()
    assert isinstance(runs, pd.DataFrame)
    assert runs[["experiment", "seed"]].to_numpy().tolist() == [
        [name, seed] for name in ("mlp", "cnn", "adam") for seed in (0, 1)
    ]
    assert runs["optimizer.lr"].tolist() == [0.1, 0.1, 0.1, 0.1, 0.01, 0.01]
    assert set(runs["status"]) == {"finished"}
    assert len(epochs) == 6 * 4
    assert set(EPOCH_COLUMNS) < set(epochs.columns)
    assert epochs["validation_loss"].isna().all()
    assert {str(epochs[column].dtype) for column in EPOCH_COLUMNS} == {"float64"}
    last = epochs[epochs["epoch"] == 4]
    np.testing.assert_array_equal(last["test_accuracy"], runs["test_accuracy"])
    cnn = results.experiments["cnn"]
    np.testing.assert_array_equal(
        runs[runs["experiment"] == "cnn"]["test_accuracy"], cnn.final("test_accuracy")
    )


def test_findings(results: Results) -> None:
    found = results.findings()
    assert found["question"].tolist() == [q.ask for q in results.study.questions]
    assert set(found["verdict"]) == {"no verdict"}
    assert set(found["n"]) == {2}
    assert found["sentence"][0].startswith("No verdict from 2 seeds")


def test_figures(results: Results) -> None:
    for figure in (
        results.final_accuracies(),
        results.curves(),
        results.curves("cnn"),
        results.confusion_matrix("mlp"),
    ):
        assert isinstance(figure, Figure)
    assert results.curves("cnn").get_suptitle() == "cnn"


def test_a_name_that_is_none(results: Results) -> None:
    with pytest.raises(UserError, match='there is no experiment "cn"; did you mean "cnn"'):
        results.curves("cn")


def test_the_report(results: Results, tmp_path: Path) -> None:
    assert results.report(tmp_path / "report") == tmp_path / "report" / "index.html"
    assert "mlp" in (tmp_path / "report" / "index.html").read_text("utf-8")


def test_how_a_notebook_shows_it(results: Results) -> None:
    assert repr(results) == "<Results of 'Small': 6 of 6 runs have finished>"
    page = results._repr_html_()
    assert page.count("<tr>") == 4
    assert "<b>Small</b>: 6 of 6 runs have finished. Means ± SD over n seeds.</p>" in page
    assert re.search(r"<td>cnn</td><td>numpy</td><td>\d+</td>.*<td>n = 2</td>", page)


def test_a_second_call_trains_nothing_and_finds_the_same(
    small: Small, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, folder = load_study(str(small()))
    study = study.only(("mlp",))
    first = paribus.run(study, store=tmp_path / "runs", relative_to=folder, jobs=1)
    assert "Training 2 of 2 runs, 1 at once" in capsys.readouterr().err
    again = paribus.run(study, store=tmp_path / "runs", relative_to=folder)
    assert "Nothing to train: all runs of this study are complete." in capsys.readouterr().err
    pd.testing.assert_frame_equal(first.epochs(), again.epochs())


def test_what_the_command_has_trained_is_found(small: Small, tmp_path: Path) -> None:
    path = small()
    train(tmp_path, str(path), "--only", "mlp")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs" / "runs").rglob("*")}
    study, folder = load_study(str(path))
    results = study.only(("mlp",)).run(store=tmp_path / "runs", relative_to=folder, quiet=True)
    assert len(results.runs()) == 2
    after = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs" / "runs").rglob("*")}
    assert before == after


def test_a_failed_run_is_told(small: Small, tmp_path: Path) -> None:
    study, folder = load_study(str(small()))
    unfit = study.experiments["mlp"].but(network="no_such_package:Net", engine="torch")
    study = study.model_copy(update={"experiments": {"own": unfit}, "questions": ()})
    results = study.run(store=tmp_path / "runs", relative_to=folder, jobs=1, quiet=True)
    (reason,) = results.failed.values()
    assert 'cannot import "no_such_package"' in reason
    # With the other seed it would fail so too.
    assert results.untried == {"own": 1}
    assert results.runs()["status"].tolist() == ["failed"]
    with pytest.raises(UserError, match="no run has finished; there is nothing to show yet"):
        results.final_accuracies()


def test_a_script_needs_no_guard(small: Small, tmp_path: Path) -> None:
    """Worker processes begin with the script that started them, unless they are kept from it."""
    small(SMALL_STUDY)
    (tmp_path / "script.py").write_text(
        "import paribus\n"
        "print('begin')\n"
        "study, folder = paribus.load_study('small.toml')\n"
        "print(study.run(jobs=2))\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "begin\n<Results of 'Small': 6 of 6 runs have finished>\n"


def test_a_file_is_no_study() -> None:
    with pytest.raises(UserError, match=r"study: needs a Study, got 'study\.toml'; load_study"):
        run("study.toml")  # type: ignore[arg-type]
