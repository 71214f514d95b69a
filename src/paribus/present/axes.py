"""Axes of forest plots: each holds all that its rows draw, so that all rows of one are comparable.

Where a few large differences would leave the others too small to see, these others follow on an
axis of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from paribus.present.figures.shown import ForestGroup, ForestRow, Tick
from paribus.text import MINUS

DRAWN = 1.25
"""How far from 0 a drawing goes, in ends of its axis."""
_BANDS = 5
"""How many bands an axis is wide on either side, at least."""
_FINER, _FEWEST = 10, 2
"""Small differences get an axis of their own if it is so many times finer, and for so many rows."""
_ENDS = tuple(step * 10.0**power for power in range(-9, 9) for step in (1.0, 2.0, 5.0))
_RATIOS = (1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)


@dataclass(frozen=True)
class Scale:
    """Where axes of one kind may end, ascending, and the ticks of one that ends there."""

    ends: tuple[float, ...]
    ticks: Callable[[float], tuple[Tick, ...]]

    def end(self, rows: Sequence[ForestRow]) -> float:
        """Return the end of the narrowest axis that holds rows, and their bands five times."""
        bands = sorted(row.band for row in rows)
        least = max(max(map(_reach, rows)) / DRAWN, _BANDS * bands[len(bands) // 2]) or 1.0
        return next((end for end in self.ends if end >= least * (1 - 1e-9)), least)


def differences(*, reverse: bool) -> Scale:
    """Return the scale of differences. reverse: if less is better, which is to the right."""

    def ticks(end: float) -> tuple[Tick, ...]:
        return tuple(
            Tick(at, f"{-at if reverse else at:+g}".replace("-", MINUS) if at else "0")
            for at in (-end, -end / 2, 0.0, end / 2, end)
        )

    return Scale(_ENDS, ticks)


def ratios() -> Scale:
    """Return the scale of ratios of times, whose places are logarithms."""
    return Scale(tuple(map(math.log, _RATIOS)), _ratio_ticks)


def on_axes(
    group: ForestGroup, scale: Scale, *, small_first: bool = False
) -> tuple[ForestGroup, ...]:
    """Return a group on its axis; as two where its small differences have one of their own."""
    drawn = [row for row in group.rows if row.estimate is not None]
    if not drawn:
        return (group,)
    end = scale.end(drawn)
    small = [row for row in drawn if _reach(row) * _FINER <= end]
    finer = scale.end(small) if len(small) >= _FEWEST else end
    if finer * _FINER > end * (1 + 1e-9):
        return (replace(group, limit=end, ticks=scale.ticks(end)),)
    large = tuple(row for row in drawn if row not in small)
    others = tuple(row for row in group.rows if row not in large)
    times = f"{end / finer:.0f} times"
    if small_first:
        note = f"the larger differences, drawn {times} smaller than above"
        return (
            replace(group, limit=finer, ticks=scale.ticks(finer), rows=others),
            replace(group, limit=end, ticks=scale.ticks(end), rows=large, scaled=note),
        )
    note = f"the smaller differences, drawn {times} larger than above"
    return (
        replace(group, limit=end, ticks=scale.ticks(end), rows=large),
        replace(group, limit=finer, ticks=scale.ticks(finer), rows=others, scaled=note),
    )


def _reach(row: ForestRow) -> float:
    """How far from 0 a row draws."""
    places = (row.estimate, row.low, row.high, *row.dots, *chain.from_iterable(row.bars))
    return max((abs(place) for place in places if place is not None), default=0.0)


def _ratio_ticks(end: float) -> tuple[Tick, ...]:
    """Ratios at the ends and about half way."""
    shown = [ratio for ratio in _RATIOS if math.log(ratio) <= end * (1 + 1e-9)]
    half = [ratio for ratio in shown if 0.3 * end <= math.log(ratio) <= 0.7 * end]
    found = [Tick(0.0, "same")]
    for ratio in dict.fromkeys([*half[-1:], shown[-1]]):
        text = f"{ratio:g}×"
        found += [Tick(-math.log(ratio), text), Tick(math.log(ratio), text)]
    return tuple(sorted(found, key=lambda tick: tick.at))
