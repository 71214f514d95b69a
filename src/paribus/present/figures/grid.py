"""Figure of a grid: final accuracy along the values of a setting."""

# L values of the setting, R runs

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from paribus.present.figures.seeds import draw_seeds
from paribus.present.figures.shown import FactorLine, GridLines
from paribus.present.figures.style import COLORS, accuracy_scale, errors, style
from paribus.present.many_runs import reached
from paribus.text import short_name

Floats = NDArray[np.float64]

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_LINES = ("-", "--", ":", "-.")
_SPREAD, _WIDEST_LANE = 0.4, 0.1
"""Of the way between two values: what the lines share, and what one takes at most."""


def grid_lines(shown: GridLines, *, narrow: bool = False) -> Figure:
    """Draw the mean accuracy along a setting, a line for each combination of the others.

    narrow: for a phone.
    """
    with style():
        size = (4.0, 3.6) if narrow else (9, 3.9)
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        if shown.is_logarithmic:
            axes.set_xscale("log")
        drawn = []
        for number, line in enumerate(shown.lines):
            drawn += _draw(axes, shown, line, number)
        accuracy_scale(axes, "y", drawn)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks([tick.at for tick in shown.ticks], [tick.text for tick in shown.ticks])
        axes.set_xlabel(shown.label)
        axes.set_ylabel("final test accuracy")
        if shown.lines[0].name:
            figure.legend(loc="outside lower center" if narrow else "outside right upper", ncols=1)
    return figure


def _draw(axes: Axes, shown: GridLines, line: FactorLine, number: int) -> list[Floats]:
    """Draw a line; return all that is drawn of it, for the axis. Each line has a lane of its own
    beside a value, and in it a place for each run, so that no dot hides another."""
    color = COLORS[number % len(COLORS)]
    marker = _MARKERS[number % len(_MARKERS)]
    # Half an image stands for no error at all, which a logarithmic axis has no place for.
    least = 0.5 / shown.test_images
    value_LR = [errors(value_R, least) for value_R in line.value_LR]
    mean_L = np.array([errors(value_R.mean(keepdims=True), least)[0] for value_R in line.value_LR])
    ends_L2 = np.array(
        [
            [mean, mean] if ends is None else errors(ends, least)
            for mean, ends in zip(mean_L, line.interval_L, strict=True)
        ]
    )
    lane = _lane(shown)
    aside = lane * (number - (len(shown.lines) - 1) / 2)
    place_L = _moved(shown, line.place_L, aside)
    axes.fill_between(place_L, ends_L2[:, 0], ends_L2[:, 1], color=color, alpha=0.14, lw=0)
    axes.plot(
        place_L, mean_L, _LINES[number // len(COLORS) % len(_LINES)], color=color,
        linewidth=1.8, marker=marker, markersize=5, label=short_name(line.name, 40),
    )  # fmt: skip
    for place, value_R in zip(line.place_L, value_LR, strict=True):
        within_R = aside + lane * ((np.arange(len(value_R)) + 0.5) / len(value_R) - 0.5)
        place_R = _moved(shown, np.full(len(value_R), place), within_R)
        at = float(_moved(shown, np.array([place]), aside)[0])
        draw_seeds(axes, value_R, at, upright=True, width=6, color=color, dot_R=place_R,
                   alpha=0.55, s=12)  # fmt: skip
    return [mean_L, ends_L2, *map(reached, value_LR)]


def _lane(shown: GridLines) -> float:
    """The width of a line's lane, in units of the axis, or of its logarithm."""
    at = np.sort([tick.at for tick in shown.ticks])
    gap = float(np.diff(np.log(at) if shown.is_logarithmic else at).min())
    return gap * min(_SPREAD / len(shown.lines), _WIDEST_LANE)


def _moved(shown: GridLines, place_L: Floats, by: float | Floats) -> Floats:
    """Places that are moved along the axis."""
    moved: Floats = place_L * np.exp(by) if shown.is_logarithmic else place_L + by
    return moved
