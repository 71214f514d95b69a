"""How a forest plot lies on its sheet: lines of its texts, heights of its rows, its pages."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from paribus.present.figures.shown import Forest, ForestGroup, ForestRow
from paribus.present.figures.style import PAPER_WIDTH
from paribus.text import short_name, shortened

# Inches.
_ROW, _HEAD, _TOP, _LINE = 0.42, 0.62, 0.4, 0.13
_TALLEST = 8.5
"""Of a page. As wide as the text of a page, it is printed with four fifths of its size."""
NEXT_LINE = 0.3
"""From a line of a row to the next, in rows, on paper."""
WIDE_LINE = 0.37
"""The same on a wide sheet."""


@dataclass(frozen=True)
class TextLine:
    """A line of text beside a drawing."""

    text: str
    is_verdict: bool = False


@dataclass(frozen=True)
class Row:
    """A finding with its texts. Heights are in rows of the usual height."""

    shown: ForestRow
    height: float
    above: float
    """Of what stands over all of its left and its drawing."""
    question: tuple[str, ...]
    sides: tuple[str, ...]
    right: tuple[TextLine, ...]


@dataclass(frozen=True)
class Group:
    """Findings that share an axis, or some of them. Heights are in inches."""

    shown: ForestGroup
    title: tuple[str, ...]
    scaled: tuple[str, ...]
    rows: tuple[Row, ...]
    head: float

    @property
    def rows_height(self) -> float:
        return _ROW * sum(row.height for row in self.rows)

    @property
    def height(self) -> float:
        return self.head + self.rows_height


@dataclass(frozen=True)
class Page:
    """A sheet with all findings, or with some of them."""

    groups: tuple[Group, ...]
    heading: str
    key: tuple[str, ...]
    top: float

    @property
    def height(self) -> float:
        """Inches."""
        return self.top + sum(group.height for group in self.groups)


@dataclass(frozen=True)
class Sheet:
    """A layout. left, across: where axes begin and how wide they are, in widths of the figure;
    ends: how far beyond their ends the words for better and worse begin, in widths of the axes."""

    width: float
    """Inches."""
    left: float
    across: float
    ends: float
    wraps: bool
    """Whether long texts take several lines, and questions stand over the drawing."""

    @property
    def start(self) -> float:
        """Where questions begin, in widths of the axes."""
        return -(self.left - 0.01) / self.across

    def pages(self, shown: Forest, key: str) -> list[Page]:
        """Return all findings, on one sheet unless it has the height of a page."""
        if not self.wraps:
            groups = tuple(_wide_group(group) for group in shown.groups)
            return [Page(groups, shown.heading, (key,), _TOP)]
        keys = tuple(textwrap.wrap(key, 90))
        top = _TOP + _LINE * len(keys)
        pages = _filled(list(map(_wrapped_group, shown.groups)), _TALLEST - top)
        of = [""] if len(pages) == 1 else [f" (page {n} of {len(pages)})" for n in _from_1(pages)]
        return [
            Page(tuple(groups), shown.heading + number, keys, top)
            for groups, number in zip(pages, of, strict=True)
        ]


WIDE = Sheet(10.0, left=0.385, across=0.36, ends=-0.115, wraps=False)
PAPER = Sheet(PAPER_WIDTH, left=0.3, across=0.35, ends=0.06, wraps=True)
_QUESTION, _SIDES, _NUMBERS = 58, 26, 29
"""Letters of a line on paper."""
_WIDE = 60
"""Letters of a line to the left of a wide drawing."""


def _from_1(items: Sequence[object]) -> range:
    return range(1, len(items) + 1)


def _title(group: ForestGroup) -> str:
    return f"{group.title}, {group.unit}" if group.unit else group.title


def _sides(row: ForestRow) -> str:
    return f"{row.sides}, {row.n}" if row.n else row.sides


def _row(row: ForestRow) -> Row:
    below = [row.why, row.numbers] if row.why else [row.numbers]
    question = _lines(row.question, _WIDE, 2)
    sides = textwrap.wrap(_sides(row), _WIDE, break_long_words=False, break_on_hyphens=False)
    if len(sides) > 2 or any(len(line) > _WIDE for line in sides):
        # Names keep both their ends.
        sides = [short_name(_sides(row), _WIDE)]
    right = (
        TextLine(shortened(row.word, 41), True),
        *(TextLine(shortened(text, 41)) for text in below),
    )
    lines = max(len(question) + len(sides), len(right))
    return Row(row, 1.0 + WIDE_LINE * (lines - 2), 0.0, question, tuple(sides), right)


def _wide_group(group: ForestGroup) -> Group:
    scaled = (group.scaled,) if group.scaled else ()
    return Group(group, (_title(group),), scaled, tuple(map(_row, group.rows)), _HEAD)


def _wrapped_group(group: ForestGroup) -> Group:
    title, scaled = _lines(_title(group), _SIDES - 2, 3), _lines(group.scaled, _SIDES, 4)
    head = _HEAD + _LINE * max(0, len(title) + len(scaled) - 3)
    return Group(group, title, scaled, tuple(map(_wrapped, group.rows)), head)


def _wrapped(row: ForestRow) -> Row:
    question, sides = _lines(row.question, _QUESTION, 2), _lines(_sides(row), _SIDES, 3)
    right = [TextLine(line, True) for line in _lines(row.word, _NUMBERS - 3, 2)]
    for text in (row.why, row.numbers):
        right += [TextLine(line) for line in _lines(text, _NUMBERS, 2)]
    lines = max(len(question) + max(len(sides), 1.5), len(right))
    above = NEXT_LINE * len(question) + 0.08
    return Row(row, NEXT_LINE * lines + 0.16, above, question, sides, tuple(right))


def _lines(text: str, letters: int, most: int) -> tuple[str, ...]:
    """A text in at most so many lines."""
    found = textwrap.wrap(text, letters)
    if len(found) > most:
        found = [*found[: most - 1], shortened(" ".join(found[most - 1 :]), letters)]
    return tuple(found)


def _filled(groups: list[Group], room: float) -> list[list[Group]]:
    """Pages of so much room. A group that is broken has its head on each."""
    pages: list[list[Group]] = [[]]
    left = room
    for group in groups:
        rows = list(group.rows)
        while rows:
            fitting = 0
            used = group.head
            while fitting < len(rows) and used + _ROW * rows[fitting].height <= left:
                used += _ROW * rows[fitting].height
                fitting += 1
            if not fitting and pages[-1]:
                pages.append([])
                left = room
                continue
            fitting = max(fitting, 1)
            part = Group(group.shown, group.title, group.scaled, tuple(rows[:fitting]), group.head)
            pages[-1].append(part)
            left -= part.height
            rows = rows[fitting:]
    return pages
