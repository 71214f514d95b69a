"""Plan of a network for a known input: shapes, tensors, names, sizes.

Engines work from a plan and from nothing else, so that all of them build the same network and name
its tensors alike. Tensors are numbered by kind (`conv2.weight`), not by position: adding batch
normalization or a skip connection renames no other tensor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import prod
from typing import Literal

from paribus.errors import UserError
from paribus.spec.bounds import MOST_ACTIVATIONS, MOST_PARAMETERS
from paribus.spec.experiment import Experiment
from paribus.spec.layers import (
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    MaxPool,
    Residual,
)
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer
from paribus.text import shown

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Tensor:
    """A tensor of a network. Only running statistics are not trained.

    Shapes are PyTorch's: convolution (out, in of a group, kernel, kernel), linear (out, in), all
    else (C,).
    """

    name: str
    shape: Shape
    role: Literal["weight", "bias", "scale", "shift", "running_mean", "running_var"]
    fan_in: int = 0
    fan_out: int = 0

    @property
    def trained(self) -> bool:
        return self.role not in ("running_mean", "running_var")


@dataclass(frozen=True)
class Node:
    """A layer in its place: shapes for one image, (C, H, W) or (F,)."""

    layer: Layer
    name: str
    input_shape: Shape
    output_shape: Shape
    tensors: tuple[Tensor, ...] = ()
    branches: tuple[tuple[Node, ...], ...] = ()
    """What is within it: a residual's body and, if it has one, its skip; a concatenation's
    branches."""
    multiply_adds: int = 0
    """Of one forward pass of one image: convolutions and linear layers, without those within."""


@dataclass(frozen=True)
class Plan:
    """A whole network, from images (C, H, W) to logits (classes,)."""

    nodes: tuple[Node, ...]
    input_shape: Shape
    classes: int

    def walk(self) -> Iterator[Node]:
        """Every node in order of evaluation, what is within a node before the node itself."""
        return _walk(self.nodes)

    @property
    def tensors(self) -> list[Tensor]:
        return [tensor for node in self.walk() for tensor in node.tensors]

    @property
    def parameters(self) -> int:
        """The number of trained values."""
        return sum(prod(tensor.shape) for tensor in self.tensors if tensor.trained)

    @property
    def multiply_adds(self) -> int:
        """Of one forward pass of one image."""
        return sum(node.multiply_adds for node in self.walk())


def make_plan(network: tuple[Layer, ...], input_shape: Shape, classes: int) -> Plan:
    """The plan of a network for images of a shape (C, H, W) and a number of classes.

    Raises `UserError` where a layer does not fit what comes into it.

    >>> from paribus.spec.notation import parse_layers
    >>> make_plan(parse_layers(["flatten", "linear 10"]), (1, 28, 28), 10).parameters
    7850
    """
    nodes = _plan_layers(network, input_shape, _Totals(), where="")
    last = nodes[-1].output_shape
    if last != (classes,):
        end = f'"linear {classes}"' if len(last) == 1 else f'"flatten", "linear {classes}"'
        raise UserError(
            f"the network ends with shape {_show(last)}, but the data has {classes} classes; "
            f"end it with {end}"
        )
    return Plan(nodes, input_shape, classes)


def plan_of(experiment: Experiment, input_shape: Shape, classes: int) -> Plan | ModuleNetwork:
    """The plan of an experiment's network, or the custom module as it is."""
    if not isinstance(experiment.network, ModuleNetwork):
        return make_plan(experiment.network, input_shape, classes)
    if experiment.initialisation != "torch":
        raise UserError(
            f'initialisation = "{experiment.initialisation}" has no effect on a module of your '
            "own, which initializes itself; remove it"
        )
    return experiment.network


@dataclass
class _Totals:
    """Of the layers so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    parameters: int = 0
    activations: int = 0

    def add(self, node: Node, where: str) -> None:
        """Count a node. Raises `UserError` if with it the network is too large."""
        self.parameters += sum(prod(tensor.shape) for tensor in node.tensors if tensor.trained)
        self.activations += prod(node.output_shape)
        for number, most, what in (
            (self.parameters, MOST_PARAMETERS, "parameters"),
            (self.activations, MOST_ACTIVATIONS, "activations per image"),
        ):
            if number > most:
                raise UserError(
                    f"{where}: with it, the network has {number:,} {what}; use fewer channels or "
                    f"features, for at most {most:,}"
                )


def _plan_layers(
    layers: tuple[Layer, ...], shape: Shape, totals: _Totals, *, where: str, prefix: str = ""
) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for number, layer in enumerate(layers, start=1):
        here = f'{where}layer {number} "{shown(format_layer(layer))}"'
        node = _plan_layer(layer, shape, totals, where=here, prefix=prefix)
        totals.add(node, here)
        nodes.append(node)
        shape = node.output_shape
    return tuple(nodes)


def _uneven(where: str, what: str, groups: int, number: str) -> UserError:
    return UserError(
        f"{where}: {what}, which do not fall into {groups} groups of one size; choose a divisor of "
        f"{number}"
    )


def _plan_layer(layer: Layer, shape: Shape, totals: _Totals, *, where: str, prefix: str) -> Node:
    kind = f"{prefix}{layer.kind}"
    totals.kinds[kind] += 1
    tensors: tuple[Tensor, ...]
    name = f"{kind}{totals.kinds[kind]}"
    match layer:
        case Conv():
            channels, height, width = _image(shape, where)
            if channels % layer.groups:
                both = f"both {channels} and {layer.channels}"
                raise _uneven(where, f"{channels} channels come in", layer.groups, both)
            # Same padding: (kernel - 1) / 2 zeros on each side.
            out = (layer.channels, -(-height // layer.stride), -(-width // layer.stride))
            area = layer.kernel**2
            inputs, outputs = channels // layer.groups, layer.channels // layer.groups
            fan_in, fan_out = inputs * area, outputs * area
            tensors = (
                Tensor(
                    f"{name}.weight",
                    (layer.channels, inputs, layer.kernel, layer.kernel),
                    "weight",
                    fan_in,
                    fan_out,
                ),
                Tensor(f"{name}.bias", (layer.channels,), "bias", fan_in, fan_out),
            )
            return Node(layer, name, shape, out, tensors, (), prod(out) * fan_in)
        case Linear():
            if len(shape) != 1:
                raise UserError(
                    f'{where}: needs flat features, got {_show(shape)}; put "flatten" before it'
                )
            fans = shape[0], layer.features
            tensors = (
                Tensor(f"{name}.weight", (layer.features, shape[0]), "weight", *fans),
                Tensor(f"{name}.bias", (layer.features,), "bias", *fans),
            )
            return Node(layer, name, shape, (layer.features,), tensors, (), prod(fans))
        case MaxPool() | AvgPool():
            channels, height, width = _image(shape, where)
            if height < layer.size or width < layer.size:
                raise UserError(
                    f"{where}: its window is larger than its input {_show(shape)}; "
                    "pool less often or by less"
                )
            return Node(layer, name, shape, (channels, height // layer.size, width // layer.size))
        case BatchNorm():
            values = (shape[0],)
            tensors = (
                Tensor(f"{name}.scale", values, "scale"),
                Tensor(f"{name}.shift", values, "shift"),
                Tensor(f"{name}.running_mean", values, "running_mean"),
                Tensor(f"{name}.running_var", values, "running_var"),
            )
            return Node(layer, name, shape, shape, tensors)
        case LayerNorm() | GroupNorm():
            groups = layer.groups if isinstance(layer, GroupNorm) else 1
            if shape[0] % groups:
                what = f"{_show(shape)} has {shape[0]} channels or features"
                raise _uneven(where, what, groups, str(shape[0]))
            if prod(shape) == groups:
                what, instead = (
                    (f"each of its {groups} groups has a single value", "choose fewer groups")
                    if groups > 1
                    else ("its input is a single value", "give it more features")
                )
                raise UserError(
                    f"{where}: {what}, which is always 0 once normalized; {instead}, or remove it"
                )
            tensors = (
                Tensor(f"{name}.scale", (shape[0],), "scale"),
                Tensor(f"{name}.shift", (shape[0],), "shift"),
            )
            return Node(layer, name, shape, shape, tensors)
        case Flatten():
            return Node(layer, name, shape, (prod(shape),))
        case GlobalAvgPool():
            return Node(layer, name, shape, (_image(shape, where)[0],))
        case Residual():
            return _plan_residual(
                Node(layer, name, shape, shape), layer, totals, where=where, prefix=prefix
            )
        case Concat():
            branches = tuple(
                _plan_layers(
                    branch, shape, totals, where=f"{where}, branch {number}, ", prefix=prefix
                )
                for number, branch in enumerate(layer.branches, start=1)
            )
            shapes = [branch[-1].output_shape if branch else shape for branch in branches]
            if len({one[1:] for one in shapes}) > 1 or len(set(map(len, shapes))) > 1:
                raise UserError(
                    f"{where}: its branches give {', '.join(map(_show, shapes))}; all must have "
                    "the same rows and columns, or be flat features; change strides or pooling"
                )
            joined = (sum(one[0] for one in shapes), *shapes[0][1:])
            return Node(layer, name, shape, joined, (), branches)
        case _:
            return Node(layer, name, shape, shape)


def _plan_residual(
    node: Node, layer: Residual, totals: _Totals, *, where: str, prefix: str
) -> Node:
    """The node of a residual block with what is within it."""
    shape = node.input_shape
    body = _plan_layers(layer.body, shape, totals, where=f"{where}, ", prefix=prefix)
    given = body[-1].output_shape
    if not layer.skip:
        if given != shape:
            raise UserError(
                f"{where}: turns {_show(shape)} into {_show(given)}, but what it is added to must "
                f"keep its shape; change the body's channels or stride{_projection(shape, given)}"
            )
        return replace(node, branches=(body,))
    # Numbered apart, so that a skip renames no other tensor either.
    skip = _plan_layers(layer.skip, shape, totals, where=f"{where}, skip, ", prefix="skip_")
    if skip[-1].output_shape != given:
        raise UserError(
            f"{where}: its body gives {_show(given)} and its skip {_show(skip[-1].output_shape)}, "
            f"but both are added; change either's channels or stride"
        )
    return replace(node, output_shape=given, branches=(body, skip))


def _projection(before: Shape, after: Shape) -> str:
    """The end of a message: the skip which makes one shape of another, if there is one."""
    if len(before) == len(after) == 1:
        return f", or add skip=[linear {after[0]}]"
    if len(before) == len(after) == 3:
        for stride in range(1, before[1] + 1):
            if all(-(-b // stride) == a for b, a in zip(before[1:], after[1:], strict=True)):
                strided = f" stride={stride}" if stride > 1 else ""
                return f", or add skip=[conv {after[0]} kernel=1{strided}]"
    return ""


def _image(shape: Shape, where: str) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise UserError(
            f"{where}: needs feature maps (channels, rows, columns), got {_show(shape)}; "
            'put it before "flatten"'
        )
    return shape[0], shape[1], shape[2]


def _walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        for branch in node.branches:
            yield from _walk(branch)
        yield node


def _show(shape: Shape) -> str:
    return "×".join(map(str, shape))
