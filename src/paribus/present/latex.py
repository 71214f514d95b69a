r"""Tables for LaTeX's package booktabs, to be put into papers with \input."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Names longer than this leave no room for numbers in one line.
_LONG = 22
_LONG_TITLE = 70

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
    """A tabular as `tabular` makes it, with a rule before each block of rows."""
    lines = [
        *(f"% {' '.join(note.split())}" for note in (r"Needs \usepackage{booktabs}.", *notes)),
        *([r"{\footnotesize\setlength{\tabcolsep}{3pt}%"] if small else []),
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _row(heading),
        *(line for block in blocks for line in _block(block, len(heading), titled=len(blocks) > 1)),
        r"\bottomrule",
        r"\end{tabular}%" if small else r"\end{tabular}",
        *(["}"] if small else []),
    ]
    return "\n".join(lines) + "\n"


def _block(block: Block, columns: int, *, titled: bool) -> list[str]:
    lines = [r"\midrule"]
    if titled:
        letters = "l" if len(block.title) <= _LONG_TITLE else r"p{0.9\linewidth}"
        title = rf"\emph{{{escape(block.title)}}}"
        lines.append(rf"\multicolumn{{{columns}}}{{{letters}}}{{{title}}} \\")
    return [*lines, *map(_row, block.rows)]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escape, cells)) + r" \\"
