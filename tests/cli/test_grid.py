"""A grid of 3 × 3 from the command line: its figure, its answer, and its numbers."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from paribus import load_study
from paribus.campaign.campaign import make
from paribus.present.figures.draw import figure
from paribus.present.grid import grid_lines
from paribus.store.open import open_store
from tests.support.commands import call_apart, train_here
from tests.support.page import page

STUDY = """
title = "Grid"
data = "digits"
seeds = 3

[experiments.mlp]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.01 }
epochs = 1

[grid]
lr = [0.01, 0.1, 1e38]
batch_size = [64, 128, 256]

[[questions]]
ask = "Which is best?"
best = "grid"
matters = 0.01
"""


@pytest.mark.thorough
def test_grid_is_trained_judged_and_drawn(tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(STUDY)
    done = call_apart("run", "grid.toml", "--no-timing", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = tmp_path / "report"
    ElementTree.parse(report / "figures" / "grid.svg")
    assert (report / "figures" / "grid.png").stat().st_size > 10_000
    assert "grid" in page(report / "index.html").ids
    with (report / "tables" / "best.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 9

    campaign = make(str(tmp_path / "grid.toml"), store_folder=tmp_path / "runs")
    with open_store(tmp_path / "runs", "read") as store:
        result = campaign.result(store, campaign.known(store))
    shown = grid_lines(result)
    assert shown is not None
    assert shown.label == "learning rate"
    assert shown.is_logarithmic
    # What diverged is said, and not drawn.
    names = ["mlp-lr-0.01-batch_size-64", "mlp", "mlp-lr-0.01-batch_size-256"]
    assert [line.name for line in shown.lines] == [f"batch size {n}" for n in (64, 128, 256)]
    for line, name in zip(shown.lines, names, strict=True):
        np.testing.assert_array_equal(
            line.value_LR[0], result.experiments[name].final("test_accuracy")
        )
        assert line.interval_L[0] is not None
        low, high = line.interval_L[0]
        assert low < line.value_LR[0].mean() < high
    diverged = sum(len(one.diverged) for one in result.experiments.values())
    assert diverged > 0
    assert shown.ticks[2].text == f"1e+38\n({diverged} diverged)"
    axes = figure(shown).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()][:2] == ["0.01", "0.1"]


@pytest.mark.slow
def test_lines_are_named_by_setting_and_value(tmp_path: Path) -> None:
    base, _, _ = STUDY.partition("[grid]")
    base = base.replace("seeds = 3", "seeds = 1\nvalidation = 100")
    grid = '[grid]\nlr = [0.1, 0.2]\nbest_by = ["none", "validation_loss"]\n'
    (tmp_path / "grid.toml").write_text(base + grid)
    shown = grid_lines(train_here(tmp_path / "grid.toml")._result)
    assert shown is not None
    assert [line.name for line in shown.lines] == [
        "kept epoch the last",
        "kept epoch lowest validation loss",
    ]


def test_study_without_a_grid_has_no_such_figure(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(STUDY.partition("[grid]")[0])
    assert load_study(str(tmp_path / "a.toml"))[0].grid is None
