"""A network: a list of layers, or a user's own PyTorch module named by its import path."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError, field_validator

from paribus.spec.layers import Layer, check_layers
from paribus.spec.model import Spec
from paribus.spec.notation import format_layer, parse_layer, parse_layers
from paribus.spec.problems import value, words
from paribus.text import shown


def _scalar(given: Any) -> Any:
    if not isinstance(given, bool | int | float | str):
        raise ValueError(f"must be a number, a text, true or false, got {value(given)}")
    if isinstance(given, float) and not math.isfinite(given):
        raise ValueError(f"must be a finite number, got {value(given)}")
    return given


# Looked at before the union is, which would report an error for each of its types.
Scalar = Annotated[bool | int | float | str, BeforeValidator(_scalar)]


class ModuleNetwork(Spec):
    """A `torch.nn.Module` class (or function that makes one) and its keyword arguments.

    It gets a batch of images, float32 (N, C, H, W), and returns logits, float32 (N, classes).
    """

    module: str
    arguments: dict[str, Scalar] = Field(default_factory=dict)
    code: str = Field(default="", pattern=r"^([0-9a-f]{12,64})?$")
    """The beginning of a digest of its source, to report runs of an older version of it."""

    @field_validator("module")
    @classmethod
    def _is_import_path(cls, module: str) -> str:
        file, _, name = module.partition(":")
        if file.endswith(".py"):
            path = file.removesuffix(".py").removeprefix("./").replace("/", ".")
            raise ValueError(f'"{shown(module)}" names a file; write "{shown(f"{path}:{name}")}"')
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", module):
            raise ValueError(
                f'"{module}" is not an import path of a module; write e.g. '
                '"my_package.nets:SmallNet"'
            )
        return module


def _read(given: Any) -> Any:
    """Turn texts and tables, as files have them, into layers or a module."""
    if isinstance(given, ModuleNetwork):
        return given
    if isinstance(given, str):
        return _module({"module": given}) if ":" in given else parse_layers([given])
    if isinstance(given, dict):
        unknown = [key for key in given if key not in ModuleNetwork.model_fields]
        if unknown or "module" not in given:
            raise ValueError(
                "a network given as a table names a module of your own; write e.g. "
                '{ module = "my_package.nets:SmallNet", arguments = { width = 32 } }'
            )
        return _module(given)
    if not isinstance(given, list | tuple):
        raise ValueError(
            f'must be a list of layers, e.g. ["flatten", "linear 10"], got {value(given)}'
        )
    if not given:
        raise ValueError('a network needs layers; write e.g. ["flatten", "linear 10"]')
    if all(isinstance(part, str) for part in given):
        return parse_layers(given)
    layers: list[Any] = []
    for part in given:
        layers += parse_layer(part) if isinstance(part, str) else [part]
    check_layers(layers)
    return tuple(layers)


def _module(given: dict[str, Any]) -> ModuleNetwork:
    try:
        return ModuleNetwork.model_validate(given)
    except ValidationError as error:
        # A wrong import path names itself.
        lines = (
            words(detail)
            if detail["loc"] == ("module",) and detail["type"] == "value_error"
            else f"{'.'.join(map(str, detail['loc']))} {words(detail)}"
            for detail in error.errors()
        )
        raise ValueError("\n".join(lines)) from None


def _canonical(network: Network) -> Any:
    if isinstance(network, ModuleNetwork):
        return network.model_dump(mode="json", exclude=None if network.code else {"code"})
    return [format_layer(layer) for layer in network]


# In files and in the canonical JSON, a list of texts; in Python, a tuple of layers.
Network = Annotated[
    tuple[Layer, ...] | ModuleNetwork, BeforeValidator(_read), PlainSerializer(_canonical)
]
