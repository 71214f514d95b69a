"""Shares and percentages in one column: their differences would be 100 times too large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from paribus.elsewhere.frame import Cell, Frame, number, text_of
from paribus.errors import UserError
from paribus.measure.metric import Metric

_APART = 20.0
"""How many times the shares percentages are at least, in the middle: of 100 times, with room for
what differs."""


def check_signs(frame: Frame, metric: Metric) -> None:
    """Raise `UserError` where some cells of a share are written with %, and others are numbers up
    to 1."""
    signed: list[tuple[Cell, str]] = []
    bare: list[tuple[Cell, str]] = []
    for cell, place in zip(frame.columns[metric.key], frame.places, strict=True):
        value = number(cell)
        if value is None or value != value:
            continue
        if text_of(cell).endswith("%"):
            signed.append((cell, place))
        elif 0 < abs(value) <= 1:
            bare.append((cell, place))
    if metric.is_share and signed and bare:
        (percentage, _), (share, place) = signed[0], bare[0]
        raise UserError(
            f"{place}: {metric.key}: {share} has no %, and others, such as {percentage}, have; "
            "write all in one unit"
        )


def check_units(
    metric: Metric,
    values: Mapping[str, Sequence[float]],
    places: Mapping[str, str],
    *,
    signed: bool,
) -> None:
    """Raise `UserError` where all values of one experiment are up to 1, as shares are, and those of
    another about 100 times as large, as percentages are.

    values: by experiment, NaN where there is none. places: where the first of each is. signed:
    whether percentages are written with %, so that there is no doubt.
    """
    if not metric.is_share or signed:
        return
    has = {name: [v for v in side if v == v] for name, side in values.items()}
    small = {name: side for name, side in has.items() if side and 0 < max(side) <= 1}
    large = {name: side for name, side in has.items() if side and min(side) > 1}
    for name, side in small.items():
        for other, others in large.items():
            if np.median(others) >= _APART * np.median(side):
                raise UserError(
                    f"{places[name]}: {metric.key}: {name} has values up to {max(side):g} and "
                    f"{other} from {min(others):g}; write all in one unit; if these are "
                    "percentages already, write a % behind each"
                )
