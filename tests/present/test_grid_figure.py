"""The figure of a grid: nothing of it is cut off, and no dot hides another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from paribus.present.figures.grid import grid_lines
from paribus.present.figures.shown import FactorLine, GridLines, Tick
from paribus.stats.paired import mean_interval

VALUES = (
    ([0.90, 0.95, 0.99], [0.97, 0.97, 0.97], [0.60, 0.97, 0.98]),
    ([0.90, 0.95, 0.99], [0.97, 0.97, 0.97], [0.50, 0.55, 0.60]),
)


def grid(*, is_logarithmic: bool) -> GridLines:
    places = (0.01, 0.03, 0.1) if is_logarithmic else (1.0, 2.0, 3.0)
    lines = []
    for name, values in zip("ab", VALUES, strict=True):
        value_LR = tuple(map(np.array, values))
        intervals = tuple(map(mean_interval, value_LR))
        lines.append(FactorLine(name, np.array(places), value_LR, intervals))
    ticks = tuple(Tick(place, str(place)) for place in places)
    return GridLines("learning rate", ticks, is_logarithmic, tuple(lines), test_images=1000)


@pytest.mark.parametrize("is_logarithmic", [False, True])
@pytest.mark.parametrize("narrow", [False, True])
def test_all_is_within_the_axes_and_beside_each_other(
    *, is_logarithmic: bool, narrow: bool
) -> None:
    shown = grid(is_logarithmic=is_logarithmic)
    axes: Any = grid_lines(shown, narrow=narrow).axes[0]
    bands = [band.get_paths()[0].vertices for band in axes.collections[::4]]
    dots = [one.get_offsets() for one in axes.collections if len(one.get_offsets()) == 3]
    assert (len(bands), len(dots)) == (2, 6)
    everything = np.concatenate([*bands, *dots])
    bottom, top = axes.get_ylim()
    assert top < everything[:, 1].min()
    assert everything[:, 1].max() < bottom
    # Intervals that reach beyond 100% end at half an image.
    assert everything[:, 1].min() == 0.5 / 1000
    left, right = axes.get_xlim()
    assert left < everything[:, 0].min()
    assert everything[:, 0].max() < right
    at = np.concatenate(dots)
    assert len(np.unique(at.round(9), axis=0)) == len(at) == 18
    # Every dot is nearest to its own value.
    places = np.array([tick.at for tick in shown.ticks])
    for number, of_value in enumerate(dots):
        near = np.abs(of_value[:, :1] - places).argmin(1)
        assert (near == number % 3).all()
