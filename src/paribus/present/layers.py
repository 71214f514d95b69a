"""Lists of layers, with what repeats itself said once."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer


def network(experiment: Experiment) -> str:
    """Return the layers in one line as study files have them, repeated ones once."""
    layers = experiment.network
    if isinstance(layers, ModuleNetwork):
        arguments = ", ".join(f"{key}={value!r}" for key, value in layers.arguments.items())
        return f"{layers.module}({arguments})"
    return ", ".join(repeated([format_layer(layer) for layer in layers]))


def repeated(layers: Sequence[str]) -> list[str]:
    """Return layers with `repeat` written wherever it makes them shorter.

    >>> repeated(["conv 8", "relu", "conv 8", "relu", "conv 8", "linear 10"])
    ['repeat 2 [conv 8, relu]', 'conv 8', 'linear 10']
    """
    short: list[str] = []
    at = 0
    while at < len(layers):
        times, length = max(
            (
                (repeats(layers, at, length), length)
                for length in range(1, (len(layers) - at) // 2 + 1)
            ),
            key=lambda found: ((found[0] - 1) * found[1], -found[1]),
            default=(1, 1),
        )
        if times > 1:
            short.append(f"repeat {times} [{', '.join(layers[at : at + length])}]")
            at += times * length
        else:
            short.append(layers[at])
            at += 1
    return short


def repeats(parts: Sequence[object], at: int, length: int) -> int:
    """Return how many times the pattern of a length that begins at a place stands there; 0 where
    it does not fit.

    >>> repeats("ababac", 0, 2), repeats("ababac", 5, 2)
    (2, 0)
    """
    pattern = parts[at : at + length]
    if len(pattern) < length:
        return 0
    times = 1
    while parts[at + times * length : at + (times + 1) * length] == pattern:
        times += 1
    return times
