"""Layers as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.spec.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dropout,
    Flatten,
    Gelu,
    Layer,
    Linear,
    MaxPool,
    Relu,
    Residual,
    Sigmoid,
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
    st.sampled_from([Relu(), Tanh(), Sigmoid(), Gelu(), BatchNorm(), Flatten()]),
)
layers = st.recursive(
    simple,
    lambda inner: st.builds(Residual, body=st.lists(inner, min_size=1, max_size=4).map(tuple)),
    max_leaves=8,
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
            ["conv", "8", "residual", "repeat", "3", "[", "]", ",", "relu", "=", "kernel=3", "p"]
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
            'channels: input should be greater than or equal to 1, got 0; write e.g. "conv 16"',
        ),
        (
            "conv 8.5",
            'channels: input should be a valid integer, got 8.5; write e.g. "conv 16"',
        ),
        ("dropout 1", 'p: input should be less than 1, got 1; write e.g. "dropout 0.5"'),
        ("relu 5", '"relu" takes no number, got "5"'),
        ("relu p=5", 'unknown setting "p"; "relu" has no settings'),
        ("relu, tanh", '"," stands behind the end of the layer; write one layer a string'),
        ("residual relu", 'needs its layers in brackets; write e.g. "residual [relu, conv 8]"'),
        ("residual [relu", 'a bracket is not closed; write e.g. "residual [relu, conv 8]"'),
        ("residual [relu [", 'expected "," or "]" before "["'),
        (
            "repeat x [relu]",
            'needs how often, a whole number from 1 to 1000, got "x"; '
            'write e.g. "repeat 3 [conv 8, relu]"',
        ),
        (
            "repeat 999 [repeat 999 [relu]]",
            "stands for more than 2000 layers; repeat less",
        ),
        ("residual [" * 30, "brackets are nested more than 20 deep; write it flatter"),
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
