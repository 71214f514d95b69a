"""Figure of final accuracies."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paribus.present.figures.seeds import draw_seeds
from paribus.present.figures.shown import AccuracyRow, FinalAccuracies
from paribus.present.figures.style import COLORS, PAPER_WIDTH, accuracy_scale, errors, style
from paribus.present.many_runs import BARS, MOST_DOTS, reached
from paribus.text import percent, short_name

# R runs

_FINER = "equal distances are equal ratios of errors"
_EXPLAINED = (
    "final test accuracy: a dot for each seed; a bar at their mean, a line over its "
    f"{percent(0.95)} interval; right: mean ± SD\n"
    f"(the axis is finer towards {percent(1)}: {_FINER})"
)
_EXPLAINED_NARROW = (
    "final test accuracy, mean ± SD; dots are seeds,\n"
    f"the bar their mean, the line its {percent(0.95)} interval;\n"
    f"{_FINER}"
)


_EXPLAINED_ON_PAPER = (
    "final test accuracy, right: mean ± SD; dots are seeds, the bar their mean,\n"
    f"the line its {percent(0.95)} interval; {_FINER}"
)


def final_accuracies(
    shown: FinalAccuracies, *, narrow: bool = False, paper: bool = False
) -> Figure:
    """Draw every experiment's final test accuracy, each seed a dot, many of them bars.

    narrow: names and numbers stand above their row, for a phone. paper: as wide as a page's text.
    """
    rows = shown.rows
    # A logarithmic axis has no place for no error at all: it is drawn as half an image.
    least = 0.5 / shown.test_images
    with style():
        size = (4.0, 1.2 + 0.5 * len(rows)) if narrow else (9.0, 1.3 + 0.36 * len(rows))
        if paper:
            size = (PAPER_WIDTH, 1.1 + 0.3 * len(rows))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        values = [errors(row.value_R, least) for row in rows]
        drawn = [reached(errors_R) for errors_R in values]
        # The interval of one weak experiment may reach 100%, far beyond all runs: it runs off the
        # figure, or all others would be squeezed into a corner of it.
        fewest = min(float(errors_R.min()) for errors_R in drawn) / 3
        for place, (row, errors_R) in enumerate(zip(rows, values, strict=True)):
            draw_seeds(axes, errors_R, place, upright=False, width=9, color=COLORS[0], alpha=0.6,
                       s=30)  # fmt: skip
            mean = errors(row.value_R.mean(keepdims=True), least)
            axes.scatter(mean, [place], marker="|", s=260, color="#000000", linewidths=1.6)
            if row.interval is not None:
                ends = errors(row.interval, least)
                axes.plot(ends, [place, place], color="#000000", linewidth=1.6)
                drawn.append(np.maximum(ends, fewest))
            _write(axes, place, row, narrow=narrow)
        labels = ["" if narrow else _label(row, 22 if paper else 32) for row in rows]
        axes.set_yticks(range(len(rows)), labels, fontsize=9 if paper else 10)
        if narrow:
            axes.spines["left"].set_visible(False)
            axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(rows) - 0.5, -0.8 if narrow else -0.5)
        accuracy_scale(axes, "x", drawn)
        axes.tick_params(axis="x", labelsize=8 if paper else 10)
        explained = _EXPLAINED_NARROW if narrow else _EXPLAINED_ON_PAPER if paper else _EXPLAINED
        if any(len(row.value_R) > MOST_DOTS for row in rows):
            explained += f"\n{textwrap.fill(BARS, 50 if narrow else 75 if paper else 100)}"
        # Names take so much of the figure that the words are wider than the axes.
        figure.supxlabel(explained, fontsize=9 if paper else 10)
    return figure


def _write(axes: Axes, place: int, row: AccuracyRow, *, narrow: bool) -> None:
    """Write the number of a row, and above it its name where that is no tick's label."""
    transform = axes.get_yaxis_transform()
    if narrow:
        above = place - 0.36
        axes.text(1.0, above, row.text, va="center", ha="right", transform=transform, fontsize=9)
        axes.text(0.0, above, _label(row), va="center", fontsize=9, transform=transform)
    else:
        axes.text(1.02, place, row.text, va="center", ha="left", transform=transform, fontsize=9)


def _label(row: AccuracyRow, letters: int = 32) -> str:
    return f"{short_name(row.name, letters)}, n = {len(row.value_R)}"
