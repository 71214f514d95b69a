"""A network as rows to be drawn: layers with shapes and parameters, what a variant has changed
marked, what repeats itself folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise

from paribus.present.layers import repeats
from paribus.spec.diff import LayerChange, aligned
from paribus.spec.layers import Concat, Residual
from paribus.spec.notation import format_layer
from paribus.spec.plan import Node, Plan, Shape
from paribus.text import MINUS

_LONGEST_PATTERN = 16
_DEEPEST_STYLE = 3
_SIGNS = {LayerChange.ADDED: "+", LayerChange.REMOVED: MINUS}
_STYLES = {LayerChange.ADDED: "new", LayerChange.REMOVED: "gone"}


class Part(Enum):
    """What a row stands for."""

    LAYER = auto()
    BLOCK_BEGINS = auto()
    BRANCH_BEGINS = auto()
    """Another part of a block, which takes what came into it."""
    BLOCK_ENDS = auto()


@dataclass(frozen=True)
class LayerRow:
    """A layer, or the beginning or end of a block: of a residual, or of a concatenation.

    `depth`: in how many blocks it stands. `shape`: what comes out, "" of a layer that is
    gone. `parameters`: trained values.
    """

    text: str
    shape: str
    parameters: int
    depth: int
    part: Part = Part.LAYER
    change: LayerChange | None = None

    @property
    def sign(self) -> str:
        """What marks such a row; "" of one that the base has too."""
        return "" if self.change is None else _SIGNS[self.change]

    @property
    def styles(self) -> str:
        """What the page's styles call such a row."""
        names = [f"in-{min(self.depth, _DEEPEST_STYLE)}"]
        if self.change is not None:
            names.append(_STYLES[self.change])
        return " ".join(names)


@dataclass(frozen=True)
class LayerGroup:
    """Rows that stand so many times one after the other."""

    times: int
    rows: tuple[LayerRow, ...]


def diagram(plan: Plan, base: Plan | None = None) -> list[LayerGroup]:
    """Return the rows of a network from its input to its logits, and what differs from its base."""
    rows = _all_rows(plan)
    return _folded(rows if base is None else _marked(rows, _all_rows(base)))


def _all_rows(plan: Plan) -> list[LayerRow]:
    return [LayerRow("images", _show(plan.input_shape), 0, 0), *_rows(plan.nodes, 0)]


def _rows(nodes: Sequence[Node], depth: int) -> list[LayerRow]:
    rows: list[LayerRow] = []
    for node in nodes:
        before, after = _show(node.input_shape), _show(node.output_shape)
        if isinstance(node.layer, Residual):
            rows.append(LayerRow("residual block", before, 0, depth, Part.BLOCK_BEGINS))
            body, *skips = node.branches
            rows += _rows(body, depth + 1)
            for skip in skips:
                rows.append(LayerRow("skip", before, 0, depth, Part.BRANCH_BEGINS))
                rows += _rows(skip, depth + 1)
            added = "plus the skip" if skips else "plus what came in"
            rows.append(LayerRow(added, after, 0, depth, Part.BLOCK_ENDS))
        elif isinstance(node.layer, Concat):
            count = len(node.branches)
            for number, branch in enumerate(node.branches, start=1):
                part = Part.BLOCK_BEGINS if number == 1 else Part.BRANCH_BEGINS
                rows.append(LayerRow(f"branch {number} of {count}", before, 0, depth, part))
                rows += _rows(branch, depth + 1)
            rows.append(LayerRow("concatenated", after, 0, depth, Part.BLOCK_ENDS))
        else:
            parameters = Plan((node,), node.input_shape, 0).parameters
            rows.append(LayerRow(format_layer(node.layer), after, parameters, depth))
    return rows


def _marked(rows: list[LayerRow], base: list[LayerRow]) -> list[LayerRow]:
    """The rows with those of the base that are gone put in their places, and both marked."""
    marked: list[LayerRow] = []
    depth = 0
    before, after = iter(base), iter(rows)
    for change in aligned([row.text for row in base], [row.text for row in rows]):
        if change is LayerChange.REMOVED:
            row = next(before)
            marked.append(replace(row, shape="", parameters=0, depth=depth, change=change))
            continue
        if change is None:
            next(before)
        row = next(after)
        depth = row.depth
        marked.append(replace(row, change=change))
    return marked


def _folded(rows: list[LayerRow]) -> list[LayerGroup]:
    """The rows in groups, the shortest pattern that covers most of what follows each time."""
    groups: list[LayerGroup] = []
    single: list[LayerRow] = []
    at = 0
    while at < len(rows):
        times, length = max(
            ((repeats(rows, at, length), length) for length in range(1, _LONGEST_PATTERN + 1)),
            key=lambda found: (found[0] * found[1] if found[0] > 1 else 0, -found[1]),
        )
        pattern = rows[at : at + length]
        if times > 1 and _whole(pattern):
            if single:
                groups.append(LayerGroup(1, tuple(single)))
                single = []
            groups.append(LayerGroup(times, tuple(pattern)))
            at += times * length
        else:
            single.append(rows[at])
            at += 1
    if single:
        groups.append(LayerGroup(1, tuple(single)))
    return groups


def _whole(pattern: list[LayerRow]) -> bool:
    """Whether blocks begin and end within it."""
    inner = min(row.depth for row in pattern) == pattern[0].depth == pattern[-1].depth
    broken = any(
        b.depth > a.depth and a.part not in (Part.BLOCK_BEGINS, Part.BRANCH_BEGINS)
        for a, b in pairwise(pattern)
    )
    parts = [row.part for row in pattern]
    return inner and not broken and parts.count(Part.BLOCK_BEGINS) == parts.count(Part.BLOCK_ENDS)


def _show(shape: Shape) -> str:
    return " × ".join(map(str, shape))
