"""Layers as text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.spec.layers import (
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    Flatten,
    Gelu,
    GlobalAvgPool,
    GroupNorm,
    Layer,
    LayerNorm,
    LeakyRelu,
    Linear,
    MaxPool,
    Relu,
    Residual,
    Sigmoid,
    Silu,
    Tanh,
)
from paribus.spec.notation import NotationError, format_layer, parse_layer, parse_layers

simple = st.one_of(
    st.builds(
        Conv,
        channels=st.integers(1, 512),
        kernel=st.integers(0, 5).map(lambda n: 2 * n + 1),
        stride=st.integers(1, 4),
    ),
    st.builds(MaxPool, size=st.integers(2, 9)),
    st.builds(AvgPool, size=st.integers(2, 9)),
    st.builds(Dropout, p=st.floats(0.001, 0.999)),
    st.builds(Linear, features=st.integers(1, 4096)),
    st.builds(GroupNorm, groups=st.integers(1, 512)),
    st.builds(LeakyRelu, negative_slope=st.floats(0.001, 0.999)),
    st.sampled_from(
        [
            Relu(),
            Tanh(),
            Sigmoid(),
            Silu(),
            Gelu(),
            BatchNorm(),
            Flatten(),
            GlobalAvgPool(),
            LayerNorm(),
        ]
    ),
)
layers = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(
            Residual,
            body=st.lists(inner, min_size=1, max_size=4).map(tuple),
            skip=st.lists(inner, max_size=2).map(tuple),
        ),
        st.builds(
            Concat, branches=st.lists(st.lists(inner, max_size=3).map(tuple), min_size=2).map(tuple)
        ),
    ),
    max_leaves=8,
)

SKIP_PLACE = (
    "skip stands behind the brackets of a residual block; write e.g. "
    '"residual [conv 8 stride=2] skip=[conv 8 kernel=1 stride=2]"'
)


@given(layers)
def test_what_is_written_is_read_back(layer: Layer) -> None:
    assert parse_layer(format_layer(layer)) == [layer]


@given(st.text())
def test_any_text_gives_layers_or_a_message(text: str) -> None:
    try:
        assert parse_layer(text)
    except NotationError as error:
        assert str(error)


@given(
    st.lists(
        st.sampled_from(
            [
                *("conv", "8", "residual", "repeat", "concat", "3", "[", "]", ",", "relu", "="),
                *("kernel=3", "skip=", "p"),
            ]
        )
    )
)
def test_any_order_of_known_words_gives_layers_or_a_message(words: list[str]) -> None:
    try:
        assert parse_layer(" ".join(words))
    except NotationError as error:
        assert str(error)


def test_repeat_is_written_out() -> None:
    assert parse_layer("repeat 2 [repeat 2 [relu], tanh]") == [Relu(), Relu(), Tanh()] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'a layer\'s name is missing; write e.g. "conv 16"'),
        ("konv 8", 'there is no layer "konv"; did you mean "conv"?'),
        ("conv", 'needs a channel count; write e.g. "conv 16"'),
        ("conv eight", 'channels must be a number, got "eight"'),
        ("conv 8 9", '"channels" is given twice; write e.g. "conv 16"'),
        ("conv 8 kernal=5", 'unknown setting "kernal"; did you mean "kernel"?'),
        (
            "conv 8 kernel=4",
            "kernel must be odd, got 4: only odd kernels can keep the image size; "
            'write e.g. "conv 16"',
        ),
        (
            "conv 0",
            'channels must be at least 1, got 0; write e.g. "conv 16"',
        ),
        (
            "conv 8.5",
            'channels must be an integer, got 8.5; write e.g. "conv 16"',
        ),
        ("dropout 1", 'p must be below 1, got 1; write e.g. "dropout 0.5"'),
        ("dropout nan", 'p must be below 1, got nan; write e.g. "dropout 0.5"'),
        (
            "conv 99999999999",
            'channels must be at most 1,000,000, got 99999999999; write e.g. "conv 16"',
        ),
        (
            "linear 100000000",
            'features must be at most 1,000,000, got 100000000; write e.g. "linear 10"',
        ),
        (
            "conv 8 kernel=100001",
            'kernel must be at most 1,001, got 100001; write e.g. "conv 16"',
        ),
        (
            f"maxpool {'9' * 5000}",
            "size has 5,000 characters; write at most 100",
        ),
        ("softmax", '"softmax" is part of the loss; remove it'),
        ("LogSoftmax", '"LogSoftmax" is part of the loss; remove it'),
        ("dense 10", 'there is no layer "dense"; did you mean "linear"?'),
        ("Conv2d 10", 'there is no layer "Conv2d"; did you mean "conv"?'),
        ("bn", 'there is no layer "bn"; did you mean "batchnorm"?'),
        ("conv 8 kernel_size=5", 'unknown setting "kernel_size"; did you mean "kernel"?'),
        ("maxpool kernel_size=2", 'unknown setting "kernel_size"; did you mean "size"?'),
        (
            "conv 8 groups=3",
            "8 channels do not fall into 3 groups of one size; choose a divisor of 8",
        ),
        ("conv 8 groups=0", 'groups must be at least 1, got 0; write e.g. "conv 16"'),
        (
            "depthwise 8",
            'there is no layer "depthwise"; write e.g. "conv 16 groups=16", with as many groups as '
            "channels",
        ),
        (
            "conv 8 padding=1",
            'unknown setting "padding"; conv always pads with zeros, so that stride 1 keeps the '
            "image size; remove it",
        ),
        ("relu 5", '"relu" takes no number, got "5"'),
        ("swish", 'there is no layer "swish"; did you mean "silu"?'),
        ("LeakyReLU", 'there is no layer "LeakyReLU"; did you mean "leakyrelu"?'),
        (
            "leakyrelu 0.2",
            '"leakyrelu" takes no number, got "0.2"; write e.g. "leakyrelu negative_slope=0.2"',
        ),
        ("leakyrelu alpha=0.2", 'unknown setting "alpha"; did you mean "negative_slope"?'),
        (
            "leakyrelu negative_slope=1",
            'negative_slope must be below 1, got 1; write e.g. "leakyrelu negative_slope=0.2"',
        ),
        ("GroupNorm2d 4", 'there is no layer "GroupNorm2d"; did you mean "groupnorm"?'),
        ("groupnorm", 'needs a number of groups; write e.g. "groupnorm 4"'),
        ("groupnorm num_groups=4", 'unknown setting "num_groups"; did you mean "groups"?'),
        ("groupnorm 0", 'groups must be at least 1, got 0; write e.g. "groupnorm 4"'),
        ("layernorm 8", '"layernorm" takes no number, got "8"'),
        ("silu 1", '"silu" takes no number, got "1"'),
        ("relu p=5", 'unknown setting "p"; "relu" has no settings'),
        ("relu, tanh", '"," stands behind the end of the layer; write one layer a string'),
        ("residual relu", 'needs its layers in brackets; write e.g. "residual [relu, conv 8]"'),
        ("residual [relu", 'a bracket is not closed; write e.g. "residual [relu, conv 8]"'),
        ("gap", 'there is no layer "gap"; did you mean "globalavgpool"?'),
        ("globalavgpool 7", '"globalavgpool" takes no number, got "7"'),
        (
            "residual [relu] shortcut=[conv 8]",
            'unknown setting "shortcut"; did you mean "skip"?',
        ),
        (
            "residual [relu] skip=[tanh] skip=[tanh]",
            '"skip" is given twice; write e.g. '
            '"residual [conv 8 stride=2] skip=[conv 8 kernel=1 stride=2]"',
        ),
        (
            "residual [relu] skip=tanh",
            "skip needs its layers in brackets; write e.g. "
            '"residual [conv 8 stride=2] skip=[conv 8 kernel=1 stride=2]"',
        ),
        (
            "residual [relu] skip=[]",
            "skip=[] has no layers; leave it out, and the block adds its input as it is, or write "
            'e.g. "residual [conv 8 stride=2] skip=[conv 8 kernel=1 stride=2]"',
        ),
        ("residual skip=[tanh] [relu]", SKIP_PLACE),
        ("skip=[tanh]", SKIP_PLACE),
        ("concat [[relu], [tanh]] skip=[tanh]", SKIP_PLACE),
        ("conv 8 skip=[tanh]", f'unknown setting "skip"; {SKIP_PLACE}'),
        ("residual [relu, conv 8 skip=[tanh]]", f'unknown setting "skip"; {SKIP_PLACE}'),
        (
            "residual [relu] skip=[tanh",
            'a bracket is not closed; write e.g. "residual [conv 8 stride=2] '
            'skip=[conv 8 kernel=1 stride=2]"',
        ),
        (
            "residual [relu] tanh",
            '"tanh" stands behind the end of the layer; write one layer a string',
        ),
        ("cat [[relu], [tanh]]", 'there is no layer "cat"; did you mean "concat"?'),
        (
            "concat",
            'needs its layers in brackets; write e.g. "concat [[conv 8], [conv 8 kernel=5]]"',
        ),
        (
            "concat [conv 8, conv 8]",
            'needs each branch in brackets; write e.g. "concat [[conv 8], [conv 8 kernel=5]]"',
        ),
        (
            "concat [[conv 8]]",
            'needs at least two branches; write e.g. "concat [[conv 8], [conv 8 kernel=5]]"',
        ),
        (
            "concat [[conv 8], [conv 8]",
            'a bracket is not closed; write e.g. "concat [[conv 8], [conv 8 kernel=5]]"',
        ),
        (
            f"concat [{', '.join(['[]'] * 3000)}]",
            "has more than 2,000 layers, those in blocks included; repeat less",
        ),
        ("concat [[" * 11, "has brackets nested more than 20 deep; write it with fewer brackets"),
        ("residual [relu [", 'expected "," or "]" before "["'),
        (
            "repeat x [relu]",
            'needs a number of repetitions, an integer from 1 to 1000, got "x"; '
            'write e.g. "repeat 3 [conv 8, relu]"',
        ),
        (
            "repeat 999 [repeat 999 [relu]]",
            "has more than 2,000 layers, those in blocks included; repeat less",
        ),
        (
            "repeat 100 [residual [repeat 100 [residual [relu]]]]",
            "has more than 2,000 layers, those in blocks included; repeat less",
        ),
        (
            f"residual [{', '.join(['residual [repeat 900 [relu]]'] * 1000)}]",
            "has more than 2,000 layers, those in blocks included; repeat less",
        ),
        (
            f"repeat {'9' * 5000} [relu]",
            f'needs a number of repetitions, an integer from 1 to 1000, got "{"9" * 200}...'
            f'{"9" * 150}"; write e.g. "repeat 3 [conv 8, relu]"',
        ),
        ("[" * 1500, 'a layer\'s name is missing; write e.g. "conv 16"'),
        ("residual [" * 30, "has brackets nested more than 20 deep; write it with fewer brackets"),
    ],
)
def test_messages(text: str, message: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_layer(text)
    assert str(caught.value) == message


def test_all_problems_of_a_list_are_told() -> None:
    with pytest.raises(NotationError) as caught:
        parse_layers(["conv", "relu", "linear"])
    assert str(caught.value).split("\n") == [
        'layer 1 "conv": needs a channel count; write e.g. "conv 16"',
        'layer 3 "linear": needs a number of features; write e.g. "linear 10"',
    ]


def test_the_layers_of_a_list_count_together() -> None:
    assert len(parse_layers(["repeat 900 [relu]"] * 2)) == 1800
    with pytest.raises(NotationError) as caught:
        parse_layers(
            ["repeat 900 [relu]", "residual [repeat 900 [relu]]", "repeat 900 [relu]", "x"]
        )
    assert str(caught.value) == (
        'layer 3 "repeat 900 [relu]": with it, the network has more than 2,000 layers, those in '
        "blocks included; repeat less"
    )


@pytest.mark.parametrize("text", [" " * 100_000, "relu" + " " * 100_000 + "]", "conv 8 " * 50_000])
def test_long_texts_take_no_time(text: str) -> None:
    started = time.process_time()
    with pytest.raises(NotationError) as caught:
        parse_layer(text)
    assert time.process_time() - started < 1
    assert len(str(caught.value)) < 1000
