"""Figure of tuning curves: what fewer trials would have given."""

# T trials, R replicates

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from paribus.present.figures.seeds import draw_seeds
from paribus.present.figures.shown import TuningCurveOf, TuningCurves
from paribus.present.figures.style import COLORS, accuracy_scale, errors, loss_scale, style
from paribus.present.many_runs import reached
from paribus.text import percent, short_name

Floats = NDArray[np.float64]

_EXPLAINED = f"trials per replicate; line: mean over replicates, band: its {percent(0.95)} interval"
_EXPLAINED_NARROW = (
    f"trials per replicate; mean and {percent(0.95)} interval;\nwinners: trained again"
)
_WINNERS = "winners,\ntrained again"
_MARKERS = ("o", "s")
_LINES = ("-", "--")


def tuning_curves(shown: TuningCurves, *, narrow: bool = False) -> Figure:
    """Draw the expected result of the best of so many trials, for both sides of a question.

    narrow: for a phone.
    """
    with style():
        figure = Figure(figsize=(4.0, 3.6) if narrow else (9, 3.9), layout="constrained")
        axes = figure.add_subplot()
        trials = max(len(side.mean_T) for side in shown.sides)
        # For the names below the axis a narrow figure needs more room.
        places = [trials * share + 0.45 for share in ((1.16, 1.3) if narrow else (1.07, 1.13))]
        drawn = []
        for number, side in enumerate(shown.sides):
            drawn += _draw(axes, shown, side, number=number, place=places[number])
        if shown.is_accuracy:
            accuracy_scale(axes, "y", drawn)
        elif shown.is_loss:
            loss_scale(axes, drawn)
        axes.axvline(trials * 1.03 + 0.15, color="#bbbbbb", linewidth=0.8)
        axes.set_xlim(0.7, places[1] + 0.06 * trials + 0.2)
        steps = MaxNLocator(nbins=6 if narrow else 10, integer=True, steps=[1, 2, 5, 10])
        inner = [int(tick) for tick in steps.tick_values(1, trials) if 1 < tick <= 0.93 * trials]
        ticks = [1, *inner, trials]
        axes.set_xticks(
            [*ticks, sum(places) / 2], [*map(str, ticks), "winners" if narrow else _WINNERS]
        )
        axes.xaxis.get_gridlines()[-1].set_visible(False)
        axes.set_ylabel(shown.label)
        axes.set_xlabel(_EXPLAINED_NARROW if narrow else _EXPLAINED)
        axes.legend(loc="best")
    return figure


def _draw(
    axes: Axes, shown: TuningCurves, side: TuningCurveOf, *, number: int, place: float
) -> list[Floats]:
    """Draw a side; return all that is drawn of it, for the axis."""
    color, marker = COLORS[number], _MARKERS[number]
    mean_T, low_T, high_T, winners_R = (
        _on_axis(shown, value) for value in (side.mean_T, side.low_T, side.high_T, side.winners_R)
    )
    trials_T = np.arange(1, len(mean_T) + 1)
    axes.fill_between(trials_T, low_T, high_T, color=color, alpha=0.16, linewidth=0)
    axes.plot(
        trials_T, mean_T, _LINES[number], color=color, linewidth=1.8, marker=marker,
        markersize=3.5, label=f"{short_name(side.name, 28)}, n = {len(winners_R)} replicates",
    )  # fmt: skip
    draw_seeds(
        axes, winners_R, place, upright=True, width=9, color=color, alpha=0.6, s=26, marker=marker
    )
    known_R = side.winners_R[np.isfinite(side.winners_R)]
    if len(known_R):
        mean = _on_axis(shown, known_R.mean(keepdims=True))
        axes.scatter([place], mean, marker="_", s=240, color="#000000", linewidths=1.6)
    # A band of few replicates can reach far beyond all that was measured: it runs off the figure.
    return [mean_T, reached(winners_R)]


def _on_axis(shown: TuningCurves, value: Floats) -> Floats:
    # A logarithmic axis has no place for no error at all: it is drawn as half an image.
    return errors(value, 0.5 / shown.test_images) if shown.is_accuracy else value * shown.scale
