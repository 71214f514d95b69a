"""The table between runs and judgments."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np

import paribus
from paribus.measure import table
from paribus.measure.metric import named
from paribus.measure.runs import ExperimentResult, Run
from paribus.store.rows import EPOCH_COLUMNS
from tests.support.made_up import DATA, make_result, run, trained

SOURCES = Path(paribus.__file__).parent


def experiment(*runs: Run) -> ExperimentResult:
    result = make_result(["cnn"], data=DATA).experiments["cnn"]
    return replace(result, runs=runs)


def test_a_row_for_each_run_that_has_ended_by_seed() -> None:
    runs = [trained("cnn", seed, 0.8) for seed in (2, 0)]
    result = experiment(*runs, run(1, 4, "running", DATA), run(3, 4, "diverged", DATA))
    rows = table.final(result, named("test_accuracy"))
    assert [(row.seed, row.epoch_E.tolist()) for row in rows] == [
        (seed, [1, 2, 3, 4]) for seed in (0, 2, 3)
    ]
    values_S = table.values(rows)
    assert values_S[:2].tolist() == [runs[1].curves.test_accuracy[-1],
                                     runs[0].curves.test_accuracy[-1]]  # fmt: skip
    assert np.isnan(values_S[2])


def test_scores_have_the_values_as_their_means() -> None:
    result = experiment(*(trained("cnn", seed, 0.8) for seed in range(3)))
    rows = table.final(result, named("test_accuracy"))
    score_SN = table.scores(rows)
    assert score_SN is not None
    np.testing.assert_allclose(score_SN.mean(1), table.values(rows))
    np.testing.assert_array_equal(table.correct(rows), score_SN == 1)


def test_rows_without_a_value_have_scores_of_0() -> None:
    result = experiment(trained("cnn", 0, 0.8), run(1, 4, "diverged", DATA))
    score_SN = table.scores(table.final(result, named("test_accuracy")))
    assert score_SN is not None
    assert score_SN[0].any()
    assert not score_SN[1].any()


def test_probabilities_that_do_not_give_the_value_are_no_scores() -> None:
    # The made-up runs have random probabilities, whatever their curves are.
    rows = table.final(experiment(run(0, 4, "finished", DATA)), named("test_accuracy"))
    assert table.scores(rows) is None
    assert table.correct(rows) is not None


def test_metrics_that_are_no_mean_over_images_have_no_scores() -> None:
    rows = table.final(experiment(trained("cnn", 0, 0.8)), named("train_loss"))
    assert table.scores(rows) is None


def test_only_common_seeds_are_paired() -> None:
    a = table.final(experiment(*(trained("a", s, 0.8) for s in (0, 1, 2))), named("test_loss"))
    b = table.final(experiment(*(trained("b", s, 0.8) for s in (2, 1, 5))), named("test_loss"))
    assert [[row.seed for row in side] for side in table.paired(a, b)] == [[1, 2], [1, 2]]


def test_rows_of_metrics_that_runs_have() -> None:
    result = experiment(trained("cnn", 0, 0.8))
    metrics = [named(name) for name in ("test_loss", "parameters", "epochs_to 0.5")]
    found = [(row.experiment, row.metric.key) for row in table.rows([result], metrics)]
    assert found == [("cnn", "test_loss"), ("cnn", "epochs_to")]


def test_every_metric_has_a_value_after_each_epoch() -> None:
    made = run(0, 4, "finished", DATA)
    curves = replace(
        made.curves,
        train_accuracy=np.array([0.5, 0.7, 0.9, 1.0]),
        test_accuracy=np.array([0.4, 0.6, 0.5, 0.7]),
        test_loss=np.array([2.0, 1.0, 1.5, 1.25]),
    )
    going = replace(made, status="running", curves=curves)
    ended = replace(made, curves=curves)
    expected = {
        "test_accuracy": [0.4, 0.6, 0.5, 0.7],
        "generalisation_gap": [0.1, 0.1, 0.4, 0.3],
        "test_loss_rise": [0, 0, 0.5, 0.25],
        "epochs_to 0.55": [np.nan, 2, 2, 2],
        "epochs_to 0.95": [np.nan] * 4,
    }
    for name, value_E in expected.items():
        metric = named(name)
        of_ended, of_going = table.rows([experiment(ended, going)], [metric])
        np.testing.assert_allclose(of_ended.value_E, value_E)
        np.testing.assert_allclose(of_going.value_E, value_E)
        # What questions are about is the last of them, of a run that has ended.
        np.testing.assert_equal(of_ended.value, of_ended.value_E[-1])
        assert np.isnan(of_going.value)


def test_a_metric_may_be_known_at_the_end_alone() -> None:
    known = replace(named("test_loss"), curve=None, read=lambda run: 7.0)
    (row,) = table.rows([experiment(trained("cnn", 0, 0.8))], [known])
    assert row.value == 7
    assert np.isnan(row.value_E).all()


def test_what_every_epoch_measures_has_the_names_of_the_store() -> None:
    assert tuple(table.by_epoch(run(0, 4, "finished", DATA))) == EPOCH_COLUMNS


def test_nothing_above_reads_what_runs_measured_but_from_the_table() -> None:
    """Else a run that was measured elsewhere would be shown in some places only."""
    past = []
    for path in SOURCES.rglob("*.py"):
        if path.parent != SOURCES / "measure":
            past += [
                f"{path.relative_to(SOURCES)}:{node.lineno}"
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Attribute)
                and node.attr in EPOCH_COLUMNS
                and isinstance(node.value, ast.Attribute)
                and node.value.attr == "curves"
            ]
    assert past == []
