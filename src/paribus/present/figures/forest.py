"""Draws the findings of a study as a forest plot, for papers and notebooks."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paribus.present.figures.shown import Forest, ForestGroup, ForestRow
from paribus.present.figures.style import COLORS, GRAY, style
from paribus.present.many_runs import MOST_DOTS
from paribus.text import short_name, shortened

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
_LEFT, _ACROSS = 0.4, 0.36
"""Where axes begin, and how wide they are, in widths of the figure."""
_START = -(_LEFT - 0.01) / _ACROSS
"""Where questions begin, in widths of the axes."""
_WIDTH, _ROW, _HEAD, _TOP = 10.0, 0.42, 0.62, 0.4
"""Inches."""


def forest(shown: Forest) -> Figure:
    """Draw the findings, a row each, in groups that share an axis."""
    heights = [_HEAD + _ROW * len(group.rows) for group in shown.groups]
    height = sum(heights) + _TOP
    with style():
        figure = Figure(figsize=(_WIDTH, height))
        top = 1 - 0.1 / height
        figure.text(0.01, top, shown.heading, va="top", fontsize=11, weight="bold")
        key = "gray band: too small to matter; dots: seeds"
        if shown.has_bars:
            key += f" (more than {MOST_DOTS}: a bar over the middle 90%, darker over half)"
        if shown.has_original:
            key += "; purple arrow: which way the original went, not how far"
        figure.text(0.99, top, key, va="top", ha="right", fontsize=8, color=GRAY)
        above = height - _TOP
        for group, tall in zip(shown.groups, heights, strict=True):
            above -= tall
            place = (_LEFT, above / height, _ACROSS, (tall - _HEAD) / height)
            _group(figure.add_axes(place), group)
    return figure


def _group(axes: Axes, group: ForestGroup) -> None:
    axes.set_ylim(len(group.rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0, labelsize=8, pad=1)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.spines["top"].set_visible(True)
    limit = group.limit or 1.0
    axes.set_xlim(-_REACH * limit, _REACH * limit)
    axes.set_xticks([tick.at for tick in group.ticks], [tick.text for tick in group.ticks])
    unit = f", {group.unit}" if group.unit else ""
    _write(axes, _START, 0, f"{group.title}{unit}", above=16 if group.scaled else 6, weight="bold")
    _write(axes, _START, 0, group.scaled, above=6, color=GRAY)
    if group.limit:
        axes.axvline(0, color=GRAY, linewidth=0.8)
        _write(axes, 0.115, 0, f"◂ {group.left}", above=15, color=GRAY)
        _write(axes, 0.885, 0, f"{group.right} ▸", above=15, color=GRAY, align="right")
    else:
        axes.grid(visible=False)
    for place, row in enumerate(group.rows):
        _row(axes, place, row, limit)
        axes.axhline(place + 0.5, color="#dddddd", linewidth=0.6)


def _row(axes: Axes, place: int, row: ForestRow, limit: float) -> None:
    middle = place - 0.05
    marker, color, filled = _STYLES[row.verdict]
    if row.estimate is not None:
        if row.band:
            edge = min(row.band, _REACH * limit)
            axes.fill_between([-edge, edge], place - 0.5, place + 0.5, color=_BAND, linewidth=0)
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
    _text(axes, place, row, color)


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


def _text(axes: Axes, place: int, row: ForestRow, color: str) -> None:
    question = textwrap.shorten(row.question, 62, placeholder="…")
    sides = f"{row.sides}, {row.n}" if row.n else row.sides
    upper, lower = place - 0.17, place + 0.2
    lines = [row.why, row.numbers] if row.why else [row.numbers]
    apart = 0.37 if len(lines) == 1 else 0.29
    first = lower - apart * len(lines) + 0.08 * (len(lines) - 1)
    _write(axes, _START, upper, question)
    _write(axes, _START, lower, short_name(sides, 62), color=GRAY)
    _write(axes, 1.02, first, shortened(row.word, 42), color=color, weight="bold")
    for number, line in enumerate(lines, start=1):
        _write(axes, 1.02, first + apart * number, shortened(line, 42), color=GRAY)


def _write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    above: float | None = None,
    color: str = "#000000",
    weight: str = "normal",
    align: str = "left",
) -> None:
    """Write at a place across the axes and a row; with `above`, so many points above the axes."""
    if above is not None:
        axes.annotate(text, (x, 1), xycoords="axes fraction", xytext=(0, above), fontsize=8,
                      textcoords="offset points", color=color, weight=weight, ha=align)  # fmt: skip
        return
    axes.text(x, y, text, transform=axes.get_yaxis_transform(), va="center", ha=align, fontsize=8,
              color=color, weight=weight)  # fmt: skip
