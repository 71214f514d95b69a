"""The first picture on the page: each row's drawing in per cent of the width that it gets.

The text of a row is HTML, so that it wraps, is read aloud and found; a row's drawing is an SVG that
is as wide as its column is.
"""

from __future__ import annotations

from dataclasses import dataclass

from paribus.present.figures.shown import Forest, ForestGroup, ForestRow

_CENTER, _REACH = 50.0, 37.0
"""In per cent: where 0 is, and how far from it the axis ends."""
_EDGE = 48.0
"""How far from 0 a line that runs off the axis is drawn."""
OFF_AT = 32.0
"""How far from 0 an estimate off the axis stands."""


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
    runs_off_left: bool
    runs_off_right: bool
    mark: float | None
    off: int
    """1 if the estimate is beyond the axis to the right, -1 to the left, else 0."""
    off_text: str
    """That estimate."""
    dots: tuple[float, ...]
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
    small: str
    """Which differences do not matter, where it is the same for all rows."""


def group_views(forest: Forest) -> tuple[GroupView, ...]:
    """Return the groups of the picture as they are drawn on the page."""
    return tuple(map(group_view, forest.groups))


def group_view(group: ForestGroup) -> GroupView:
    """Return a group as it is drawn."""
    ticks = tuple(TickView(_place(tick.at, group.limit), tick.text) for tick in group.ticks)
    rows = tuple(_row(row, group.limit) for row in group.rows)
    return GroupView(group.title, group.unit, group.left, group.right, ticks, rows, group.small)


def _place(at: float, limit: float) -> float:
    return round(_CENTER + _REACH * at / limit, 2)


def _row(row: ForestRow, limit: float) -> RowView:
    if not limit:
        return RowView(row, None, None, False, False, None, 0, "", (), None)
    band = min(row.band, 1.25 * limit)
    off = 0 if row.estimate is None or abs(row.estimate) <= limit else 1 if row.estimate > 0 else -1
    interval, low, high = None, row.low, row.high
    if low is not None and high is not None and not off:
        start, end = (
            max(_CENTER - _EDGE, min(_CENTER + _EDGE, _place(at, limit))) for at in (low, high)
        )
        interval = Span(start, round(end - start, 2))
    return RowView(
        row=row,
        band=_span(band, limit) if band else None,
        interval=interval,
        runs_off_left=interval is not None and low is not None and low < -1.29 * limit,
        runs_off_right=interval is not None and high is not None and high > 1.29 * limit,
        mark=_mark(row, limit, off),
        off=off,
        off_text=row.numbers.partition(" ")[0] if off else "",
        dots=tuple(_dot(dot, limit, off) for dot in row.dots),
        claim=_claim(row, limit, band),
    )


def _dot(dot: float, limit: float, off: int) -> float:
    """Where a dot is; beyond the drawing at its edge, or at the mark if that is off the axis."""
    place = max(_CENTER - _EDGE, min(_CENTER + _EDGE, _place(dot, limit)))
    if not off:
        return place
    mark = _CENTER + off * OFF_AT
    return min(place, mark) if off > 0 else max(place, mark)


def _span(half: float, limit: float) -> Span:
    start = _place(-half, limit)
    return Span(start, round(2 * (_CENTER - start), 2))


def _mark(row: ForestRow, limit: float, off: int) -> float | None:
    if row.estimate is None:
        return None
    return _CENTER + off * OFF_AT if off else _place(row.estimate, limit)


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
