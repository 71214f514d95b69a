"""How a layer is written: `conv 16 kernel=5`, `residual [relu, conv 8]`, `repeat 3 [conv 8, relu]`.

The same text is a layer's canonical form, so what a user reads is what is hashed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from paribus.errors import did_you_mean
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

LAYERS: dict[str, type[Layer]] = {
    "conv": Conv,
    "maxpool": MaxPool,
    "avgpool": AvgPool,
    "relu": Relu,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "gelu": Gelu,
    "batchnorm": BatchNorm,
    "dropout": Dropout,
    "flatten": Flatten,
    "linear": Linear,
    "residual": Residual,
}

# What the bare number behind a layer's name means, how it is named to the user, and an example.
_BARE: dict[str, tuple[str, str, str]] = {
    "conv": ("channels", "a channel count", "conv 16"),
    "maxpool": ("size", "a window size", "maxpool 2"),
    "avgpool": ("size", "a window size", "avgpool 2"),
    "dropout": ("p", "a probability", "dropout 0.5"),
    "linear": ("features", "a number of features", "linear 10"),
}

_TOKEN = re.compile(r"\s*([\[\],]|[^\s\[\],]+)")
_NAMES = [*LAYERS, "repeat"]

# Bounds on what a line may stand for, so that a slip of the hand is told and not run.
_MOST_LAYERS = 2000
_DEEPEST = 20


class NotationError(ValueError):
    """One thing wrong with the text of a layer; `str()` says what, and what to write instead."""


def parse_layers(texts: Sequence[str]) -> tuple[Layer, ...]:
    """The layers that a list of texts stands for, `repeat` written out.

    Raises `NotationError` with every problem of the list, one a line.

    >>> parse_layers(["repeat 2 [conv 8, relu]"]) == parse_layers(["conv 8", "relu"] * 2)
    True
    """
    layers: list[Layer] = []
    problems: list[str] = []
    for number, text in enumerate(texts, start=1):
        try:
            layers += parse_layer(text)
        except NotationError as error:
            problems.append(f'layer {number} "{text}": {error}')
    if problems:
        raise NotationError("\n".join(problems))
    return tuple(layers)


def parse_layer(text: str) -> list[Layer]:
    """The one layer that a text stands for, or, of a `repeat`, all of them.

    >>> parse_layer("conv 16 kernel=5")
    [Conv(kind='conv', channels=16, kernel=5, stride=1)]
    """
    tokens = _Tokens(text)
    layers = _layer(tokens)
    if tokens.peek() is not None:
        raise NotationError(
            f'"{tokens.peek()}" stands behind the end of the layer; write one layer a string'
        )
    return layers


def format_layer(layer: Layer) -> str:
    """The text of a layer, settings at their default left out; `parse_layer` reads it back.

    >>> format_layer(Residual(body=(Relu(), Conv(channels=8, stride=2))))
    'residual [relu, conv 8 stride=2]'
    """
    if isinstance(layer, Residual):
        return f"residual [{', '.join(format_layer(inner) for inner in layer.body)}]"
    words: list[str] = [layer.kind]
    bare = _BARE.get(layer.kind, ("", "", ""))[0]
    for name, field in type(layer).model_fields.items():
        value = getattr(layer, name)
        if name == bare:
            words.append(str(value))
        elif name != "kind" and value != field.default:
            words.append(f"{name}={value}")
    return " ".join(words)


class _Tokens:
    """The words and brackets of a text, one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens: Iterator[str] = iter(_TOKEN.findall(text))
        self._next: str | None = next(self._tokens, None)
        self.depth = 0

    def peek(self) -> str | None:
        return self._next

    def take(self) -> str | None:
        token, self._next = self._next, next(self._tokens, None)
        return token


def _layer(tokens: _Tokens) -> list[Layer]:
    name = tokens.take()
    if name is None or name in "[],":
        raise NotationError(f"a layer's name is missing; write e.g. {_example('conv')}")
    if name == "repeat":
        times = _whole_number(tokens.take(), "how often", "repeat 3 [conv 8, relu]")
        body = _body(tokens, "repeat 3 [conv 8, relu]")
        if len(body) * times > _MOST_LAYERS:
            raise NotationError(f"stands for more than {_MOST_LAYERS} layers; repeat less")
        return body * times
    if name == "residual":
        return [Residual(body=tuple(_body(tokens, "residual [relu, conv 8]")))]
    if name not in LAYERS:
        raise NotationError(f'there is no layer "{name}"; {did_you_mean(name, _NAMES)}')
    return [_simple_layer(name, tokens)]


def _simple_layer(name: str, tokens: _Tokens) -> Layer:
    """A layer without a body: its name, perhaps a bare number, then key=value settings."""
    layer_type = LAYERS[name]
    keys = [key for key in layer_type.model_fields if key != "kind"]
    settings: dict[str, int | float] = {}
    while (word := tokens.peek()) is not None and word not in "[],":
        tokens.take()
        key, equals, number = word.partition("=")
        if not equals:
            if name not in _BARE:
                raise NotationError(f'"{name}" takes no number, got "{word}"')
            key, number = _BARE[name][0], word
        if key not in keys:
            have = did_you_mean(key, keys) if keys else f'"{name}" has no settings'
            raise NotationError(f'unknown setting "{key}"; {have}')
        if key in settings:
            raise NotationError(f'"{key}" is given twice; write e.g. {_example(name)}')
        settings[key] = _number(number, key)
    if name in _BARE and _BARE[name][0] not in settings:
        raise NotationError(f"needs {_BARE[name][1]}; write e.g. {_example(name)}")
    try:
        return layer_type.model_validate({"kind": name, **settings})
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] != "value_error":
            what = message[0].lower() + message[1:]
            message = f"{first['loc'][-1]}: {what}, got {first['input']}"
        raise NotationError(f"{message}; write e.g. {_example(name)}") from None


def _body(tokens: _Tokens, example: str) -> list[Layer]:
    if tokens.take() != "[":
        raise NotationError(f'needs its layers in brackets; write e.g. "{example}"')
    tokens.depth += 1
    if tokens.depth > _DEEPEST:
        raise NotationError(f"brackets are nested more than {_DEEPEST} deep; write it flatter")
    layers: list[Layer] = []
    while True:
        layers += _layer(tokens)
        if len(layers) > _MOST_LAYERS:
            raise NotationError(f"stands for more than {_MOST_LAYERS} layers; repeat less")
        match tokens.take():
            case ",":
                continue
            case "]":
                tokens.depth -= 1
                return layers
            case None:
                raise NotationError(f'a bracket is not closed; write e.g. "{example}"')
            case other:
                raise NotationError(f'expected "," or "]" before "{other}"')


def _number(text: str, what: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            raise NotationError(f'{what} must be a number, got "{text}"') from None


def _whole_number(text: str | None, what: str, example: str) -> int:
    if text is None or not text.isdecimal() or not 1 <= int(text) <= 1000:
        got = "nothing" if text is None else f'"{text}"'
        raise NotationError(
            f'needs {what}, a whole number from 1 to 1000, got {got}; write e.g. "{example}"'
        )
    return int(text)


def _example(name: str) -> str:
    return f'"{_BARE[name][2] if name in _BARE else name}"'
