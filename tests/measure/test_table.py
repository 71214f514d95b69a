"""The table between runs and judgements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paribus.measure import table
from paribus.measure.metric import named
from paribus.measure.runs import ExperimentResult, Run
from tests.support.made_up import DATA, make_result, run, trained


def experiment(*runs: Run) -> ExperimentResult:
    result = make_result(["cnn"], data=DATA).experiments["cnn"]
    return replace(result, runs=runs)


def test_a_row_for_each_run_that_has_ended_by_seed() -> None:
    runs = [trained("cnn", seed, 0.8) for seed in (2, 0)]
    result = experiment(*runs, run(1, 4, "running", DATA), run(3, 4, "diverged", DATA))
    rows = table.final(result, named("test_accuracy"))
    assert [(row.seed, row.epoch) for row in rows] == [(0, 4), (2, 4), (3, 4)]
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
