"""Figures as PDF can be read at the width that a portrait page gives them, and lack nothing; nor
does the wide one of findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from paribus.present.figures.draw import Drawn, paper_figures
from paribus.present.figures.forest import forest as wide_forest
from paribus.present.figures.shown import (
    ConfusionMatrix,
    CurvesSideBySide,
    Forest,
    ForestGroup,
    ForestRow,
    Misclassified,
    Shown,
    Tick,
)
from paribus.present.report_figures import figures_of
from paribus.questions.family import judge_study
from tests.support.made_up import Make

LINE_WIDTH, MOST_HEIGHT = 345 / 72.27, 0.85 * 598 / 72.27
"""Inches, of LaTeX's article on A4, with README's options."""
LEAST = 6
"""Points of letters as they are printed."""
SENTENCE = "Does a wider first layer help where the learning rate is warmed up over five epochs?"

pytestmark = pytest.mark.slow


def forest(rows: int) -> Forest:
    row = ForestRow(
        number=1, question="", sides="a-rather-long-name 98.12% → another-long-name 98.53%",
        n="n = 20 seeds", verdict="better", word="better", numbers="+0.41 points [+0.18, +0.63]",
        estimate=0.41, low=0.18, high=0.63, band=0.1, dots=(0.3, 0.5), claim="equal",
        why="2 runs of one side diverged, which count as worse",
    )  # fmt: skip
    asked = tuple(
        ForestRow(**{**vars(row), "number": n, "question": f"{n}. {SENTENCE}"})
        for n in range(1, rows + 1)
    )
    ticks = tuple(Tick(at, f"{at:+}") for at in (-0.5, -0.25, 0.0, 0.25, 0.5))
    ends = "less accurate", "more accurate"
    groups = [
        ForestGroup("Final test accuracy", "points", *ends, 0.5, ticks, part, scaled=scaled)
        for part, scaled in (
            (asked[: rows // 3], ""),
            (asked[rows // 3 :], "the smaller differences, drawn 200 times larger than above"),
        )
    ]
    return Forest(tuple(groups), f"{rows} questions", has_original=True)


def kinds(make: Make) -> Iterator[Shown]:
    result = make(["mlp", "cnn"])
    for figure in figures_of(result, judge_study(result)):
        yield figure.shown
        match figure.shown:
            case CurvesSideBySide(experiments=experiments):
                yield CurvesSideBySide(experiments * 10, figure.shown.curve, 10_000)
            case Misclassified(images=images):
                yield Misclassified("a-long-name" * 4, images[:1] * 10, 3)
    for classes in (10, 30, 100):
        names = tuple(f"a class called {number}" for number in range(classes))
        yield ConfusionMatrix("cnn", names, np.full((classes, classes), 12.3), 3)
    yield forest(4)


def texts(page: Figure) -> list[Text]:
    canvas: Any = FigureCanvasAgg(page)
    canvas.draw()
    found = page.findobj(lambda one: isinstance(one, Text) and one.get_visible())
    shown = [one for one in found if isinstance(one, Text) and one.get_text().strip()]
    # Ticks beyond an axis have a text, too.
    return [one for one in shown if one.get_window_extent().width > 0]


def test_letters_can_be_read_and_are_on_the_page(make: Make) -> None:
    seen = set()
    for shown in kinds(make):
        for page in paper_figures(shown):
            width, height = page.get_size_inches()
            printed = min(LINE_WIDTH / width, MOST_HEIGHT / height)
            for text in texts(page):
                where = f"{type(shown).__name__}: {text.get_text()!r}"
                assert text.get_fontsize() * printed >= LEAST, where
                box = text.get_window_extent()
                if not isinstance(shown, Forest):
                    continue
                assert 0 <= box.x0 < box.x1 <= page.bbox.x1, where
                assert 0 <= box.y0 < box.y1 <= page.bbox.y1, where
        seen.add(type(shown).__name__)
    assert seen >= {"Forest", "FinalAccuracies", "LearningCurves", "CurvesTogether"}
    assert seen >= {"ConfusionMatrix", "Misclassified"}


@pytest.mark.parametrize("why", ["", "stopped: 100 seeds would hardly decide it, " * 2])
def test_no_text_leaves_the_wide_figure_of_findings(why: str) -> None:
    shown = forest(4)
    groups = [
        replace(group, rows=tuple(replace(row, why=why or row.why) for row in group.rows))
        for group in shown.groups
    ]
    figure = wide_forest(replace(shown, groups=tuple(groups)))
    for text in texts(figure):
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1, text.get_text()


@pytest.mark.parametrize("rows", [3, 7, 40])
def test_findings_are_on_as_many_pages_as_they_take(rows: int) -> None:
    pages = paper_figures(forest(rows))
    heads = [page.texts[0].get_text() for page in pages]
    if rows <= 7:
        assert heads == [f"{rows} questions"]
    else:
        of = len(pages)
        assert heads == [f"{rows} questions (page {n} of {of})" for n in range(1, of + 1)]
    written = [text.get_text() for page in pages for text in texts(page)]
    begun = [int(found[1]) for text in written if (found := re.match(r"(\d+)\. Does a", text))]
    assert begun == list(range(1, rows + 1))
    pdf = Drawn(forest(rows)).file("pdf")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == len(pages)


def test_texts_of_a_row_do_not_run_into_each_other() -> None:
    (page,) = paper_figures(forest(4))
    boxes = [text.get_window_extent() for text in texts(page)]
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            across = min(one.x1, other.x1) - max(one.x0, other.x0)
            down = min(one.y1, other.y1) - max(one.y0, other.y0)
            # A line's box has room for letters that its text has not.
            assert min(across, down) < 2.5
