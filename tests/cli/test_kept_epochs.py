"""Runs that keep an epoch before their last one: every place says the same of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from paribus import load_study
from paribus.campaign.campaign import make
from paribus.measure.runs import StudyResult
from paribus.present.explore import curves
from paribus.present.figures.draw import figure
from paribus.present.report_figures import learning_curves, overview
from paribus.store.open import open_store
from tests.support.commands import call, read_json
from tests.support.keeping import train_keeping
from tests.support.once import copied
from tests.support.page import page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study and its runs."""
    return copied(tmp_path_factory, "keeping", train_keeping)


@pytest.fixture(autouse=True)
def _there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def result(folder: Path) -> StudyResult:
    campaign = make(str(folder / "study.toml"), store_folder=folder / "runs")
    with open_store(folder / "runs", "read") as store:
        return campaign.result(store, campaign.known(store))


def test_the_runs_stop_at_different_epochs(result: StudyResult) -> None:
    patient = result.experiments["patient"].runs
    assert len({run.epochs for run in patient}) > 1
    for run in patient:
        assert run.kept_epoch == run.curves.validation_loss.argmin() + 1
        assert run.epochs == min(12, run.kept_epoch + 2)


def test_status_pairs_the_kept_epoch_with_its_accuracy(result: StudyResult) -> None:
    said = call("status", "study.toml").stdout
    facts = read_json("status", "study.toml", "--json")["experiments"]
    for run, told in zip(result.experiments["patient"].runs, facts["patient"]["runs"], strict=True):
        accuracy = run.curves.test_accuracy[run.kept_epoch - 1]
        assert (told["epochs"], told["kept_epoch"]) == (run.epochs, run.kept_epoch)
        assert told["test_accuracy"] == accuracy
        assert (
            f"epoch {run.epochs}/12, kept epoch {run.kept_epoch}, test {100 * accuracy:.2f}%"
            in said
        )
    for run, told in zip(result.experiments["last"].runs, facts["last"]["runs"], strict=True):
        assert (told["epochs"], told["kept_epoch"]) == (12, None)
        assert f"epoch 12/12, test {100 * run.curves.test_accuracy[-1]:.2f}%" in said


def test_show_marks_the_kept_epoch_and_has_what_it_was_chosen_by(result: StudyResult) -> None:
    for run in result.experiments["patient"].runs:
        said = call("show", f"patient/{run.seed}").stdout
        (marked,) = re.findall(r"^ +(\d+) .*\*$", said, re.MULTILINE)
        assert int(marked) == run.kept_epoch
        loss = run.curves.validation_loss[run.kept_epoch - 1]
        (line,) = re.findall(rf"^ +{marked} .*$", said, re.MULTILINE)
        assert f" {loss:.4f} " in line
        assert f"* Epoch {run.kept_epoch} is kept" in said
        assert "patience          2\n" in said
    said = call("show", "last/0").stdout
    assert "*" not in said.partition("Epoch")[2]
    assert "patience          none\n" in said


def test_summary_has_epochs_as_trained_and_as_kept(result: StudyResult, tmp_path: Path) -> None:
    assert call("report", "study.toml", "--report", tmp_path / "report").exit_code == 0
    runs = result.experiments["patient"].runs
    trained, kept = [run.epochs for run in runs], [run.kept_epoch for run in runs]
    with (tmp_path / "report/tables/summary.csv").open(newline="") as stream:
        patient, last = csv.DictReader(stream)
    for row, means in ((patient, (np.mean(trained), np.mean(kept))), (last, (12, 12))):
        found = (float(row["epochs_trained_mean"]), float(row["kept_epoch_mean"]))
        assert found == pytest.approx(means)
        assert row["epochs"] == "12"
    accuracy = [run.curves.test_accuracy[run.kept_epoch - 1] for run in runs]
    assert float(patient["test_accuracy_mean"]) == pytest.approx(np.mean(accuracy))
    shown = f"{min(trained)} to {max(trained)} of 12 & {min(kept)} to {max(kept)} & 4"
    latex = (tmp_path / "report/tables/summary.tex").read_text()
    assert shown in latex
    assert "& 12 & 12 & 4" in latex
    assert f"| {min(trained)} to {max(trained)} of 12 | {min(kept)} to {max(kept)} |" in (
        tmp_path / "report/report.md"
    ).read_text("utf-8")
    with (tmp_path / "report/tables/epochs.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for run in runs:
        own = [row for row in rows if row["run"] == run.id]
        assert {row["kept_epoch"] for row in own} == {str(run.kept_epoch)}
        assert [int(row["epoch"]) for row in own] == list(range(1, run.epochs + 1))
    text = " ".join(page(tmp_path / "report/index.html").text.split())
    assert "for at most 12 epochs" in text
    assert "of the epoch that each run keeps" in text


def test_a_study_that_keeps_last_epochs_has_no_such_column(tmp_path: Path) -> None:
    options = ("--only", "last", "--report", tmp_path / "report")
    assert call("report", "study.toml", *options).exit_code == 0
    assert "kept epoch" not in (tmp_path / "report/report.md").read_text("utf-8")
    assert "for 12 epochs" in page(tmp_path / "report/index.html").text


def test_mean_curves_end_where_the_first_run_does(result: StudyResult) -> None:
    runs = result.experiments["patient"].runs
    shared = min(run.epochs for run in runs)
    assert shared < max(run.epochs for run in runs)
    mean_E = np.mean([run.curves.test_accuracy[:shared] for run in runs], axis=0)
    patient, last = curves(result).experiments
    assert (patient.accuracy.n, last.accuracy.n) == (4, 4)
    np.testing.assert_allclose(np.array(patient.accuracy.mean, float), mean_E, atol=1e-6)
    assert len(last.accuracy.mean) == 12
    kept = [run.kept_epoch for run in runs]
    assert (patient.kept, last.kept) == (f"{min(kept)} to {max(kept)}", "")

    (together,) = overview(result)
    line = figure(together).axes[0].get_lines()[0].get_ydata()
    errors_E = np.asarray(line, float)
    np.testing.assert_allclose(errors_E[:shared], 1 - mean_E)
    assert np.isnan(errors_E[shared:]).all()


def test_figure_of_an_experiment_marks_the_kept_epochs(result: StudyResult) -> None:
    shown = learning_curves(result, "patient")
    assert shown is not None
    cost, _ = figure(shown).axes
    dots = [line for line in cost.get_lines() if line.get_marker() == "o"]
    found = sorted(tuple(np.asarray(dot.get_xydata())[0].tolist()) for dot in dots)
    runs = result.experiments["patient"].runs
    wanted = sorted(
        (float(run.kept_epoch), float(curve[run.kept_epoch - 1]))
        for run in runs
        for curve in (run.curves.train_loss, run.curves.test_loss)
    )
    np.testing.assert_allclose(found, wanted)
    assert "kept epochs" in str(cost.get_legend_handles_labels()[1])
    last = learning_curves(result, "last")
    assert last is not None
    assert all(line.get_marker() != "o" for line in figure(last).axes[0].get_lines())


def test_python_has_the_kept_epoch(folder: Path, result: StudyResult) -> None:
    study, where = load_study(str(folder / "study.toml"))
    frame = study.run(store=folder / "runs", relative_to=where, quiet=True).runs()
    kept = {run.id: run.kept_epoch for e in result.experiments.values() for run in e.runs}
    assert dict(zip(frame["run"], frame["kept_epoch"], strict=True)) == kept
