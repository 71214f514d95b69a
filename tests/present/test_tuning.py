"""Pictures and tables of tuning: what fewer trials would have given, and what it took."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from paribus.present.figures.draw import figure, narrow_figure
from paribus.present.figures.shown import TuningCurves
from paribus.present.recipe_text import recipe
from paribus.present.report_text import complete, progress
from paribus.present.tuning import (
    curves_csv,
    trial_records,
    tuning_curves,
    tuning_latex,
    winners_tables,
)
from paribus.questions.family import judge_study
from paribus.questions.tuned_finding import TunedFinding
from tests.support.tuned import (
    STUDY,
    half_diverge,
    smooth,
    tuned_cases,
    tuned_result,
    tuned_study,
)


def shown(name: str = "better") -> TuningCurves:
    (one,) = tuning_curves([tuned_cases()[f"tuned: {name}"]], test_images=100)
    return one.shown


@pytest.mark.slow
@pytest.mark.parametrize("narrow", [False, True])
def test_the_picture_has_a_line_for_each_side_and_its_winners(narrow: bool) -> None:
    one = shown()
    drawn = narrow_figure(one) if narrow else figure(one)
    assert drawn is not None
    (axes,) = drawn.axes
    lines = {str(line.get_label()): line for line in axes.lines}
    for side in one.sides:
        line = lines[f"{side.name}, n = 5 replicates"]
        assert np.asarray(line.get_xdata()).tolist() == [1, 2, 3, 4]
        # An axis of accuracies is one of errors.
        np.testing.assert_allclose(np.asarray(line.get_ydata(), float), 1 - side.mean_T)
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels[-1] == ("winners" if narrow else "winners,\ntrained again")
    assert labels[:-1] == [str(int(number)) for number in map(float, labels[:-1])]
    assert labels[-2] == "4"


@pytest.mark.slow
def test_budgets_that_may_fail_entirely_are_not_drawn() -> None:
    one = shown("trials that diverge")
    sgd = one.sides[0]
    assert np.isnan(sgd.mean_T[0])
    lines = {str(line.get_label()): line for line in figure(one).axes[0].lines}
    y_T = np.asarray(lines["sgd, n = 5 replicates"].get_ydata(), float)
    assert np.array_equal(np.isnan(y_T), np.isnan(sgd.mean_T))


def test_a_loss_is_drawn_as_it_is() -> None:
    text = STUDY + 'metric = "test_loss"\n'
    (finding,) = judge_study(tuned_result(tuned_study(text=text), smooth))
    # The made-up trials have no loss.
    assert tuning_curves([finding], test_images=100) == []
    one = replace(shown(), is_accuracy=False, is_loss=True, label="final test loss (nats)")
    axes = figure(one).axes[0]
    assert axes.get_yscale() == "log"
    line = axes.lines[0]
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), one.sides[0].mean_T)


def test_curves_and_trials_are_tables() -> None:
    result = tuned_result(tuned_study(trials=6), half_diverge)
    findings = judge_study(result)
    rows = list(csv.DictReader(io.StringIO(curves_csv(findings))))
    assert len(rows) == 2 * 6
    assert rows[0]["mean"] == ""
    (one,) = tuning_curves(findings, test_images=100)
    assert float(rows[-1]["mean"]) == pytest.approx(float(one.shown.sides[1].mean_T[-1]))
    records = trial_records(result)
    assert len(records) == 2 * 5 * 7
    finals = [record for record in records if record["trial"] is None]
    assert [record["replicate"] for record in finals] == [0, 1, 2, 3, 4] * 2
    diverged = [record for record in records if record["status"] == "diverged"]
    assert diverged
    assert all(record["test_accuracy"] is None and record["seconds"] for record in diverged)
    assert not any(record["winner"] for record in diverged)
    text = tuning_latex(findings, [], {})
    assert r"sgd & 6 $\times$ 5 & 35 & 88 s & learning rate 0.001 to 1 (log) & " in text


def test_the_page_lists_the_winners() -> None:
    finding = tuned_cases()["tuned: trials that diverge"]
    assert isinstance(finding, TunedFinding)
    sgd, adam = winners_tables([finding, finding])
    assert (sgd.name, adam.name) == ("sgd", "adam")
    assert sgd.columns == (
        "seed", "learning rate", "validation acc. (%)", "again: final test accuracy (%)",
    )  # fmt: skip
    for row, winner in zip(sgd.rows, finding.sides[0].winners, strict=True):
        assert row[0] == str(winner.seed)
        assert float(row[1]) == pytest.approx(float(winner.settings["optimizer.lr"]), rel=0.005)
        assert float(row[2]) == pytest.approx(100 * winner.validation, abs=0.006)
        assert float(row[3]) == pytest.approx(100 * winner.result, abs=0.006)


def test_a_recipe_says_what_is_tuned_and_not_which_value_stands_in_its_place() -> None:
    result = tuned_result(tuned_study(), smooth)
    assert recipe(result.experiments["sgd"].experiment) == (
        "sgd; tuned in 4 trials, learning rate 0.001 to 1 (log); batches of 128; 1 epoch"
    )


def test_runs_of_trials_count_as_the_others_do() -> None:
    result = tuned_result(tuned_study(), smooth)
    assert result.runs_needed == 2 * 5 * 5
    assert progress(result) == []
    assert complete(result)
    sgd = result.experiments["sgd"]
    begun = {**result.experiments, "sgd": replace(sgd, runs=sgd.runs[:2])}
    missing = replace(result, experiments=begun)
    assert progress(missing)[0] == "47 of 50 runs have finished."
    assert not complete(missing)
