"""Figures of what came out: final accuracies, the confusion matrix, misclassified images."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from paribus.analysis import StudyResult
from paribus.analysis.values import mean_interval
from paribus.data.dataset import Dataset
from paribus.present import numbers
from paribus.present.predictions import Mistake
from paribus.present.style import COLOURS, GREY, accuracy_scale, errors, style
from paribus.text import PERCENT, percent, shortened

# C channels, H rows, W columns, K classes

# Numbers in the cells of a larger confusion matrix could not be read.
_MOST_NUMBERED = 30
_MOST_NAMED = 60

_ACCURACIES = (
    "final test accuracy: a dot for each seed; a bar at their mean, a line over its "
    f"{percent(0.95)} interval; right: mean ± SD\n"
    f"(the axis is finer towards {percent(1)}: equal distances are equal ratios of errors)"
)
_NARROW_ACCURACIES = (
    "final test accuracy, mean ± SD; dots are seeds,\n"
    f"the bar their mean, the line its {percent(0.95)} interval;\n"
    "equal distances are equal ratios of errors"
)


def final_accuracies(result: StudyResult, *, narrow: bool = False) -> Figure | None:
    """Every experiment's final test accuracy, each seed a dot; None before any run has finished.

    narrow: names and numbers stand above their row, for a phone.
    """
    shown = [r for r in result.experiments.values() if r.finished]
    if not shown:
        return None
    # A logarithmic axis has no place for no error at all: it is drawn as half an image.
    least = 0.5 / len(result.dataset.test_labels)
    with style():
        size = (4.0, 1.2 + 0.5 * len(shown)) if narrow else (9, 1.3 + 0.36 * len(shown))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        drawn = [errors(experiment.final("test_accuracy"), least) for experiment in shown]
        # The interval of one weak experiment may reach 100 %, far beyond all runs: it runs off the
        # figure, or all others would be squeezed into a corner of it.
        fewest = min(float(errors_R.min()) for errors_R in drawn) / 3
        labels: list[str] = []
        for row, (experiment, errors_R) in enumerate(zip(shown, tuple(drawn), strict=True)):
            axes.scatter(errors_R, np.full(len(errors_R), row), s=30, color=COLOURS[0], alpha=0.6,
                         linewidths=0)  # fmt: skip
            mean = errors(experiment.final("test_accuracy").mean(keepdims=True), least)
            axes.scatter(mean, [row], marker="|", s=260, color="#000000", linewidths=1.6)
            if (interval := mean_interval(experiment.final("test_accuracy"))) is not None:
                ends = errors(interval, least)
                axes.plot(ends, [row, row], color="#000000", linewidth=1.6)
                drawn.append(np.maximum(ends, fewest))
            label = f"{shortened(experiment.name, 32)}, n = {len(errors_R)}"
            number = f"{numbers.accuracy(experiment, 'test_accuracy')}{PERCENT}"
            labels.append("" if narrow else label)
            at, across = ((1.0, -0.36), "right") if narrow else ((1.02, 0.0), "left")
            axes.text(
                at[0], row + at[1], number, va="center", ha=across,
                transform=axes.get_yaxis_transform(), fontsize=9,
            )  # fmt: skip
            if narrow:
                axes.text(0.0, row - 0.36, label, va="center", fontsize=9,
                          transform=axes.get_yaxis_transform())  # fmt: skip
        axes.set_yticks(range(len(shown)), labels)
        if narrow:
            axes.spines["left"].set_visible(False)
            axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(shown) - 0.5, -0.8 if narrow else -0.5)
        accuracy_scale(axes, "x", drawn)
        axes.set_xlabel(_NARROW_ACCURACIES if narrow else _ACCURACIES)
    return figure


def confusion_matrix(
    counts_KK: NDArray[np.float64], class_names: Sequence[str], name: str, runs: int
) -> Figure:
    """True against predicted class. Only errors are coloured: the diagonal would drown them."""
    classes = len(class_names)
    numbered, named = classes <= _MOST_NUMBERED, classes <= _MOST_NAMED
    with style():
        size = min(max(5.0, 0.52 * classes + 1.4), 15.0)
        figure = Figure(figsize=(size, size), layout="constrained")
        axes = figure.add_subplot()
        errors_KK = np.ma.masked_array(counts_KK, np.eye(classes, dtype=bool))
        highest = max(float(errors_KK.max()), 1.0)
        picture = axes.imshow(errors_KK, cmap=_errors_colours(), vmin=0, vmax=highest)
        for truth, taken in np.argwhere(counts_KK > 0) if numbered else []:
            count, diagonal = counts_KK[truth, taken], truth == taken
            dark = not diagonal and count > 0.55 * highest
            text = f"{count:.0f}" if diagonal or runs == 1 else f"{count:.1f}"
            colour = "white" if dark else GREY if diagonal else "black"
            axes.text(taken, truth, text, fontsize=9, color=colour, ha="center", va="center")
        if not numbered:
            figure.colorbar(picture, label="images a run", shrink=0.6)
        if named:
            names = [shortened(name, 18) for name in class_names]
            turn = 90 if max(map(len, names)) > 3 else 0
            axes.set_xticks(range(classes), names, rotation=turn)
            axes.set_yticks(range(classes), names)
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(classes - 1) + 0.5, minor=True)
        axes.set_yticks(np.arange(classes - 1) + 0.5, minor=True)
        if named:
            axes.grid(which="minor", color="white", linewidth=1.2)
        axes.tick_params(which="minor", length=0)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        mean = f"mean of n = {runs} runs" if runs > 1 else "n = 1 run"
        axes.set_title(f"{shortened(name, 40)}: test images, {mean}", fontsize=10.5)
    return figure


def misclassified(dataset: Dataset, mistakes: Sequence[Mistake], name: str, runs: int) -> Figure:
    """Misclassified test images, with their true class and what they were taken for."""
    columns = 5
    rows = -(-len(mistakes) // columns)
    with style():
        figure = Figure(figsize=(8.5, 2.2 * rows + 0.4), layout="constrained")
        figure.suptitle(f"{shortened(name, 40)}: images that most of its {runs} runs get wrong"
                        if runs > 1 else f"{shortened(name, 40)}: images that its 1 run gets wrong",
                        fontsize=10.5)  # fmt: skip
        for number, mistake in enumerate(mistakes, start=1):
            axes = figure.add_subplot(rows, columns, number)
            axes.imshow(_picture(dataset.test_images[mistake.image]), cmap="gray_r", vmin=0,
                        vmax=255)  # fmt: skip
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set_visible(True)
                spine.set_color("#bbbbbb")
            truth, taken = (dataset.class_names[k] for k in (mistake.truth, mistake.taken_for))
            of = f", {mistake.wrong} of {runs} wrong" if runs > 1 else ""
            title = _in_lines(f"{truth}, taken for {taken}", 24)
            axes.set_title(title, fontsize=9.5 if len(title) < 20 else 8)
            doubt = "\nlabel rejected" if mistake.image in dataset.label_errors else ""
            axes.set_xlabel(f"no. {mistake.image}{of}{doubt}", fontsize=8, color=GREY)
    return figure


def _errors_colours() -> Any:
    return mpl.colormaps["Blues"].with_extremes(bad="#f1f1f1")


def _picture(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(C, H, W) as matplotlib wants it: (H, W, 3) in colour, else (H, W) in grey, the mean of the
    channels."""
    if len(image) == 3:
        return image.transpose(1, 2, 0)
    grey: NDArray[np.uint8] = image.mean(0).astype(np.uint8)
    return grey


def _in_lines(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width)[:3])
