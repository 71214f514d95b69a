"""The figures of a report, as matplotlib figures; nothing of matplotlib's global state is used."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from paribus.analysis import ExperimentResult, Run, StudyResult
from paribus.data.dataset import Dataset
from paribus.report import numbers
from paribus.report.predictions import Mistake

# E epochs, K classes, R runs

# Okabe and Ito's colours, which colour-blind readers can tell apart; their yellow is left out as
# too pale for lines. Where they run out, the line style changes.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_STYLES = ("-", "--", ":", "-.")
_GREY = "#767676"

_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "none",
    # The same figure gives the same bytes.
    "svg.hashsalt": "paribus",
}

# Where an accuracy axis has its ticks: ever finer towards 100 %.
_ACCURACIES = (0.1, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)


def _style() -> AbstractContextManager[None]:
    settings: Any = _STYLE
    return mpl.rc_context(settings)


def render(figure: Figure) -> tuple[bytes, bytes]:
    """A figure as SVG and as PNG (150 dots an inch)."""
    svg, png = BytesIO(), BytesIO()
    with _style():
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": "Paribus"})
        figure.savefig(png, format="png", dpi=150, metadata={"Software": "Paribus"})
    return svg.getvalue(), png.getvalue()


def final_accuracies(result: StudyResult) -> Figure | None:
    """Every experiment's final test accuracy, each seed a dot; None before any run has finished."""
    shown = [r for r in result.experiments.values() if r.finished]
    if not shown:
        return None
    with _style():
        figure = Figure(figsize=(8, 1.3 + 0.36 * len(shown)), layout="constrained")
        axes = figure.add_subplot()
        images = len(result.dataset.test_labels)
        for row, experiment in enumerate(shown):
            errors = _errors(experiment.final("test_accuracy"), images)
            axes.scatter(errors, np.full(len(errors), row), s=26, color=_COLOURS[0], alpha=0.75,
                         linewidths=0)  # fmt: skip
            mean = _errors(experiment.final("test_accuracy").mean(keepdims=True), images)
            axes.scatter(mean, [row], marker="|", s=260, color="#000000", linewidths=1.6)
        axes.set_yticks(range(len(shown)), [f"{r.name}  (n = {len(r.finished)})" for r in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        _accuracy_scale(axes, "x")
        axes.set_xlabel(
            "final test accuracy: a dot for each seed, a bar at their mean\n"
            "(the axis is finer towards 100 %: equal distances are equal ratios of errors)"
        )
    return figure


def curves_overview(result: StudyResult) -> Figure | None:
    """Test accuracy and test loss of all experiments over the epochs: mean and range of seeds."""
    shown = [r for r in result.experiments.values() if any(run.epochs for run in r.runs)]
    if not shown:
        return None
    with _style():
        height = max(4.4, 1.4 + 0.24 * len(shown))
        figure = Figure(figsize=(11, height), layout="constrained")
        left, right = figure.subplots(1, 2)
        images = len(result.dataset.test_labels)
        for number, experiment in enumerate(shown):
            look = {
                "color": _COLOURS[number % len(_COLOURS)],
                "linestyle": _STYLES[number // len(_COLOURS) % len(_STYLES)],
            }
            label = f"{experiment.name} (n = {len(experiment.runs)})"
            accuracy_RE = _stack(experiment.runs, "test_accuracy")
            _band(left, _errors(accuracy_RE, images), label, look)
            _band(right, _stack(experiment.runs, "test_loss"), label, look)
        _accuracy_scale(left, "y")
        left.set_ylabel("test accuracy")
        right.set_yscale("log")
        right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        right.yaxis.set_minor_formatter(FuncFormatter(_few_minor_labels))
        right.set_ylabel("test loss (cross entropy, nats)")
        for axes in (left, right):
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper")
    return figure


def learning_curves(result: ExperimentResult) -> Figure | None:
    """Cost on the left, accuracy on the right, as the original report had them: the mean over
    seeds, each seed a thin line behind it. None before the first epoch."""
    runs = [run for run in result.runs if run.epochs]
    if not runs:
        return None
    with _style():
        figure = Figure(figsize=(9, 3.9), layout="constrained")
        figure.suptitle(result.name, fontweight="bold")
        cost, accuracy = figure.subplots(1, 2)
        for axes, curve, form, scale in (
            (cost, "loss", ".4f", 1.0),
            (accuracy, "accuracy", ".2f", 100.0),
        ):
            for split, colour in (("train", _COLOURS[1]), ("test", _COLOURS[0])):
                values_RE = _stack(runs, f"{split}_{curve}") * scale
                last = np.array([values[~np.isnan(values)][-1] for values in values_RE
                                 if not np.isnan(values).all()])  # fmt: skip
                unit = " %" if curve == "accuracy" else ""
                label = f"{split}: {numbers.spread(last, form)}{unit} (n = {len(last)})"
                epochs = np.arange(1, values_RE.shape[1] + 1)
                if len(runs) > 1:
                    axes.plot(epochs, values_RE.T, color=colour, alpha=0.3, linewidth=0.7)
                axes.plot(epochs, _nan_mean(values_RE), color=colour, linewidth=1.8, label=label)
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend()
        cost.set_ylabel("cost (cross entropy, nats)")
        accuracy.set_ylabel("accuracy (%)")
        figure.supxlabel(_recipe(result), fontsize=9, color=_GREY)
    return figure


def confusion_matrix(
    counts_KK: NDArray[np.float64], class_names: Sequence[str], name: str, runs: int
) -> Figure:
    """True against predicted class. Only errors are coloured: the diagonal would drown them."""
    classes = len(class_names)
    with _style():
        size = max(5.0, 0.56 * classes + 1.4)
        figure = Figure(figsize=(size, size), layout="constrained")
        axes = figure.add_subplot()
        errors_KK = np.ma.masked_array(counts_KK, np.eye(classes, dtype=bool))
        highest = max(float(errors_KK.max()), 1.0)
        axes.imshow(errors_KK, cmap=_errors_colours(), vmin=0, vmax=highest)
        for truth in range(classes if classes <= 30 else 0):
            for taken in range(classes):
                count = counts_KK[truth, taken]
                if count:
                    diagonal = truth == taken
                    dark = not diagonal and count > 0.6 * highest
                    text = f"{count:.0f}" if diagonal or runs == 1 else f"{count:.1f}"
                    colour = "white" if dark else _GREY if diagonal else "black"
                    axes.text(
                        taken, truth, text, fontsize=8.5, color=colour, ha="center", va="center"
                    )
        turn = 90 if max(map(len, class_names)) > 3 else 0
        axes.set_xticks(range(classes), class_names, rotation=turn)
        axes.set_yticks(range(classes), class_names)
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        mean = f"mean of {runs} runs" if runs > 1 else "of 1 run"
        axes.set_title(f"{name}: test images, {mean}", fontsize=10.5)
    return figure


def misclassified(dataset: Dataset, mistakes: Sequence[Mistake], name: str, runs: int) -> Figure:
    """Misclassified test images, with their true class and what they were taken for."""
    columns = 5
    rows = -(-len(mistakes) // columns)
    with _style():
        figure = Figure(figsize=(8.5, 2.35 * rows + 0.5), layout="constrained")
        figure.suptitle(f"{name}: images that most of its {runs} runs get wrong"
                        if runs > 1 else f"{name}: images that its 1 run gets wrong",
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
            of = f"{mistake.wrong} of {runs} wrong" if runs > 1 else ""
            axes.set_title(f"{truth}, taken for {taken}", fontsize=9.5)
            axes.set_xlabel(f"no. {mistake.image}  {of}", fontsize=8, color=_GREY)
    return figure


def _recipe(result: ExperimentResult) -> str:
    experiment = result.experiment
    parts = [
        f"batch size {experiment.batch_size}",
        f"learning rate {experiment.optimizer.lr:g} ({experiment.optimizer.name})",
        f"{experiment.epochs} epochs",
        f"training time {numbers.train_time(result)}"
        + (f" (mean of {len(result.finished)} runs)" if len(result.finished) > 1 else ""),
    ]
    return "\n".join(textwrap.wrap(", ".join(parts), 110))


def _stack(runs: Sequence[Run], curve: str) -> NDArray[np.float64]:
    """A curve of several runs, (R, E); runs that are not as far end in NaN."""
    curves = [getattr(run.curves, curve) for run in runs]
    stacked = np.full((len(curves), max(map(len, curves))), np.nan)
    for row, values in zip(stacked, curves, strict=True):
        row[: len(values)] = values
    # A diverged run's infinities would stretch the axis.
    stacked[~np.isfinite(stacked)] = np.nan
    return stacked


def _nan_mean(values_RE: NDArray[np.float64]) -> NDArray[np.float64]:
    counts = (~np.isnan(values_RE)).sum(0)
    sums = np.nansum(values_RE, axis=0)
    mean: NDArray[np.float64] = np.full(len(counts), np.nan)
    np.divide(sums, counts, out=mean, where=counts > 0)
    return mean


def _band(axes: Axes, values_RE: NDArray[np.float64], label: str, look: dict[str, Any]) -> None:
    epochs = np.arange(1, values_RE.shape[1] + 1)
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, _nan_mean(values_RE), label=label, marker=marker, linewidth=1.6, **look)
    if len(values_RE) > 1:
        known = ~np.isnan(values_RE).all(0)
        low, high = np.nanmin(values_RE[:, known], 0), np.nanmax(values_RE[:, known], 0)
        axes.fill_between(epochs[known], low, high, color=look["color"], alpha=0.15, linewidth=0)


def _errors(accuracy: NDArray[np.float64], images: int) -> NDArray[np.float64]:
    """Shares of errors for a logarithmic axis, which has no place for none: half an image."""
    errors: NDArray[np.float64] = np.maximum(1 - accuracy, 0.5 / images)
    return errors


def _accuracy_scale(axes: Axes, which: str) -> None:
    """Make an axis of errors one of accuracies: logarithmic in the error, 100 % at its far end."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    set_scale, get, set_ = (
        (axes.set_xscale, axes.get_xlim, axes.set_xlim)
        if which == "x"
        else (axes.set_yscale, axes.get_ylim, axes.set_ylim)
    )
    set_scale("log")
    low, high = sorted(get())
    axis.set_major_locator(mpl.ticker.FixedLocator([1 - a for a in _ACCURACIES]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 * (1 - error):g} %"))
    set_(high, low)


def _few_minor_labels(value: float, _: int) -> str:
    """Labels at 2 and 5 of each decade, where the axis spans too little to show decades."""
    digit = value / 10 ** np.floor(np.log10(value))
    return f"{value:g}" if round(digit) in (2, 5) else ""


def _errors_colours() -> Any:
    return mpl.colormaps["Blues"].with_extremes(bad="#f1f1f1")


def _picture(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(C, H, W) as matplotlib wants it: (H, W) in grey, (H, W, 3) in colour."""
    return image[0] if len(image) == 1 else image.transpose(1, 2, 0)
