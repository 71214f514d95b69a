"""What pages and figures draw of many runs: bars and bands that hold most of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paribus.present.figures.accuracy import final_accuracies as draw_accuracies
from paribus.present.figures.curves import learning_curves as draw_curves
from paribus.present.figures.draw import Drawn
from paribus.present.figures.shown import AccuracyRow, FinalAccuracies, LearningCurves, RunCurves
from paribus.present.findings import shown_findings
from paribus.present.forest import forest
from paribus.present.forest_view import group_views
from paribus.present.many_runs import BARS
from paribus.present.report_figures import figures_of
from paribus.present.view import report_view
from tests.support.judged import compared, finding_of
from tests.support.made_up import DATA, Make, run

ZEROS = np.zeros(101)
MANY = np.random.default_rng(1).normal(0.004, 0.001, 101)


def curves(runs: int, epochs: int = 4, diverged: int = 0) -> LearningCurves:
    values_R4E = np.random.default_rng(2).uniform(0.1, 0.9, (runs, 4, epochs))
    return LearningCurves(
        "a",
        tuple(
            RunCurves(
                train_loss=values_4E[0],
                train_accuracy=values_4E[1],
                test_loss=values_4E[2],
                test_accuracy=values_4E[3],
                finished=number >= diverged,
                diverged=number < diverged,
                averaged=number >= diverged,
                kept_epoch=epochs,
            )
            for number, values_4E in enumerate(values_R4E)
        ),
    )


def test_a_finding_of_many_seeds_has_bars_over_90_percent_and_half_of_them() -> None:
    finding = finding_of(compared(ZEROS, MANY))
    picture = forest([finding], preview=False)
    assert picture is not None
    (group,) = picture.groups
    (row,) = group.rows
    low, lower, upper, high = np.quantile(100 * MANY, [0.05, 0.25, 0.75, 0.95])
    assert row.dots == ()
    assert np.ravel(row.bars) == pytest.approx([low, high, lower, upper])
    (row_view,) = group_views(picture)[0].rows
    assert [bar.width for bar in row_view.bars] == pytest.approx(
        [37 * (high - low) / group.limit, 37 * (upper - lower) / group.limit], abs=0.02
    )
    view = shown_findings([finding], introduction="", how_to_read="", preview=False)
    assert view.bars == BARS
    texts = Drawn(picture).svgs().wide.decode()
    assert "more than 100: a bar over the middle 90%" in texts


def test_a_hundred_seeds_are_dots() -> None:
    picture = forest([finding_of(compared(ZEROS[:100], MANY[:100]))], preview=False)
    assert picture is not None
    (row,) = picture.groups[0].rows
    assert row.dots == pytest.approx(100 * MANY[:100])
    assert (row.bars, picture.has_bars) == ((), False)
    assert "middle 90%" not in Drawn(picture).svgs().wide.decode()


def test_learning_curves_of_many_runs_are_bands_and_crosses_of_the_diverged() -> None:
    shown = curves(130, diverged=2)
    figure = draw_curves(shown)
    cost: Any = figure.axes[0]
    loss_RE = np.array([one.test_loss for one in shown.averaged])
    wide, half = (band.get_paths()[0].vertices for band in cost.collections[2:4])
    for vertices, shares in ((wide, (0.05, 0.95)), (half, (0.25, 0.75))):
        for epoch in range(1, 5):
            ends = vertices[vertices[:, 0] == epoch, 1]
            expected = np.quantile(loss_RE[:, epoch - 1], shares)
            assert [ends.min(), ends.max()] == pytest.approx(expected)
    crosses = [line for line in cost.lines if line.get_marker() == "x"]
    assert np.ravel(crosses[1].get_ydata()) == pytest.approx(
        [one.test_loss[-1] for one in shown.runs[:2]]
    )
    texts = [text.get_text() for text in cost.get_legend().get_texts()]
    assert texts[2] == "middle 90% of the runs, darker: middle half"
    assert len(cost.lines) == 2 + 2


@pytest.mark.parametrize("shown", [curves(101, epochs=1), curves(101, diverged=101)])
def test_many_runs_of_one_epoch_or_all_diverged_are_drawn(shown: LearningCurves) -> None:
    svgs = Drawn(shown).svgs()
    assert svgs.narrow is not None
    assert b"middle 90% of the runs" in svgs.wide
    assert b"middle 90% of the runs" in svgs.narrow


def test_a_hundred_learning_curves_are_lines() -> None:
    cost: Any = draw_curves(curves(100)).axes[0]
    assert len(cost.lines) == 2 * 100 + 2
    assert len(cost.get_legend().get_texts()) == 2


def test_accuracies_of_many_runs_are_bars_that_the_axis_holds() -> None:
    rows = (
        AccuracyRow("a", 0.9 + MANY, None, "90%"),
        AccuracyRow("b", 0.9 + MANY[:9], None, "90%"),
    )
    drawn = draw_accuracies(FinalAccuracies(rows, 10_000))
    axes: Any = drawn.axes[0]
    wide, half = axes.lines
    assert wide.get_xdata() == pytest.approx(0.1 - np.quantile(MANY, [0.95, 0.05]))
    assert half.get_xdata() == pytest.approx(0.1 - np.quantile(MANY, [0.75, 0.25]))
    (dots,) = (one for one in axes.collections if len(one.get_offsets()) == 9)
    assert dots.get_offsets().data[:, 0].tolist() == pytest.approx((0.1 - MANY[:9]).tolist())
    assert "More than 100 dots" in drawn.get_supxlabel()


def test_the_page_names_the_first_and_the_last_of_many_runs(make: Make) -> None:
    result = make(
        ["mlp"],
        seeds=103,
        runs=lambda name, seed: replace(
            run(seed, 2, "finished", DATA), status="failed" if seed == 7 else "finished"
        ),
    )
    figures = figures_of(result, [])
    view = report_view(result, [], None, figures)
    (experiment,) = view.experiments
    assert [one.id for one in experiment.runs] == ["run-0", "run-102"]
    assert experiment.most_runs == "102 finished, 1 failed"
    assert figures.accuracy is not None
    assert BARS in figures.accuracy.text
