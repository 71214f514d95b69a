r"""Tables for LaTeX's package booktabs, to be put into papers with \input."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

# Names longer than this leave no room for numbers in one line.
_LONG = 22
_LONG_TITLE = 70
# Lines that fit a page below each other, and letters that fit a line as wide as it; both of an
# article in 12 points on letter paper, which has the least room.
_MOST_LINES = 38
_LETTERS = 76
_LINES_OF_TITLE = 2
TALL = (
    "% Taller than a page: several tables below each other. Put it into the text, since LaTeX "
    "breaks no float."
)

_ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''",
    # A row that begins with a bracket or a star would be taken for a part of the \\ before it.
    "[": "{[}", "]": "{]}", "*": "{*}", "`": r"\textasciigrave{}",
    "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "→": r"$\to$", "–": "--", "—": "---",
    "…": r"\dots{}", "“": "``", "”": "''", "‘": "`", "’": "'",
}  # fmt: skip


def escape(text: str) -> str:
    r"""A text as LaTeX prints it, in one line. Letters of other alphabets stay as they are.

    >>> escape("a_b: 5% [−1, 2]")
    'a\\_b: 5\\% {[}$-$1, 2{]}'
    >>> escape("* with `--only`")
    '{*} with \\textasciigrave{}-{}-only\\textasciigrave{}'
    """
    # Two hyphens, as of an option, would become one dash.
    one_line = re.sub("-(?=-)", "-\0", " ".join(text.split()))
    return "".join("{}" if c == "\0" else _ESCAPED.get(c, c) for c in one_line)


def text_column(texts: Sequence[str]) -> str:
    """Return LaTeX's letters for a column of names: lines break where one of them is long."""
    return "l" if max(map(len, texts), default=0) <= _LONG else r"p{0.25\linewidth}"


def fitting(columns: Sequence[Sequence[str]], taken: int) -> int:
    """Return how many of the columns, in their order, fit a line of which others take `taken`
    letters. columns: the heading and the cells of each."""
    for number, cells in enumerate(columns):
        taken += max(map(len, cells)) + 1
        if taken > _LETTERS:
            return number
    return len(columns)


@dataclass(frozen=True)
class Block:
    """Rows that belong together, with a title above them where there are several such blocks."""

    title: str
    rows: Sequence[Sequence[str]]


def tabular(
    columns: str,
    heading: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str],
    *,
    small: bool = False,
) -> str:
    """A tabular of plain texts, with notes as comments above it.

    columns: LaTeX's letters for them, such as "lrr". small: whether it is set in a smaller font,
    its columns closer together, as a wide one must be to fit a portrait page.
    """
    return in_blocks(columns, heading, [Block("", rows)], notes, small=small)


def in_blocks(
    columns: str,
    heading: Sequence[str],
    blocks: Sequence[Block],
    notes: Sequence[str],
    *,
    small: bool = False,
) -> str:
    """A tabular as `tabular` makes it, with a rule before each block of rows; where it is taller
    than a page, several below each other, between which a page ends."""
    parts = _pages(columns, blocks)
    lines = [
        *(f"% {' '.join(note.split())}" for note in (r"Needs \usepackage{booktabs}.", *notes)),
        *([TALL] if len(parts) > 1 else []),
        # A table is as wide as the line, which the indentation of a paragraph would move.
        r"\noindent{\footnotesize\setlength{\tabcolsep}{3pt}%" if small else r"\noindent",
    ]
    for number, part in enumerate(parts):
        titled = len(blocks) > 1
        lines += [
            *([r"\par\bigskip\noindent"] if number else []),
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            _row(heading),
            *(line for block in part for line in _block(block, len(heading), titled=titled)),
            r"\bottomrule",
            r"\end{tabular}%" if small else r"\end{tabular}",
        ]
    return "\n".join([*lines, *(["\\par}"] if small else [])]) + "\n"


def _pages(columns: str, blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks of each page; where a page ends within a block, the rest has its title."""
    widths = re.findall(r"p\{([\d.]+)\\linewidth\}|[lcr]", columns)
    pages: list[list[Block]] = [[]]
    left = _MOST_LINES
    for block in blocks:
        rows: list[Sequence[str]] = []
        # A title alone at the foot of a page would be no help.
        if pages[-1] and left < _LINES_OF_TITLE + _lines(block.rows[0], widths):
            pages.append([])
            left = _MOST_LINES
        left -= _LINES_OF_TITLE
        for row in block.rows:
            needed = _lines(row, widths)
            if rows and left < needed:
                pages[-1].append(Block(block.title, rows))
                pages.append([])
                rows, left = [], _MOST_LINES - _LINES_OF_TITLE
            rows.append(row)
            left -= needed
        pages[-1].append(Block(block.title, rows))
    return pages


def _lines(row: Sequence[str], widths: Sequence[str]) -> int:
    """Return how many lines a row takes at most. widths: of its columns that break, "" else."""
    return max(
        math.ceil(len(cell) / (float(width) * _LETTERS)) if width else 1
        for cell, width in zip(row, widths, strict=False)
    )


def _block(block: Block, columns: int, *, titled: bool) -> list[str]:
    lines = [r"\midrule"]
    if titled:
        letters = "l" if len(block.title) <= _LONG_TITLE else r"p{0.9\linewidth}"
        title = rf"\emph{{{escape(block.title)}}}"
        lines.append(rf"\multicolumn{{{columns}}}{{{letters}}}{{{title}}} \\")
    return [*lines, *map(_row, block.rows)]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escape, cells)) + r" \\"
