"""Draws the findings of a study as a forest plot, for papers and notebooks."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paribus.present.figures.forest_sheet import (
    NEXT_LINE,
    PAPER,
    WIDE,
    WIDE_LINE,
    Group,
    Page,
    Row,
    Sheet,
)
from paribus.present.figures.shown import Forest, ForestRow
from paribus.present.figures.style import COLORS, GRAY, style
from paribus.present.many_runs import MOST_DOTS

_BETTER, _WORSE = COLORS[0], COLORS[1]
_CLAIM, _BAND, _DOTS = "#80308a", "#e6e7e1", "#8a8a86"
_STYLES: dict[str, tuple[str, str, bool]] = {
    "better": (">", _BETTER, True),
    "worse": ("<", _WORSE, True),
    "equal": ("s", "#000000", True),
    "undecided": ("o", GRAY, False),
    "confounded": ("D", GRAY, False),
    "none": ("x", GRAY, True),
}
"""Marker, color and whether it is filled, by verdict."""

_REACH = 1.3
"""How far a drawing goes, in ends of the axis."""


def forest(shown: Forest) -> Figure:
    """Draw the findings, a row each, in groups that share an axis."""
    (page,) = WIDE.pages(shown, _key(shown))
    return _figure(page, WIDE)


def paper_forests(shown: Forest) -> list[Figure]:
    """Draw them as wide as a page's text, whose letters can be read there: a figure for a page."""
    return [_figure(page, PAPER) for page in PAPER.pages(shown, _key(shown))]


def _key(shown: Forest) -> str:
    key = "gray band: too small to matter; dots: seeds"
    if shown.has_bars:
        key += f" (more than {MOST_DOTS}: a bar over the middle 90%, darker over half)"
    if shown.has_original:
        key += "; purple arrow: which way the original went, not how far"
    return key


def _figure(page: Page, sheet: Sheet) -> Figure:
    height = page.height
    with style():
        figure = Figure(figsize=(sheet.width, height))
        at = 1 - 0.1 / height
        figure.text(0.01, at, page.heading, va="top", fontsize=11, weight="bold")
        key = "\n".join(page.key)
        if sheet.wraps:
            figure.text(0.01, at - 0.24 / height, key, va="top", fontsize=8, color=GRAY)
        else:
            figure.text(0.99, at, key, va="top", ha="right", fontsize=8, color=GRAY)
        above = height - page.top
        for group in page.groups:
            above -= group.height
            size = (sheet.left, above / height, sheet.across, group.rows_height / height)
            _group(figure.add_axes(size), group, sheet)
    return figure


def _group(axes: Axes, group: Group, sheet: Sheet) -> None:
    shown = group.shown
    axes.set_ylim(sum(row.height for row in group.rows), 0)
    axes.set_yticks([])
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0, labelsize=8, pad=1)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.spines["top"].set_visible(True)
    limit = shown.limit or 1.0
    axes.set_xlim(-_REACH * limit, _REACH * limit)
    ticks = shown.ticks
    if sheet.wraps:  # More would run into each other.
        ticks = tuple(tick for tick in ticks if tick in (ticks[0], ticks[-1]) or tick.at == 0)
    axes.set_xticks([tick.at for tick in ticks], [tick.text for tick in ticks])
    above = 6 + 10 * len(group.scaled)
    _write(axes, sheet.start, 0, "\n".join(group.title), above=above, weight="bold")
    _write(axes, sheet.start, 0, "\n".join(group.scaled), above=6, color=GRAY)
    if shown.limit:
        axes.axvline(0, color=GRAY, linewidth=0.8)
        _write(axes, -sheet.ends, 0, f"◂ {shown.left}", above=15, color=GRAY)
        _write(axes, 1 + sheet.ends, 0, f"{shown.right} ▸", above=15, color=GRAY, align="right")
    else:
        axes.grid(visible=False)
    top = 0.0
    for row in group.rows:
        _row(axes, top, row, limit)
        (_wrapped_text if sheet.wraps else _text)(axes, sheet.start, top, row)
        top += row.height
        axes.axhline(top, color="#dddddd", linewidth=0.6)


def _row(axes: Axes, top: float, one: Row, limit: float) -> None:
    row, begin, end = one.shown, top + one.above, top + one.height
    if row.estimate is None:
        _write(axes, 0.5, (begin + end) / 2, row.nothing, color=GRAY, align="center")
        return
    middle = (begin + end) / 2 - 0.05
    marker, color, filled = _STYLES[row.verdict]
    if row.band:
        edge = min(row.band, _REACH * limit)
        axes.fill_between([-edge, edge], begin, end, color=_BAND, linewidth=0)
    below = [middle + 0.2] * len(row.dots)
    axes.scatter(row.dots, below, s=7, color=_DOTS, linewidths=0)
    for span in row.bars:
        axes.plot(span, [middle + 0.2] * 2, color=_DOTS, alpha=0.45, linewidth=4,
                  solid_capstyle="butt")  # fmt: skip
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [middle, middle], color=color, linewidth=1.6)
    axes.plot([row.estimate], [middle], marker=marker, markersize=7, color=color, zorder=3,
              markeredgewidth=1.4, markerfacecolor=color if filled else "#ffffff")  # fmt: skip
    _claim(axes, middle + 0.34, row, limit)


def _claim(axes: Axes, at: float, row: ForestRow, limit: float) -> None:
    edge = min(row.band, _REACH * limit)
    match row.claim:
        case "better" | "worse":
            side = 1 if row.claim == "better" else -1
            axes.annotate(
                "",
                xy=(side * (edge + 0.14 * limit), at),
                xytext=(side * edge, at),
                arrowprops={"arrowstyle": "->", "color": _CLAIM, "shrinkA": 0, "shrinkB": 0},
            )
        case "equal" if edge:
            axes.plot([-edge, edge], [at, at], color=_CLAIM, linewidth=1.2, marker="|")


def _text(axes: Axes, start: float, top: float, row: Row) -> None:
    """Write a row of two lines, or more where a text needs them."""
    place = top + row.height / 2 + 0.015

    def first(number: int) -> float:
        return place - WIDE_LINE * (number - 1) / 2

    left = first(len(row.question) + len(row.sides))
    for number, text in enumerate(row.question):
        _write(axes, start, left + WIDE_LINE * number, text)
    for number, text in enumerate(row.sides, start=len(row.question)):
        _write(axes, start, left + WIDE_LINE * number, text, color=GRAY)
    _right(axes, row, first(len(row.right)), WIDE_LINE)


def _wrapped_text(axes: Axes, start: float, top: float, row: Row) -> None:
    """Write a row whose question stands over its drawing."""
    first = top + 0.08 + NEXT_LINE / 2
    for number, text in enumerate(row.question):
        _write(axes, start, first + NEXT_LINE * number, text, covers=True)
    for number, text in enumerate(row.sides, start=len(row.question)):
        _write(axes, start, first + NEXT_LINE * number, text, color=GRAY)
    _right(axes, row, first, NEXT_LINE)


def _right(axes: Axes, row: Row, first: float, apart: float) -> None:
    verdict = _STYLES[row.shown.verdict][1]
    for number, line in enumerate(row.right):
        color, weight = (verdict, "bold") if line.is_verdict else (GRAY, "normal")
        _write(axes, 1.02, first + apart * number, line.text, color=color, weight=weight)


def _write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    above: float | None = None,
    covers: bool = False,
    color: str = "#000000",
    weight: str = "normal",
    align: str = "left",
) -> None:
    """Write at a place across the axes and a row; with `above`, so many points above the axes.
    covers: what is drawn there."""
    if above is not None:
        axes.annotate(text, (x, 1), xycoords="axes fraction", xytext=(0, above), fontsize=8,
                      textcoords="offset points", color=color, weight=weight, ha=align)  # fmt: skip
        return
    box = {"facecolor": "#ffffff", "edgecolor": "none", "pad": 0.6} if covers else None
    axes.text(x, y, text, transform=axes.get_yaxis_transform(), va="center", ha=align, fontsize=8,
              color=color, weight=weight, bbox=box)  # fmt: skip
