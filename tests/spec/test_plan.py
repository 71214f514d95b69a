"""Shapes, names and sizes."""

from __future__ import annotations

import pytest

from paribus.errors import UserError
from paribus.spec.files import load_study
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import parse_layers
from paribus.spec.plan import make_plan

PARAMETERS = {"mlp": 42_310, "cnn": 21_578, "residual": 58_034, "residual-bn": 58_370}


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items())
def test_parameters_of_the_built_in_study(name: str, parameters: int) -> None:
    network = load_study("mnist")[0].experiments[name].network
    assert not isinstance(network, ModuleNetwork)
    assert make_plan(network, (1, 28, 28), 10).parameters == parameters


def test_multiply_adds() -> None:
    plan = make_plan(parse_layers(["conv 2", "flatten", "linear 3"]), (1, 4, 5), 3)
    assert plan.multiply_adds == 2 * 4 * 5 * 9 + 2 * 4 * 5 * 3


def test_strides_and_pools_round_as_pytorch_does() -> None:
    plan = make_plan(
        parse_layers(["conv 4 stride=2", "maxpool 2", "flatten", "linear 2"]), (3, 7, 8), 2
    )
    assert [node.output_shape for node in plan.nodes] == [(4, 4, 4), (4, 2, 2), (16,), (2,)]


def test_adding_batch_normalization_renames_no_other_tensor() -> None:
    without = make_plan(parse_layers(["conv 4", "conv 4", "flatten", "linear 2"]), (1, 8, 8), 2)
    with_it = make_plan(
        parse_layers(
            ["conv 4", "batchnorm", "residual [batchnorm, conv 4]", "flatten", "linear 2"]
        ),
        (1, 8, 8),
        2,
    )
    added = set(with_it.tensors) - set(without.tensors)
    assert set(without.tensors) <= set(with_it.tensors)
    assert {tensor.name.split(".")[0] for tensor in added} == {"batchnorm1", "batchnorm2"}


def test_a_projection_renames_no_other_tensor() -> None:
    layers = ["conv 4", "residual [conv 4]", "conv 8", "globalavgpool", "linear 2"]
    plain = make_plan(parse_layers(layers), (1, 8, 8), 2)
    layers[1] = "residual [conv 4] skip=[conv 4 kernel=1, residual [conv 4]]"
    projected = make_plan(parse_layers(layers), (1, 8, 8), 2)
    assert set(plain.tensors) <= set(projected.tensors)
    assert [tensor.name for tensor in projected.tensors if tensor not in plain.tensors] == [
        *("skip_conv1.weight", "skip_conv1.bias", "skip_conv2.weight", "skip_conv2.bias"),
    ]
    area = 8 * 8
    convolutions = area * (1 * 4 * 9 + 4 * 4 * 9 + 4 * 4 * 1 + 4 * 4 * 9 + 4 * 8 * 9)
    assert projected.multiply_adds == convolutions + 8 * 2


def test_groups_share_out_the_weights() -> None:
    plan = make_plan(parse_layers(["conv 6 groups=2", "globalavgpool", "linear 2"]), (4, 8, 8), 2)
    weight = plan.tensors[0]
    assert weight.shape == (6, 2, 3, 3)
    assert (weight.fan_in, weight.fan_out) == (2 * 9, 3 * 9)
    assert plan.multiply_adds == 64 * 6 * 2 * 9 + 6 * 2


def test_branches_are_joined_along_channels_or_features() -> None:
    plan = make_plan(
        parse_layers(
            [
                "concat [[conv 4 stride=2], [maxpool 2, conv 3], [avgpool 2]]",
                "concat [[globalavgpool], [flatten, linear 5]]",
                "linear 2",
            ]
        ),
        (2, 8, 8),
        2,
    )
    assert [node.output_shape for node in plan.nodes] == [(9, 4, 4), (14,), (2,)]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            ["conv 4", "linear 10"],
            'layer 2 "linear 10": needs flat features, got 4×8×8; put "flatten" before it',
        ),
        (
            ["flatten", "conv 4"],
            'layer 2 "conv 4": needs feature maps (channels, rows, columns), got 64; '
            'put it before "flatten"',
        ),
        (
            ["maxpool 2", "maxpool 5"],
            'layer 2 "maxpool 5": its window is larger than its input 1×4×4; '
            "pool less often or by less",
        ),
        (
            ["residual [relu, conv 3]", "flatten", "linear 10"],
            'layer 1 "residual [relu, conv 3]": turns 1×8×8 into 3×8×8, but what it is added to '
            "must keep its shape; change the body's channels or stride, or add "
            "skip=[conv 3 kernel=1]",
        ),
        (
            ["residual [conv 4 stride=2]", "flatten", "linear 10"],
            'layer 1 "residual [conv 4 stride=2]": turns 1×8×8 into 4×4×4, but what it is added to '
            "must keep its shape; change the body's channels or stride, or add "
            "skip=[conv 4 kernel=1 stride=2]",
        ),
        (
            ["flatten", "residual [linear 10]"],
            'layer 2 "residual [linear 10]": turns 64 into 10, but what it is added to must keep '
            "its shape; change the body's channels or stride, or add skip=[linear 10]",
        ),
        (
            ["residual [conv 4 stride=2] skip=[conv 3 kernel=1]"],
            'layer 1 "residual [conv 4 stride=2] skip=[conv 3 kernel=1]": its body gives 4×4×4 and '
            "its skip 3×8×8, but both are added; change either's channels or stride",
        ),
        (
            ["residual [relu] skip=[flatten, conv 3]"],
            'layer 1 "residual [relu] skip=[flatten, conv 3]", skip, layer 2 "conv 3": needs '
            'feature maps (channels, rows, columns), got 64; put it before "flatten"',
        ),
        (
            ["concat [[conv 4], [maxpool 2]]"],
            'layer 1 "concat [[conv 4], [maxpool 2]]": its branches give 4×8×8, 1×4×4; all must '
            "have the same rows and columns, or be flat features; change strides or pooling",
        ),
        (
            ["concat [[], [relu, linear 4]]"],
            'layer 1 "concat [[], [relu, linear 4]]", branch 2, layer 2 "linear 4": needs flat '
            'features, got 1×8×8; put "flatten" before it',
        ),
        (
            ["conv 6", "conv 8 groups=4"],
            'layer 2 "conv 8 groups=4": 6 channels come in, which do not fall into 4 groups of one '
            "size; choose a divisor of both 6 and 8",
        ),
        (
            ["conv 6", "groupnorm 4"],
            'layer 2 "groupnorm 4": 6×8×8 has 6 channels or features, which do not fall into 4 '
            "groups of one size; choose a divisor of 6",
        ),
        (
            ["flatten", "groupnorm 64"],
            'layer 2 "groupnorm 64": each of its 64 groups has a single value, which is always 0 '
            "once normalized; choose fewer groups, or remove it",
        ),
        (
            ["flatten", "linear 1", "layernorm"],
            'layer 3 "layernorm": its input is a single value, which is always 0 once normalized; '
            "give it more features, or remove it",
        ),
        (
            ["flatten", "globalavgpool"],
            'layer 2 "globalavgpool": needs feature maps (channels, rows, columns), got 64; '
            'put it before "flatten"',
        ),
        (
            ["residual [flatten, conv 3]"],
            'layer 1 "residual [flatten, conv 3]", layer 2 "conv 3": needs feature maps '
            '(channels, rows, columns), got 64; put it before "flatten"',
        ),
        (
            ["conv 3"],
            "the network ends with shape 3×8×8, but the data has 10 classes; "
            'end it with "flatten", "linear 10"',
        ),
        (
            ["flatten", "linear 5"],
            'the network ends with shape 5, but the data has 10 classes; end it with "linear 10"',
        ),
    ],
)
def test_messages(layers: list[str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        make_plan(parse_layers(layers), (1, 8, 8), 10)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            ["conv 1000000", "flatten", "linear 10"],
            'layer 1 "conv 1000000": with it, the network has 64,000,000 activations per image; '
            "use fewer channels or features, for at most 50,000,000",
        ),
        (
            ["flatten", "linear 1000000", "linear 1000000", "linear 10"],
            'layer 3 "linear 1000000": with it, the network has 1,000,066,000,000 parameters; use '
            "fewer channels or features, for at most 100,000,000",
        ),
        (
            ["repeat 1000 [linear 1000]"],
            'layer 102 "linear 1000": with it, the network has 100,165,000 parameters; use '
            "fewer channels or features, for at most 100,000,000",
        ),
        (
            ["residual [conv 900000 kernel=1]"],
            'layer 1 "residual [conv 900000 kernel=1]", layer 1 "conv 900000 kernel=1": with it, '
            "the network has 57,600,000 activations per image; use fewer channels or features, for "
            "at most 50,000,000",
        ),
    ],
)
def test_networks_beyond_what_is_meant(layers: list[str], message: str) -> None:
    flat = layers[0].startswith("repeat")
    with pytest.raises(UserError) as caught:
        make_plan(parse_layers(["flatten", *layers] if flat else layers), (1, 8, 8), 10)
    assert str(caught.value) == message
