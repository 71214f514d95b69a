"""Writes a network down as the PyTorch source that a person would write."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass

from paribus.engines.normalized import NORMALIZED_BY
from paribus.export.trained import TrainedRun
from paribus.spec import layers as spec
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Node, Plan

_HEAD = '''"""{title}.

Trained on images of shape (N, {shape}), float32, pixels in 0..1; gives logits (N, {classes}):

    from network import CLASSES, load

    logits = load()(images)

Trained with

{settings}
"""

'''
_CONSTANTS = """
WEIGHTS = Path(__file__).with_name("weights.safetensors")
CLASSES = {class_names}
"""

_OWN_LAYERS = f'''{_HEAD}from pathlib import Path

{{torch}}from safetensors.torch import load_file
from torch import Tensor, {{cat}}nn
{{functional}}{_CONSTANTS}

class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
{{layers}}

    def forward(self, x: Tensor) -> Tensor:
{{forward}}


def load(weights: Path = WEIGHTS) -> Network:
    """The trained network, in evaluation mode."""
    network = Network()
    network.load_state_dict(load_file(weights))
    return network.eval()
'''

_OWN_MODULE = f'''{_HEAD}from itertools import chain
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import {{tensor}}nn

from {{module}} import {{name}}
{_CONSTANTS}{{normalized}}

def load(weights: Path = WEIGHTS) -> nn.Module:
    """The trained network, in evaluation mode."""
    network = {{name}}({{arguments}})
    trained = load_file(weights)
    with torch.no_grad():
        for name, value in chain(network.named_parameters(), network.named_buffers()):
            value.copy_(trained[name])
    return {{result}}.eval()
'''

_NORMALIZED = '''

class Normalized(nn.Module):
    """A network whose images are normalized by channel."""

    def __init__(self, network: nn.Module, mean: Tensor, sd: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", mean[:, None, None])
        self.register_buffer("sd", sd[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        return self.network((x - self.mean) / self.sd)
'''

_LINE = 88

_FUNCTIONS = {
    "relu": "F.relu({})",
    "leakyrelu": "F.leaky_relu({}, {negative_slope})",
    "tanh": "F.tanh({})",
    "sigmoid": "F.sigmoid({})",
    "silu": "F.silu({})",
    "gelu": "F.gelu({})",
    "globalavgpool": "{}.mean((2, 3))",
    "flatten": "{}.flatten(1)",
}


def module_source(trained: TrainedRun) -> str:
    """The text of a Python file whose `load()` gives the trained network."""
    facts = {
        "title": trained.title.replace("\\", "/").replace('"', "'"),
        "shape": ", ".join(map(str, trained.image_shape)),
        "classes": len(trained.class_names),
        "class_names": _tuple(trained.class_names),
        "settings": _settings(trained),
    }
    normalized = trained.normalization is not None
    if isinstance(trained.network, ModuleNetwork):
        module, _, name = trained.network.module.partition(":")
        arguments = ", ".join(f"{k}={v!r}" for k, v in trained.network.arguments.items())
        mean, sd = (f'trained["{key}"]' for key in NORMALIZED_BY)
        return _OWN_MODULE.format(
            **facts,
            module=module,
            name=name,
            arguments=arguments,
            tensor="Tensor, " if normalized else "",
            normalized=_NORMALIZED if normalized else "",
            result=f"Normalized(network, {mean}, {sd})" if normalized else "network",
        )
    layers = [line for node in trained.network.walk() if (line := _layer(node))]
    forward = _forward(trained.network)
    if normalized:
        channels = trained.image_shape[0]
        layers[:0] = [
            f'self.register_buffer("{name}", torch.empty({channels}, 1, 1))'
            for name in ("mean", "sd")
        ]
        forward.insert(0, "x = (x - self.mean) / self.sd")
    functional = any("F." in line for line in forward)
    return _OWN_LAYERS.format(
        **facts,
        cat="cat, " if any("cat((" in line for line in forward) else "",
        functional="from torch.nn import functional as F\n" if functional else "",
        torch="import torch\n" if normalized else "",
        layers=_indented(layers),
        forward=_indented(forward),
    )


def _settings(trained: TrainedRun) -> str:
    """How it was trained, a line for each setting but the network."""
    lines: list[str] = []
    for key, value in trained.experiment.settings().items():
        if key not in ("network", "test") and value is not None:
            text = f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\\", "/").replace(
                '"', "'"
            )
            lines += textwrap.wrap(text, _LINE, initial_indent=" " * 4, subsequent_indent=" " * 8,
                                   break_on_hyphens=False)  # fmt: skip
    return "\n".join(lines)


def _layer(node: Node) -> str | None:
    """The line of `__init__` that makes a layer; None of a layer that is a mere function."""
    match node.layer:
        case spec.Conv(channels=channels, kernel=kernel, stride=stride, groups=groups):
            settings = [f"{node.input_shape[0]}", f"{channels}", f"kernel_size={kernel}"]
            settings += [f"stride={stride}"] if stride > 1 else []
            settings += [f"padding={(kernel - 1) // 2}"] if kernel > 1 else []
            settings += [f"groups={groups}"] if groups > 1 else []
            made = f"nn.Conv2d({', '.join(settings)})"
        case spec.Linear(features=features):
            made = f"nn.Linear({node.input_shape[0]}, {features})"
        case spec.BatchNorm():
            made = f"nn.BatchNorm{'2d' if len(node.input_shape) == 3 else '1d'}"
            made += f"({node.input_shape[0]})"
        case spec.LayerNorm() if len(node.input_shape) == 1:
            made = f"nn.LayerNorm({node.input_shape[0]})"
        case spec.LayerNorm():
            made = f"nn.GroupNorm(1, {node.input_shape[0]})"
        case spec.GroupNorm(groups=groups):
            made = f"nn.GroupNorm({groups}, {node.input_shape[0]})"
        case spec.Dropout(p=p):
            made = f"nn.Dropout({p})"
        case _:
            return None
    return f"self.{node.name} = {made}"


@dataclass(frozen=True)
class _Statement:
    variable: str
    value: str


def _forward(plan: Plan) -> list[str]:
    """The statements of `forward`."""
    statements: list[_Statement] = []
    _chain(plan.nodes, "x", 0, statements)
    *before, last = statements
    return [*(f"{one.variable} = {one.value}" for one in before), f"return {last.value}"]


def _chain(nodes: tuple[Node, ...], current: str, depth: int, statements: list[_Statement]) -> str:
    """Add the statements of nodes that begin with the variable `current`; gives
    the variable that they end with, which is another one in each residual's body."""
    own = "xyz"[depth] if depth < 3 else f"x{depth}"
    activated = True
    for node in nodes:
        if node.branches:
            # Each in a variable of its own, which those after it leave alone.
            inner = [
                _chain(branch, current, depth + number, statements)
                for number, branch in enumerate(node.branches, start=1)
            ]
            value, activated = _joined(node, current, inner), True
        elif node.layer.kind in _FUNCTIONS and not activated:
            # In one line with the layer that it activates, as one would write it.
            value = _call(node, statements.pop().value)
            activated = True
        else:
            value = _call(node, current)
            activated = not node.tensors
        statements.append(_Statement(own, value))
        current = own
    return current


def _joined(node: Node, current: str, inner: list[str]) -> str:
    if isinstance(node.layer, spec.Concat):
        return f"cat(({', '.join(inner)}), 1)"
    body, skip = inner if len(inner) == 2 else (inner[0], current)
    return f"{skip} + {body}"


def _call(node: Node, value: str) -> str:
    match node.layer:
        case spec.MaxPool(size=size):
            return f"F.max_pool2d({value}, {size})"
        case spec.AvgPool(size=size):
            return f"F.avg_pool2d({value}, {size})"
        case _:
            call = _FUNCTIONS.get(node.layer.kind, f"self.{node.name}({{}})")
            return call.format(value, **dict(node.layer))


def _indented(lines: list[str]) -> str:
    return "\n".join(f"        {line}" for line in lines)


def _tuple(texts: tuple[str, ...]) -> str:
    words = [json.dumps(text, ensure_ascii=False) for text in texts]
    line = f"({', '.join(words)})"
    if len(line) + len("CLASSES = ") <= _LINE:
        return line
    return "(\n" + "".join(f"    {word},\n" for word in words) + ")"
