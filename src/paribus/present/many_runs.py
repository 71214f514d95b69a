"""What is drawn of the values of many runs.

Up to `MOST_DOTS` values are drawn one by one, each a dot or a thin line. More of them are a blot
that shows only the extremes, in a page of many megabytes: then two bars or bands are drawn, which
hold the middle 90% and the middle half of the values.
"""

# R runs, E epochs

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bars = tuple[tuple[float, float], ...]
"""Both ends of each bar, the longer one first; empty where there is a dot for each value."""

MOST_DOTS = 100
_WIDE, _HALF = (0.05, 0.95), (0.25, 0.75)

BARS = (
    f"More than {MOST_DOTS} dots are drawn as a bar over the middle 90% of them, darker over the "
    "middle half."
)
"""What pages and figures say where they draw bars."""


def dots_or_bars(values: Sequence[float]) -> tuple[tuple[float, ...], Bars]:
    """Return what is drawn of values: dots, or bars.

    >>> dots_or_bars([0.5, 0.25])
    ((0.5, 0.25), ())
    >>> dots_or_bars(range(201))
    ((), ((10.0, 190.0), (50.0, 150.0)))
    """
    if len(values) <= MOST_DOTS:
        return tuple(values), ()
    return (), tuple((float(low), float(high)) for low, high in spans(np.array(values)))


def reached(value_R: Floats) -> Floats:
    """Return the values that what is drawn of them reaches, for the ends of an axis."""
    return value_R if len(value_R) <= MOST_DOTS else spans(value_R).ravel()


def spans(value_R: Floats) -> Floats:
    """Return the ends of the middle 90% and of the middle half of values: (2, 2). Of values after
    each epoch, (R, E): (2, 2, E). NaN values are left out.

    Quantiles are interpolated linearly (Hyndman & Fan 1996, type 7).
    """
    return np.nanquantile(value_R, (_WIDE, _HALF), axis=0)
