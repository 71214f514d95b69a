"""A network as rows to be drawn: layers with shapes and parameters, what a variant has changed
marked, what repeats itself folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from paribus.spec.diff import aligned
from paribus.spec.layers import Residual
from paribus.spec.notation import format_layer
from paribus.spec.plan import Node, Plan, Shape

_LONGEST_PATTERN = 16


@dataclass(frozen=True)
class Row:
    """A layer, or the beginning or end of a residual block.

    `mark`: "" as in the base, "+" new, "−" gone. `depth`: in how many residual blocks it stands.
    `shape`: what comes out, "" of a layer that is gone. `parameters`: trained values.
    """

    text: str
    shape: str
    parameters: int
    depth: int
    mark: str = ""


@dataclass(frozen=True)
class Group:
    """Rows that stand so many times one after the other."""

    times: int
    rows: tuple[Row, ...]


def diagram(plan: Plan, base: Plan | None = None) -> list[Group]:
    """The rows of a network from its input to its logits, and what differs from its base."""
    rows = [Row("images", _show(plan.input_shape), 0, 0), *_rows(plan.nodes, 0)]
    if base is not None:
        rows = _marked(rows, [Row("images", _show(base.input_shape), 0, 0), *_rows(base.nodes, 0)])
    return _folded(rows)


def _rows(nodes: Sequence[Node], depth: int) -> list[Row]:
    rows: list[Row] = []
    for node in nodes:
        if isinstance(node.layer, Residual):
            rows.append(Row("residual block", _show(node.input_shape), 0, depth))
            rows += _rows(node.body, depth + 1)
            rows.append(Row("plus what came in", _show(node.output_shape), 0, depth))
        else:
            parameters = Plan((node,), node.input_shape, 0).parameters
            rows.append(Row(format_layer(node.layer), _show(node.output_shape), parameters, depth))
    return rows


def _marked(rows: list[Row], base: list[Row]) -> list[Row]:
    """The rows with those of the base that are gone put in their places, and both marked."""
    marked: list[Row] = []
    depth = 0
    after = iter(rows)
    for mark, text in aligned([row.text for row in base], [row.text for row in rows]):
        if mark == "−":
            marked.append(Row(text, "", 0, depth, mark))
            continue
        row = next(after)
        depth = row.depth
        marked.append(Row(row.text, row.shape, row.parameters, row.depth, mark))
    return marked


def _folded(rows: list[Row]) -> list[Group]:
    """The rows in groups, the shortest pattern that covers most of what follows each time."""
    groups: list[Group] = []
    single: list[Row] = []
    at = 0
    while at < len(rows):
        times, length = max(
            ((_times(rows, at, length), length) for length in range(1, _LONGEST_PATTERN + 1)),
            key=lambda found: (found[0] * found[1] if found[0] > 1 else 0, -found[1]),
        )
        pattern = rows[at : at + length]
        if times > 1 and _whole(pattern):
            if single:
                groups.append(Group(1, tuple(single)))
                single = []
            groups.append(Group(times, tuple(pattern)))
            at += times * length
        else:
            single.append(rows[at])
            at += 1
    if single:
        groups.append(Group(1, tuple(single)))
    return groups


def _times(rows: list[Row], at: int, length: int) -> int:
    """How many times the pattern of a length that begins at a row stands there."""
    pattern = rows[at : at + length]
    if len(pattern) < length:
        return 0
    times = 1
    while rows[at + times * length : at + (times + 1) * length] == pattern:
        times += 1
    return times


def _whole(pattern: list[Row]) -> bool:
    """Whether residual blocks begin and end within it."""
    inner = min(row.depth for row in pattern) == pattern[0].depth == pattern[-1].depth
    broken = any(b.depth > a.depth and a.text != "residual block" for a, b in pairwise(pattern))
    begins = sum(row.text == "residual block" for row in pattern)
    return inner and not broken and begins == sum(r.text == "plus what came in" for r in pattern)


def _show(shape: Shape) -> str:
    return " × ".join(map(str, shape))
