"""A network as rows: shapes, parameters, what is new and gone, what repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from paribus.present.diagram import LayerGroup, LayerRow, diagram
from paribus.spec.diff import LayerChange
from paribus.spec.files import load_study
from paribus.spec.notation import parse_layers
from paribus.spec.plan import Plan, make_plan, plan_of


def planned(*layers: str) -> Plan:
    return make_plan(parse_layers(layers), (1, 28, 28), 10)


def unfolded(groups: Sequence[LayerGroup]) -> list[LayerRow]:
    return [row for group in groups for _ in range(group.times) for row in group.rows]


def of(name: str) -> Plan:
    plan = plan_of(load_study("mnist")[0].experiments[name], (1, 28, 28), 10)
    assert isinstance(plan, Plan)
    return plan


def test_shapes_and_parameters() -> None:
    (group,) = diagram(planned("conv 8", "relu", "maxpool 2", "flatten", "linear 10"))
    assert [(row.text, row.shape, row.parameters) for row in group.rows] == [
        ("images", "1 × 28 × 28", 0),
        ("conv 8", "8 × 28 × 28", 80),
        ("relu", "8 × 28 × 28", 0),
        ("maxpool 2", "8 × 14 × 14", 0),
        ("flatten", "1568", 0),
        ("linear 10", "10", 15690),
    ]


def test_every_parameter_is_in_one_row() -> None:
    for name in ("mlp", "cnn", "residual-bn"):
        plan = of(name)
        assert sum(row.parameters for row in unfolded(diagram(plan))) == plan.parameters


def test_residual_blocks_are_folded_whole() -> None:
    folded = [group for group in diagram(of("residual-bn")) if group.times > 1]
    assert [group.times for group in folded] == [3, 3, 3]
    for group in folded:
        assert [row.text.split()[0] for row in group.rows] == [
            "residual", "batchnorm", "relu", "conv", "plus",
        ]  # fmt: skip
        assert [row.depth for row in group.rows] == [0, 1, 1, 1, 0]


def test_blocks_with_several_branches() -> None:
    plan = planned(
        "residual [conv 4 stride=2, relu] skip=[conv 4 kernel=1 stride=2]",
        *("concat [[conv 2], [], [relu]]", "flatten", "linear 10"),
    )
    rows = unfolded(diagram(plan))[1:-2]
    assert [(row.depth, row.text, row.shape, row.parameters) for row in rows] == [
        (0, "residual block", "1 × 28 × 28", 0),
        (1, "conv 4 stride=2", "4 × 14 × 14", 40),
        (1, "relu", "4 × 14 × 14", 0),
        (0, "skip", "1 × 28 × 28", 0),
        (1, "conv 4 kernel=1 stride=2", "4 × 14 × 14", 8),
        (0, "plus the skip", "4 × 14 × 14", 0),
        (0, "branch 1 of 3", "4 × 14 × 14", 0),
        (1, "conv 2", "2 × 14 × 14", 74),
        (0, "branch 2 of 3", "4 × 14 × 14", 0),
        (0, "branch 3 of 3", "4 × 14 × 14", 0),
        (1, "relu", "4 × 14 × 14", 0),
        (0, "concatenated", "10 × 14 × 14", 0),
    ]
    assert sum(row.parameters for row in unfolded(diagram(plan))) == plan.parameters


def test_what_a_variant_adds_and_removes_is_marked() -> None:
    base = planned("conv 8", "relu", "maxpool 2", "flatten", "linear 10")
    variant = planned("conv 8", "batchnorm", "relu", "flatten", "linear 10")
    rows = unfolded(diagram(variant, base))
    assert [(row.sign, row.text) for row in rows if row.sign] == [
        ("+", "batchnorm"),
        ("−", "maxpool 2"),
    ]
    gone = next(row for row in rows if row.change is LayerChange.REMOVED)
    assert (gone.shape, gone.parameters) == ("", 0)


def test_removed_skips_are_marked() -> None:
    rows = unfolded(diagram(of("plain"), of("residual")))
    changed = {row.text for row in rows if row.change is not None}
    assert changed == {"residual block", "plus what came in"}
    assert {row.change for row in rows} == {None, LayerChange.REMOVED}


def test_nothing_is_marked_against_itself() -> None:
    assert diagram(of("residual"), of("residual")) == diagram(of("residual"))


_layers = st.lists(
    st.sampled_from(
        [
            *("relu", "conv 4", "batchnorm", "residual [relu, conv 4]", "tanh"),
            *("residual [tanh] skip=[conv 4]", "concat [[conv 2], [relu, conv 2]]"),
        ]
    ),
    max_size=12,
)


@given(_layers, _layers)
def test_folding_and_marking_lose_nothing(first: list[str], second: list[str]) -> None:
    before, after = (planned("conv 4", *some, "flatten", "linear 10") for some in (first, second))
    marked, alone = unfolded(diagram(after, before)), unfolded(diagram(after))
    left = [row for row in marked if row.change is not LayerChange.REMOVED]
    assert [replace(row, change=None) for row in left] == alone
    kept = [row.text for row in marked if row.change is not LayerChange.ADDED]
    assert kept == [row.text for row in unfolded(diagram(before))]
