"""Ensembles: what the runs say together, and what the report says of it."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus.measure.ensemble import ensemble
from paribus.measure.runs import ExperimentResult, Run, StudyResult
from paribus.present.ensembles import ensembles, ensembles_csv, ensembles_markdown, ensembles_view
from paribus.present.write import report_page, write_report
from tests.support.made_up import Make, dataset, run

DATA = dataset()
LABELS = DATA.test_labels


def probabilities(seed: int, strength: float) -> NDArray[np.float32]:
    """Those of a network that leans to the true class, with noise of its own."""
    lean_NK = np.random.default_rng(seed).normal(size=(len(LABELS), 10))
    lean_NK[np.arange(len(LABELS)), LABELS] += strength
    shares_NK = np.exp(lean_NK)
    return np.asarray(shares_NK / shares_NK.sum(1, keepdims=True), np.float32)


def result(make: Make, *, seeds: int = 3) -> StudyResult:
    def runs(_: str, seed: int) -> Run:
        made = probabilities(seed, 2.0)
        return run(seed, 4, "finished", DATA, read_probabilities=lambda: made)

    found: StudyResult = make(["cnn", "cnn-adam"], runs=runs, data=DATA)
    one = found.experiments["cnn"]
    cut = replace(one, runs=one.runs[:seeds])
    return replace(found, experiments={**found.experiments, "cnn": cut})


def experiment(make: Make, seeds: int = 3) -> ExperimentResult:
    return result(make, seeds=seeds).experiments["cnn"]


def test_it_answers_with_most_of_its_members(make: Make) -> None:
    one = experiment(make)
    made = ensemble(one)
    assert made is not None
    assert made.seeds == (0, 1, 2)
    right = loss = 0.0
    members = [probabilities(seed, 2.0) for seed in range(3)]
    for image, label in enumerate(LABELS):
        answers = [int(p[image].argmax()) for p in members]
        right += max(sorted(answers), key=answers.count) == label
        loss -= math.log(sum(float(p[image, label]) for p in members) / 3)
    assert made.accuracy == pytest.approx(right / len(LABELS))
    assert made.loss == pytest.approx(loss / len(LABELS))
    # Members whose noise is their own are worse than what they say together.
    alone = np.mean([(p.argmax(1) == LABELS).mean() for p in members])
    assert made.accuracy > alone + 0.02


def test_one_run_is_no_ensemble_nor_are_runs_without_predictions(make: Make) -> None:
    assert ensemble(experiment(make, seeds=1)) is None
    one = experiment(make)
    without = replace(one.runs[1], read_predictions=lambda: None)
    assert ensemble(replace(one, runs=(one.runs[0], without))) is None


def test_diverged_runs_are_no_members(make: Make) -> None:
    one = experiment(make)
    wild = replace(one.runs[2], status="diverged")
    made = ensemble(replace(one, runs=(*one.runs[:2], wild)))
    assert made == ensemble(experiment(make, seeds=2))


def test_the_report_has_a_row_for_each_and_claims_no_interval(make: Make) -> None:
    found = result(make)
    (first, second) = ensembles(found)
    view = ensembles_view(found)
    assert view is not None
    assert view.found == (first, second)
    rows = list(csv.DictReader(StringIO(ensembles_csv(view))))
    assert [row["experiment"] for row in rows] == ["cnn", "cnn-adam"]
    assert float(rows[0]["test_accuracy"]) == first.accuracy
    assert float(rows[0]["members_test_accuracy_mean"]) == pytest.approx(
        np.mean([r.curves.test_accuracy[-1] for r in found.experiments["cnn"].runs])
    )
    page = report_page(found)
    text = ensembles_markdown(view)
    for said in (view.note.replace("'", "&#39;"), f"{100 * first.accuracy:.2f}"):
        assert said in page
    assert f"| cnn | 3 | {100 * first.accuracy:.2f} | {first.loss:.4f} |" in text
    assert "neither an SD nor an interval" in text


@pytest.mark.usefixtures("undrawn")
def test_no_section_where_there_is_no_ensemble(make: Make, tmp_path: Path) -> None:
    found = make(["cnn"], data=DATA)
    one = found.experiments["cnn"]
    found = replace(found, experiments={"cnn": replace(one, runs=one.runs[:1])})
    assert ensembles_view(found) is None
    write_report(found, tmp_path)
    assert (tmp_path / "tables" / "summary.csv").exists()
    assert not (tmp_path / "tables" / "ensembles.csv").exists()
    assert 'id="ensembles"' not in report_page(found)
