"""Figure of a confusion matrix."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paribus.present.figures.shown import ConfusionMatrix
from paribus.present.figures.style import GRAY, PAPER_WIDTH, style
from paribus.text import short_name, shortened

# K classes

# Numbers in the cells of a larger confusion matrix could not be read.
_MOST_NUMBERED, _MOST_NUMBERED_ON_PAPER = 30, 14
_MOST_NAMED, _MOST_NAMED_ON_PAPER = 60, 34


def confusion_matrix(shown: ConfusionMatrix, *, paper: bool = False) -> Figure:
    """Draw true against predicted class. Only errors are colored: the diagonal would drown them.

    paper: at most as wide as a page's text.
    """
    classes, counts_KK, runs = len(shown.class_names), shown.counts_KK, shown.runs
    with style():
        size = min(max(5.0, 0.52 * classes + 1.4), PAPER_WIDTH if paper else 15.0)
        figure = Figure(figsize=(size, size), layout="constrained")
        axes = figure.add_subplot()
        errors_KK = np.ma.masked_array(counts_KK, np.eye(classes, dtype=bool))
        highest = max(float(errors_KK.max()), 1.0)
        picture = axes.imshow(errors_KK, cmap=_errors_colors(), vmin=0, vmax=highest)
        if classes <= (_MOST_NUMBERED_ON_PAPER if paper else _MOST_NUMBERED):
            _numbers(axes, shown, highest)
        else:
            figure.colorbar(picture, label="images per run", shrink=0.6)
        _names(axes, shown.class_names, _MOST_NAMED_ON_PAPER if paper else _MOST_NAMED)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        mean = f"mean of n = {runs} runs" if runs > 1 else "n = 1 run"
        name = short_name(shown.name, 24 if paper else 40)
        axes.set_title(f"{name}: test images, {mean}", fontsize=10 if paper else 10.5)
    return figure


def _numbers(axes: Axes, shown: ConfusionMatrix, highest: float) -> None:
    for truth, taken in np.argwhere(shown.counts_KK > 0):
        count, diagonal = shown.counts_KK[truth, taken], truth == taken
        dark = not diagonal and count > 0.55 * highest
        text = f"{count:.0f}" if diagonal or shown.runs == 1 else f"{count:.1f}"
        color = "white" if dark else GRAY if diagonal else "black"
        axes.text(taken, truth, text, fontsize=9, color=color, ha="center", va="center")


def _names(axes: Axes, class_names: tuple[str, ...], most: int) -> None:
    classes, named = len(class_names), len(class_names) <= most
    if named:
        names = [shortened(name, 18) for name in class_names]
        turn = 90 if max(map(len, names)) > 3 else 0
        axes.set_xticks(range(classes), names, rotation=turn)
        axes.set_yticks(range(classes), names)
        axes.tick_params(labelsize=8 if classes > _MOST_NUMBERED_ON_PAPER else 10)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(classes - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(classes - 1) + 0.5, minor=True)
    if named:
        axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)


def _errors_colors() -> Any:
    return mpl.colormaps["Blues"].with_extremes(bad="#f1f1f1")
