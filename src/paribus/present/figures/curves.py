"""Figures of learning curves: all experiments together, and each on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from paribus.present.figures.shown import (
    LEAST_ERRORS,
    CurvesSideBySide,
    CurvesTogether,
    LearningCurves,
    RunCurves,
)
from paribus.present.figures.style import (
    COLORS,
    GRAY,
    PAPER_WIDTH,
    accuracy_scale,
    errors,
    loss_scale,
    style,
)
from paribus.present.many_runs import spans
from paribus.text import loss_spread, short_name, spread

# E epochs, R runs

_BANDS = "middle 90% of the runs, darker: middle half"
_WIDTH = 10.0
_ROWS_ON_PAPER = 4

_LABELS = {
    "test_accuracy": "test accuracy",
    "test_loss": "test loss (cross entropy, nats)",
}


def curves_together(shown: CurvesTogether, *, paper: bool = False) -> Figure:
    """Draw test accuracy beside test loss, a line for each experiment.

    paper: as wide as a page's text.
    """
    with style():
        size = (PAPER_WIDTH, 3.4) if paper else (_WIDTH, 4.3)
        figure = Figure(figsize=size, layout="constrained")
        for axes, curve in zip(figure.subplots(1, 2), _LABELS, strict=True):
            drawn = []
            for experiment, color in zip(shown.experiments, COLORS, strict=False):
                values_RE = _on_axis(_stack(experiment.averaged, curve), curve, shown.test_images)
                label = f"{short_name(experiment.name, 24)} (n = {len(values_RE)})"
                _band(axes, values_RE, color, label=label)
                drawn.append(values_RE)
            _scale(axes, curve, drawn)
            axes.set_ylabel(_LABELS[curve])
            axes.set_xlabel("epoch")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2 if paper else 3)
    return figure


def curves_side_by_side(shown: CurvesSideBySide) -> Figure:
    """Draw a small panel for each experiment, the one it is a variant of behind it in gray."""
    return _panels(shown, shown.experiments, _WIDE)


def paper_curves(shown: CurvesSideBySide) -> list[Figure]:
    """Draw them as wide as a page's text: a figure for a page."""
    most = _PAPER.columns * _ROWS_ON_PAPER
    parts = (shown.experiments[i : i + most] for i in range(0, len(shown.experiments), most))
    return [_panels(shown, part, _PAPER) for part in parts]


@dataclass(frozen=True)
class _Sheet:
    """The layout of panels. names: letters of an experiment's and its base's."""

    width: float
    """Inches."""
    columns: int
    names: tuple[int, int]


_WIDE, _PAPER = _Sheet(_WIDTH, 4, (32, 20)), _Sheet(PAPER_WIDTH, 3, (24, 10))


def _panels(
    shown: CurvesSideBySide, experiments: Sequence[LearningCurves], sheet: _Sheet
) -> Figure:
    """Panels of some experiments, with axes that all share."""
    curve = shown.curve
    values = {
        one.name: _on_axis(_stack(one.averaged, curve), curve, shown.test_images)
        for one in shown.experiments
    }
    with style():
        figure, panels = _grid(-(-len(experiments) // sheet.columns), sheet)
        for number, axes in enumerate(panels.flat):
            if number >= len(experiments):
                axes.remove()
                continue
            experiment = experiments[number]
            values_RE = values[experiment.name]
            below = f"n = {len(values_RE)}"
            if experiment.base in values:
                base_RE = values[experiment.base]
                base = short_name(experiment.base, sheet.names[1])
                below += f"; gray: {base}, n = {len(base_RE)}"
                axes.plot(np.arange(1, base_RE.shape[1] + 1), _mean(base_RE), color="#999999",
                          linewidth=1.2)  # fmt: skip
            _band(axes, values_RE, COLORS[0])
            name = short_name(experiment.name, sheet.names[0])
            axes.set_title(name, fontsize=8.5, loc="left", pad=15)
            axes.text(0, 1.03, below, transform=axes.transAxes, fontsize=8, color=GRAY)
            labeled = number + sheet.columns >= len(experiments)
            axes.tick_params(labelsize=8, labelbottom=labeled)
        _scale(panels[0, 0], curve, list(values.values()))
        figure.supylabel(_LABELS[curve], fontsize=10)
        figure.supxlabel("epoch", fontsize=10)
    return figure


def _grid(rows: int, sheet: _Sheet) -> tuple[Figure, Any]:
    """A figure of panels in places worked out here: what stands around a panel is known, and to
    have it measured by a layout engine takes longer than to draw it."""
    # Inches: around all panels, a panel's height, and between two of them for title and ticks.
    left, right, top, bottom, panel, between = 0.8, 0.1, 0.45, 0.55, 1.4, 0.64
    height = top + bottom + rows * panel + (rows - 1) * between
    width = sheet.width
    figure = Figure(figsize=(width, height))
    panels = figure.subplots(
        rows, sheet.columns, sharex=True, sharey=True, squeeze=False,
        gridspec_kw={
            "left": left / width, "right": 1 - right / width, "wspace": 0.08,
            "top": 1 - top / height, "bottom": bottom / height, "hspace": between / panel,
        },
    )  # fmt: skip
    return figure, panels


def learning_curves(shown: LearningCurves, *, narrow: bool = False) -> Figure:
    """Draw cost on the left, accuracy on the right: the mean over seeds, each seed a thin line
    behind it, or bands that hold most of many; under it the recipe.

    narrow: one above the other, without title and recipe, for a page that says both beside it.
    """
    with style():
        figure, (cost, accuracy) = _stacked(shown) if narrow else _pair(shown)
        above = (1.2 if narrow else 1.17) + (0.08 if shown.has_bands else 0)
        for axes, curve in ((cost, "loss"), (accuracy, "accuracy")):
            drawn = []
            for split, color in (("train", COLORS[1]), ("test", COLORS[0])):
                drawn += _seeds(axes, shown, f"{split}_{curve}", color)
            if shown.has_bands:
                axes.fill_between([], [], color=GRAY, alpha=0.4, label=_BANDS)
            _scale(axes, curve, drawn)
            axes.set_xlabel("epoch")
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, above), ncols=1)
        cost.set_ylabel("cost (cross entropy, nats)")
        accuracy.set_ylabel("accuracy")
    return figure


def _pair(shown: LearningCurves) -> tuple[Figure, Any]:
    # In places worked out here, as in `_grid`; a line of the recipe takes 0.16 inches.
    below = 0.16 * shown.recipe.count("\n")
    legend = 1.0 if shown.has_bands else 0.8
    height = 3.3 + legend + below
    figure = Figure(figsize=(9, height))
    figure.suptitle(short_name(shown.name, 70), fontweight="bold", y=1 - 0.1 / height)
    figure.supxlabel(shown.recipe, fontsize=9, color=GRAY, y=0.06 / height)
    panels = figure.subplots(
        1, 2,
        gridspec_kw={
            "left": 0.1, "right": 0.985, "wspace": 0.25,
            "top": 1 - legend / height, "bottom": (0.72 + below) / height,
        },
    )  # fmt: skip
    return figure, panels


def _stacked(shown: LearningCurves) -> tuple[Figure, Any]:
    figure = Figure(figsize=(4, 6.0 if shown.has_bands else 5.6))
    places = {"left": 0.225, "right": 0.97, "top": 0.925, "bottom": 0.08, "hspace": 0.42}
    if shown.has_bands:
        places |= {"top": 0.9, "hspace": 0.52}
    return figure, figure.subplots(2, 1, gridspec_kw=places)


def _seeds(axes: Axes, shown: LearningCurves, curve: str, color: str) -> list[NDArray[np.float64]]:
    """Draw a curve of the runs and the mean; return all that was drawn, (…, E) each."""
    split = curve.partition("_")[0]
    values_RE = _on_axis(_stack(shown.runs, curve), curve, 0)
    epochs = np.arange(1, values_RE.shape[1] + 1)
    marker = "o" if len(epochs) == 1 else None
    if shown.has_bands:
        drawn = [*_bands(axes, shown, curve, color), _crosses(axes, shown, values_RE, color)]
    else:
        drawn = [values_RE]
        _lines(axes, shown, values_RE, color)
    if shown.averaged:
        mean_E = _on_axis(_mean(_stack(shown.averaged, curve)), curve, 0)
        axes.plot(epochs[: len(mean_E)], mean_E, color=color, linewidth=1.8, marker=marker,
                  label=f"{split}: {_last(shown, curve)}")  # fmt: skip
    else:
        axes.plot([], [], color=color, label=f"{split}: no run finished (n = 0)")
    return drawn


def _lines(axes: Axes, shown: LearningCurves, values_RE: NDArray[np.float64], color: str) -> None:
    """Draw a thin line for each run, a cross where it diverged, a dot at an epoch it keeps."""
    epochs = np.arange(1, values_RE.shape[1] + 1)
    marker = "o" if len(epochs) == 1 else None
    if len(shown.runs) > 1:
        axes.plot(epochs, values_RE.T, color=color, alpha=0.35, linewidth=0.7, marker=marker)
    for run, row in zip(shown.runs, values_RE, strict=True):
        known = np.flatnonzero(~np.isnan(row))
        if run.diverged and len(known):
            end = known[-1]
            axes.plot(epochs[end], row[end], marker="x", color=color, markersize=7)
        elif run.finished and shown.keeps:
            kept = run.kept_epoch - 1
            axes.plot(epochs[kept], row[kept], marker="o", color=color, markersize=3.5)


def _bands(
    axes: Axes, shown: LearningCurves, curve: str, color: str
) -> Iterator[NDArray[np.float64]]:
    """Draw where most of the runs lie that the mean is of, as far as all of them have got; yield
    the ends of each band, (2, E)."""
    if not shown.averaged:
        return
    reached = min(run.epochs for run in shown.averaged)
    values_RE = _on_axis(_stack(shown.averaged, curve)[:, :reached], curve, 0)
    for span_2E in spans(values_RE):
        if reached == 1:
            axes.plot([1, 1], span_2E[:, 0], color=color, alpha=0.25, linewidth=8, zorder=1,
                      solid_capstyle="butt")  # fmt: skip
        else:
            epochs = np.arange(1, reached + 1)
            axes.fill_between(epochs, *span_2E, color=color, alpha=0.25, linewidth=0)
        yield span_2E


def _crosses(
    axes: Axes, shown: LearningCurves, values_RE: NDArray[np.float64], color: str
) -> NDArray[np.float64]:
    """Draw a cross where each run has diverged, all as one line, which is much faster than a line
    each; return the values at them."""
    is_known_RE = ~np.isnan(values_RE)
    is_last_RE = is_known_RE & (is_known_RE[:, ::-1].cumsum(1)[:, ::-1] == 1)
    is_last_RE &= np.array([[run.diverged] for run in shown.runs])
    last = values_RE[is_last_RE]
    if len(last):
        axes.plot(1 + np.nonzero(is_last_RE)[1], last, "x", color=color, markersize=7)
    return np.asarray(last)


def _last(shown: LearningCurves, curve: str) -> str:
    """The values of the epochs that runs keep for a legend; of runs in progress, those at the last
    epoch that all have reached."""
    runs = shown.averaged
    finished, reached = runs[0].finished, min(run.epochs for run in runs)
    last = np.array(
        [getattr(run, curve)[(run.kept_epoch if finished else reached) - 1] for run in runs]
    )
    percent = curve.endswith("accuracy")
    text = spread(last, ".2f", 100) if percent else loss_spread(last)
    of = (", kept epochs" if shown.keeps else "") if finished else f", so far: epoch {reached}"
    return f"{text}{'%' if percent else ''} (n = {len(runs)}{of})"


def _stack(runs: Sequence[RunCurves], curve: str) -> NDArray[np.float64]:
    """A curve of several runs, (R, E); runs that are not as far end in NaN."""
    curves = [getattr(run, curve) for run in runs]
    stacked = np.full((len(curves), max(map(len, curves))), np.nan)
    for row, values in zip(stacked, curves, strict=True):
        row[: len(values)] = values
    # A diverged run's infinities would stretch the axis.
    stacked[~np.isfinite(stacked)] = np.nan
    return stacked


def _on_axis(values: NDArray[np.float64], curve: str, images: int) -> NDArray[np.float64]:
    """Values of any shape as a logarithmic axis takes them: of an accuracy its errors, at least
    half an image (or `LEAST_ERRORS` where images is 0); of a loss those above 0."""
    if curve.endswith("accuracy"):
        return errors(values, 0.5 / images if images else LEAST_ERRORS)
    return np.where(values > 0, values, np.nan)


def _scale(axes: Axes, curve: str, drawn: Sequence[NDArray[np.float64]]) -> None:
    if curve.endswith("accuracy"):
        accuracy_scale(axes, "y", drawn)
    else:
        loss_scale(axes, drawn)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _mean(values_RE: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over runs, as far as all of them have got: a mean over fewer would jump."""
    mean: NDArray[np.float64] = values_RE.mean(0)
    return mean


def _band(axes: Axes, values_RE: NDArray[np.float64], color: str, **more: Any) -> None:
    """The mean of runs and, if there are several, their range."""
    epochs = np.arange(1, values_RE.shape[1] + 1)
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, _mean(values_RE), color=color, marker=marker, linewidth=1.5, **more)
    if len(values_RE) > 1:
        low, high = values_RE.min(0), values_RE.max(0)
        axes.fill_between(epochs, low, high, color=color, alpha=0.22, linewidth=0)
