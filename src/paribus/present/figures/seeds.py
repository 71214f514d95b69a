"""Draws the values of the runs of an experiment beside a place on an axis."""

# R runs

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from paribus.present.many_runs import MOST_DOTS, spans


def draw_seeds(
    axes: Axes,
    value_R: NDArray[np.float64],
    place: float,
    *,
    upright: bool,
    width: float,
    color: str,
    dot_R: NDArray[np.float64] | None = None,
    **dots: Any,
) -> None:
    """Draw a dot for each value or, of many, bars that hold the middle 90% and the middle half.

    upright: whether values go up; else they go to the right. width: of the bars, in points. dot_R:
    where each dot stands, (R,), if that is not the place. dots: passed to `Axes.scatter`. NaN
    values are not drawn.
    """
    if len(value_R) <= MOST_DOTS:
        at = np.full(len(value_R), place) if dot_R is None else dot_R
        pair = (at, value_R) if upright else (value_R, at)
        axes.scatter(*pair, color=color, linewidths=0, **dots)
        return
    for span in spans(value_R):
        ends = (place, place)
        axes.plot(*((ends, span) if upright else (span, ends)), color=color, alpha=0.35, zorder=1,
                  linewidth=width, solid_capstyle="butt")  # fmt: skip
