"""Shares and percentages: the one taken for the other, differences would be 100 times too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from paribus.elsewhere.cells import is_value, number, plain, values_in
from paribus.elsewhere.columns.metrics import are_percentages, has_sign, percent_bounds
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import LowPercentages, Notice
from paribus.elsewhere.recorded.records import RecordedExperiment
from paribus.elsewhere.recorded.rows import counting_row
from paribus.elsewhere.terms import Unit
from paribus.errors import UserError
from paribus.measure.metric import Metric
from paribus.measure.table import Series

_APART = 20.0
"""How many times the shares percentages are at least, in the middle: of 100 times, with room for
what differs."""
_UNSURE = (
    "write all in one unit; if these are percentages already, write a % behind each, or into the "
    "name of the column"
)


def check_cells(
    frame: Frame, metrics: Sequence[Metric], units: Mapping[str, Unit]
) -> Iterator[Notice]:
    """Raise `UserError` where cells of a metric are not all in one unit, or not in the one that is
    stated; yield what is to be said of those that may be.

    units: by the metric's key, as far as they are stated.
    """
    for metric in metrics:
        _check_signs(frame, metric.key)
        if metric.key in units:
            _check_stated(frame, metric.key, units[metric.key])
            yield from _low_percentages(frame, metric.key, units[metric.key])


def _check_signs(frame: Frame, column: str) -> None:
    """Raise `UserError` where some cells of a column are written with %, and others without."""
    cells = frame.columns[column]
    signed = [cell for cell in cells if has_sign(cell)]
    for cell, place in zip(cells, frame.places, strict=True):
        if signed and is_value(cell) and not has_sign(cell):
            raise UserError(
                f"{place}: {column}: {cell} has no %, and others, such as "
                f"{str(signed[0]).strip()}, have; write all in one unit"
            )


def _check_stated(frame: Frame, column: str, unit: Unit) -> None:
    """Raise `UserError` at the first cell of a column that cannot be in the unit that is stated."""
    low, high = percent_bounds(plain(column))
    for cell, place in zip(frame.columns[column], frame.places, strict=True):
        value = number(cell)
        if has_sign(cell) and unit is not Unit.PERCENT:
            raise UserError(
                f"{place}: {column}: {str(cell).strip()} is a percentage; write --unit percent"
            )
        if value is None or value != value:
            continue
        if unit is Unit.SHARE and not 0 <= value <= 1:
            raise UserError(
                f"{place}: {column}: {value:g} is not a share, which lies between 0 and 1; write "
                "--unit percent if it is a percentage, or --unit number if it is neither"
            )
        if unit is Unit.PERCENT and not low <= value <= high:
            span = "is not below 0" if value < low else "is at most 100"
            raise UserError(
                f"{place}: {column}: {value:g} is not a percentage, which {span} of such a metric; "
                "correct it, or write --unit number if it is something else"
            )


def _low_percentages(frame: Frame, column: str, unit: Unit) -> Iterator[Notice]:
    """Whether a column of percentages, by what was stated alone, has no value above 1."""
    has = values_in(frame.columns[column])
    is_sure = are_percentages(column, frame.columns[column])
    if unit is Unit.PERCENT and has and max(has) <= 1 and not is_sure:
        yield LowPercentages(column, max(has))


def check_values(
    frame: Frame,
    roles: Roles,
    metric: Metric,
    experiments: Sequence[RecordedExperiment],
    *,
    is_stated: bool,
) -> None:
    """Raise `UserError` where values that count may be in another unit than others.

    is_stated: whether somebody has said what the unit of the metric is.
    """
    if not metric.is_share or are_percentages(metric.key, frame.columns[metric.key]):
        return
    series = {one.name: one.series[metric.key] for one in experiments}
    if not is_stated:
        _check_logs(frame, metric, [row for rows in series.values() for row in rows])
    values = {name: [row.value for row in rows] for name, rows in series.items()}
    places = {
        one.name: [frame.places[counting_row(frame, roles, run)] for run in one.runs]
        for one in experiments
    }
    _check_units(metric, values, places)


def _check_units(
    metric: Metric,
    values: Mapping[str, Sequence[float]],
    places: Mapping[str, Sequence[str]],
) -> None:
    """Raise `UserError` where some values are up to 1, as shares are, and others of the same
    experiment, or all of another, are about 100 times as large, as percentages are.

    values: the final one of each run by experiment, NaN where there is none. places: where they
    are.
    """
    for name, side in values.items():
        _check_one(metric, name, side, places[name])
    has = {name: [v for v in side if v == v] for name, side in values.items()}
    small = {name: side for name, side in has.items() if side and 0 < max(side) <= 1}
    large = {name: side for name, side in has.items() if side and min(side) > 1}
    for name, side in small.items():
        for other, others in large.items():
            if np.median(others) >= _APART * np.median(side):
                raise UserError(
                    f"{places[name][0]}: {metric.key}: {name} has values up to {max(side):g} and "
                    f"{other} from {min(others):g}; {_UNSURE}"
                )


def _check_logs(frame: Frame, metric: Metric, series: Sequence[Series]) -> None:
    """Raise `UserError` where values are taken for percentages because of some that count for no
    run, and all that count are up to 1, as are all of some run: these may be shares."""
    if metric.scale != 1 or any(one.value > 1 for one in series):
        return
    if all((one.value_E > 1).any() for one in series):
        return
    cells = zip(frame.columns[metric.key], frame.places, strict=True)
    large, place = next((cell, place) for cell, place in cells if (number(cell) or 0) > 1)
    raise UserError(
        f"{place}: {metric.key}: is {large} here, and up to 1 in all values that count; write all "
        "in one unit; if these are percentages already, add --unit percent, or write a % behind "
        "each"
    )


def _check_one(metric: Metric, name: str, side: Sequence[float], places: Sequence[str]) -> None:
    """As `_check_units`, of one experiment; the message names the first value of the rarer unit."""
    small = [place for place, value in enumerate(side) if 0 < value <= 1]
    large = [place for place, value in enumerate(side) if value > 1]
    if not small or not large:
        return
    share, percentage = (float(np.median([side[one] for one in some])) for some in (small, large))
    if percentage < _APART * share:
        return
    first, other = (small, large) if len(small) <= len(large) else (large, small)
    raise UserError(
        f"{places[first[0]]}: {metric.key}: {name} has {side[first[0]]:g} here and "
        f"{side[other[0]]:g} in {places[other[0]]}; {_UNSURE}"
    )
