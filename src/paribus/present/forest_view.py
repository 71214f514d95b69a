"""The first picture on the page: each row's drawing in percent of the width that it gets.

The text of a row is HTML, so that it wraps, is read aloud and found; a row's drawing is an SVG that
is as wide as its column is.
"""

from __future__ import annotations

from dataclasses import dataclass

from paribus.present.axes import DRAWN
from paribus.present.figures.shown import Forest, ForestGroup, ForestRow

_CENTER, _REACH = 50.0, 37.0
"""In percent: where 0 is, and how far from it the axis ends."""


@dataclass(frozen=True)
class Span:
    """A piece of the width."""

    start: float
    width: float

    @property
    def end(self) -> float:
        return round(self.start + self.width, 2)


@dataclass(frozen=True)
class TickView:
    """A tick of an axis."""

    at: float
    text: str


_WIDEST_UNSEEN = 1.0
"""A band of this width, about 4 pixels, cannot be told from a line."""


@dataclass(frozen=True)
class RowView:
    """A row of the picture."""

    row: ForestRow
    band: Span | None
    interval: Span | None
    mark: float | None
    dots: tuple[float, ...]
    bars: tuple[Span, ...]
    """In place of too many dots."""
    claim: float | None
    """Where the arrow of the original's claim starts, or the middle of its bracket."""

    @property
    def shows_band(self) -> bool:
        return self.band is not None and self.band.width > _WIDEST_UNSEEN


@dataclass(frozen=True)
class GroupView:
    """A group of the picture: rows on one axis."""

    title: str
    unit: str
    left: str
    right: str
    ticks: tuple[TickView, ...]
    rows: tuple[RowView, ...]
    notes: tuple[str, ...]
    """How it is drawn beside the group above it; which differences do not matter, where it is the
    same for all rows."""


def group_views(forest: Forest) -> tuple[GroupView, ...]:
    """Return the groups of the picture as they are drawn on the page."""
    return tuple(map(_group, forest.groups))


def _group(group: ForestGroup) -> GroupView:
    ticks = tuple(TickView(_place(tick.at, group.limit), tick.text) for tick in group.ticks)
    rows = tuple(_row(row, group.limit) for row in group.rows)
    notes = tuple(filter(None, (group.scaled, group.small)))
    return GroupView(group.title, group.unit, group.left, group.right, ticks, rows, notes)


def _place(at: float, limit: float) -> float:
    return round(_CENTER + _REACH * at / limit, 2)


def _row(row: ForestRow, limit: float) -> RowView:
    if not limit:
        return RowView(row, None, None, None, (), (), None)
    band = min(row.band, DRAWN * limit)
    interval, low, high = None, row.low, row.high
    if low is not None and high is not None:
        interval = _between(low, high, limit)
    return RowView(
        row=row,
        band=_span(band, limit) if band else None,
        interval=interval,
        mark=None if row.estimate is None else _place(row.estimate, limit),
        dots=tuple(_place(dot, limit) for dot in row.dots),
        bars=tuple(_between(low, high, limit) for low, high in row.bars),
        claim=_claim(row, limit, band),
    )


def _between(low: float, high: float, limit: float) -> Span:
    start, end = (_place(at, limit) for at in (low, high))
    return Span(start, round(end - start, 2))


def _span(half: float, limit: float) -> Span:
    start = _place(-half, limit)
    return Span(start, round(2 * (_CENTER - start), 2))


def _claim(row: ForestRow, limit: float, band: float) -> float | None:
    match row.claim:
        case "better":
            return _place(band, limit)
        case "worse":
            return _place(-band, limit)
        case "equal":
            return _CENTER
        case _:
            return None
