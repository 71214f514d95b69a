"""How a layer is written: `conv 16 kernel=5`, `residual [relu, conv 8]`, `repeat 3 [conv 8, relu]`.

The same text is a layer's canonical form, so what a user reads is what is hashed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, get_args

from pydantic import ValidationError

from paribus.spec.bounds import DEEPEST, MOST_DIGITS, MOST_LAYERS, MOST_TOLD
from paribus.spec.layers import (
    TOO_MANY_LAYERS,
    Concat,
    Layer,
    Residual,
    count_layers,
)
from paribus.spec.problems import words
from paribus.spec.suggestions import not_a_layer, suggest
from paribus.text import shown

LAYERS: dict[str, type[Layer]] = {
    str(layer.model_fields["kind"].default): layer for layer in get_args(Layer)
}
"""Every layer by its name, in the order of `Layer`."""

# What the bare number behind a layer's name means, how it is named to the user, and an example.
_BARE: dict[str, tuple[str, str, str]] = {
    "conv": ("channels", "a channel count", "conv 16"),
    "maxpool": ("size", "a window size", "maxpool 2"),
    "avgpool": ("size", "a window size", "avgpool 2"),
    "groupnorm": ("groups", "a number of groups", "groupnorm 4"),
    "dropout": ("p", "a probability", "dropout 0.5"),
    "linear": ("features", "a number of features", "linear 10"),
}
# An example of a layer that takes no bare number but has a setting.
_WITH_SETTING = {"leakyrelu": "leakyrelu negative_slope=0.2"}

_REPEAT = "repeat 3 [conv 8, relu]"
_RESIDUAL = "residual [relu, conv 8]"
_SKIP = "residual [conv 8 stride=2] skip=[conv 8 kernel=1 stride=2]"
_SKIP_PLACE = f'skip stands behind the brackets of a residual block; write e.g. "{_SKIP}"'
_CONCAT = "concat [[conv 8], [conv 8 kernel=5]]"

_TOKEN = re.compile(r"[\[\],]|[^\s\[\],]+")
_NAMES = [*LAYERS, "repeat"]
_TOO_MANY = f"{TOO_MANY_LAYERS}; repeat less"


Defaults = Mapping[str, Mapping[str, Any]]
"""Of layers, by their names and those of their settings."""


class NotationError(ValueError):
    """One thing wrong with the text of a layer; `str()` says what, and what to write instead."""


def parse_layers(texts: Sequence[str]) -> tuple[Layer, ...]:
    """Return the layers that a list of texts stands for, `repeat` written out.

    Raises `NotationError` with every problem of the list, one per line.

    >>> parse_layers(["repeat 2 [conv 8, relu]"]) == parse_layers(["conv 8", "relu"] * 2)
    True
    """
    layers: list[Layer] = []
    problems: list[str] = []
    total = 0
    for number, text in enumerate(texts, start=1):
        if len(problems) > MOST_TOLD:
            break
        here = f'layer {number} "{shown(text)}"'
        try:
            parsed = parse_layer(text)
        except NotationError as error:
            problems.append(f"{here}: {error}")
            continue
        layers += parsed
        total += count_layers(parsed)
        if total > MOST_LAYERS:
            problems.append(f"{here}: with it, the network {_TOO_MANY}")
            break
    if problems:
        raise NotationError("\n".join(problems))
    return tuple(layers)


def parse_layer(text: str) -> list[Layer]:
    """Return the one layer that a text stands for, or, of a `repeat`, all of them.

    >>> parse_layer("conv 16 kernel=5")
    [Conv(kind='conv', channels=16, kernel=5, stride=1, groups=1)]
    """
    tokens = _Tokens(text)
    layers = _layer(tokens)
    if tokens.peek() is not None:
        if _is_skip(tokens.peek()):
            raise NotationError(_SKIP_PLACE)
        raise NotationError(
            f'"{shown(tokens.peek())}" stands behind the end of the layer; write one layer a string'
        )
    return layers


def format_layer(layer: Layer, defaults: Defaults = MappingProxyType({})) -> str:
    """Return the text of a layer, settings at their default left out; `parse_layer` reads it back.

    defaults: those of a version of canonical forms, where they are meant in place of the present
    ones.

    >>> format_layer(parse_layer("residual [relu, conv channels=8 kernel=3 stride=2]")[0])
    'residual [relu, conv 8 stride=2]'
    """
    if isinstance(layer, Residual):
        skip = f" skip={_listed(layer.skip, defaults)}" if layer.skip else ""
        return f"residual {_listed(layer.body, defaults)}{skip}"
    if isinstance(layer, Concat):
        return f"concat [{', '.join(_listed(branch, defaults) for branch in layer.branches)}]"
    own = defaults.get(layer.kind, {})
    words: list[str] = [layer.kind]
    bare = _BARE.get(layer.kind, ("", "", ""))[0]
    for name, field in type(layer).model_fields.items():
        value = getattr(layer, name)
        if name == bare:
            words.append(str(value))
        elif name != "kind" and value != own.get(name, field.default):
            words.append(f"{name}={value}")
    return " ".join(words)


def _listed(layers: Sequence[Layer], defaults: Defaults) -> str:
    return f"[{', '.join(format_layer(layer, defaults) for layer in layers)}]"


def filled_text(text: str, defaults: Defaults) -> str:
    """Return the canonical text of a layer with the defaults of a version written out.

    >>> filled_text("residual [relu, conv 8 stride=2]", {"conv": {"kernel": 3, "stride": 1}})
    'residual [relu, conv 8 kernel=3 stride=2]'
    """

    def fill(words: list[str]) -> list[str]:
        own = {
            key: f"{key}={value}"
            for key, value in defaults.get(words[0], {}).items()
            if not isinstance(value, list)  # Of layers, which are written only where there are any.
        }
        given = {word.partition("=")[0]: word for word in words if "=" in word}
        return [*(word for word in words if "=" not in word), *(own | given).values()]

    return _each_layer(text, fill)


def stripped_text(text: str, defaults: Defaults) -> str:
    """Return the canonical text of a layer without the defaults of a version.

    >>> stripped_text("conv 8 kernel=3 stride=2", {"conv": {"kernel": 3, "stride": 1}})
    'conv 8 stride=2'
    """

    def strip(words: list[str]) -> list[str]:
        left_out = {f"{key}={value}" for key, value in defaults.get(words[0], {}).items()}
        return [word for word in words if word not in left_out]

    return _each_layer(text, strip)


def _each_layer(text: str, change: Callable[[list[str]], list[str]]) -> str:
    """The text with the words of each layer in it changed."""
    return re.sub(r"[^\[\],\s][^\[\],]*[^\[\],\s]", lambda m: " ".join(change(m[0].split())), text)


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
        times = _times(tokens.take(), _REPEAT)
        body = _body(tokens, _REPEAT)
        if count_layers(body) * times > MOST_LAYERS:
            raise NotationError(_TOO_MANY)
        return body * times
    if name == "residual":
        return [_residual(tokens)]
    if name == "concat":
        return [_concat(tokens)]
    if name not in LAYERS:
        raise NotationError(_SKIP_PLACE if _is_skip(name) else not_a_layer(name, _NAMES))
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
                instead = f"; write e.g. {_example(name)}" if name in _WITH_SETTING else ""
                raise NotationError(f'"{name}" takes no number, got "{shown(word)}"{instead}')
            key, number = _BARE[name][0], word
        if key not in keys:
            raise NotationError(f'unknown setting "{shown(key)}"; {_settings(name, key, keys)}')
        if key in settings:
            raise NotationError(f'"{key}" is given twice; write e.g. {_example(name)}')
        settings[key] = _number(number, key)
    if name in _BARE and _BARE[name][0] not in settings:
        raise NotationError(f"needs {_BARE[name][1]}; write e.g. {_example(name)}")
    try:
        return layer_type.model_validate({"kind": name, **settings})
    except ValidationError as error:
        first = error.errors()[0]
        said = words(first)
        if first["type"] != "value_error":
            said = f"{first['loc'][-1]} {said}"
        example = "" if "; " in said else f"; write e.g. {_example(name)}"
        raise NotationError(f"{said}{example}") from None


def _settings(name: str, key: str, keys: list[str]) -> str:
    """Return the tail of a message about a setting that a layer does not have."""
    if key == "skip":
        return _SKIP_PLACE
    if key == "padding" and name == "conv":
        return "conv always pads with zeros, so that stride 1 keeps the image size; remove it"
    return suggest(key, keys) if keys else f'"{name}" has no settings'


def _residual(tokens: _Tokens) -> Residual:
    """A residual block behind its name: its body, perhaps what its skip connection goes through."""
    if _is_skip(tokens.peek()):
        raise NotationError(_SKIP_PLACE)
    body = tuple(_body(tokens, _RESIDUAL))
    skip: tuple[Layer, ...] = ()
    while (word := tokens.peek()) is not None and "=" in word:
        key, _, rest = word.partition("=")
        if key != "skip":
            raise NotationError(f'unknown setting "{shown(key)}"; {suggest(key, ["skip"])}')
        if skip:
            raise NotationError(f'"skip" is given twice; write e.g. "{_SKIP}"')
        if rest:
            raise NotationError(f'skip needs its layers in brackets; write e.g. "{_SKIP}"')
        tokens.take()
        skip = tuple(_body(tokens, _SKIP, may_be_empty=True))
        if not skip:
            raise NotationError(
                "skip=[] has no layers; leave it out, and the block adds its input as it is, or "
                f'write e.g. "{_SKIP}"'
            )
    return Residual(body=body, skip=skip)


def _is_skip(word: str | None) -> bool:
    """Whether a word says what a skip connection goes through."""
    return word is not None and word.partition("=")[0] == "skip"


def _concat(tokens: _Tokens) -> Concat:
    """A concatenation behind its name: its branches, each in brackets of its own."""
    _open(tokens, _CONCAT)
    branches: list[tuple[Layer, ...]] = []
    while True:
        if tokens.peek() != "[":
            raise NotationError(f'needs each branch in brackets; write e.g. "{_CONCAT}"')
        branches.append(tuple(_body(tokens, _CONCAT, may_be_empty=True)))
        if len(branches) + sum(map(count_layers, branches)) > MOST_LAYERS:
            raise NotationError(_TOO_MANY)
        if _closes(tokens, _CONCAT):
            break
    if len(branches) < 2:
        raise NotationError(f'needs at least two branches; write e.g. "{_CONCAT}"')
    return Concat(branches=tuple(branches))


def _body(tokens: _Tokens, example: str, may_be_empty: bool = False) -> list[Layer]:
    _open(tokens, example)
    if may_be_empty and tokens.peek() == "]":
        _closes(tokens, example)
        return []
    layers: list[Layer] = []
    total = 0
    while True:
        parsed = _layer(tokens)
        layers += parsed
        total += count_layers(parsed)
        if total > MOST_LAYERS:
            raise NotationError(_TOO_MANY)
        if _closes(tokens, example):
            return layers


def _open(tokens: _Tokens, example: str) -> None:
    if tokens.take() != "[":
        raise NotationError(f'needs its layers in brackets; write e.g. "{example}"')
    tokens.depth += 1
    if tokens.depth > DEEPEST:
        raise NotationError(
            f"has brackets nested more than {DEEPEST} deep; write it with fewer brackets"
        )


def _closes(tokens: _Tokens, example: str) -> bool:
    """Take what stands behind a part of a list; return whether it ends the list."""
    match tokens.take():
        case ",":
            return False
        case "]":
            tokens.depth -= 1
            return True
        case None:
            raise NotationError(f'a bracket is not closed; write e.g. "{example}"')
        case other:
            raise NotationError(f'expected "," or "]" before "{shown(other)}"')


def _number(text: str, what: str) -> int | float:
    if len(text) > MOST_DIGITS:
        raise NotationError(f"{what} has {len(text):,} characters; write at most {MOST_DIGITS}")
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            raise NotationError(f'{what} must be a number, got "{shown(text)}"') from None


def _times(text: str | None, example: str) -> int:
    """Return how many times a `repeat` repeats its layers."""
    if text is None or not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= 1000:
        got = "nothing" if text is None else f'"{shown(text)}"'
        raise NotationError(
            f"needs a number of repetitions, an integer from 1 to 1000, got {got}; write e.g. "
            f'"{example}"'
        )
    return int(text)


def _example(name: str) -> str:
    return f'"{_BARE[name][2] if name in _BARE else _WITH_SETTING.get(name, name)}"'
