"""In what two experiments differ, and what follows from it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any

from paribus.spec.diff import (
    Consequence,
    Difference,
    DrawnDifferently,
    LayerChange,
    LayersChanged,
    LayersReplaced,
    NetworkChanged,
    SettingChanged,
    Size,
    SizeChanged,
    SkipsChanged,
    SpaceChanged,
    TensorsShared,
)
from paribus.spec.network import ModuleNetwork, Network
from paribus.spec.tune import Space, Value
from paribus.text import count, listed, plural

_LABELS = {
    "lr": "learning rate",
    "images": "training images",
    "validation": "validation images",
    "eps": "epsilon",
    "best_by": "kept epoch",
    "ema": "moving average of the weights",
    "normalize": "normalization",
    "augment": "augmentation",
}
"""Names of settings that are not words; all others are."""
_WORDS: dict[str, dict[str | None, str]] = {
    "images": {None: "all"},
    "best_by": {
        "none": "the last",
        "validation_loss": "lowest validation loss",
        "validation_accuracy": "highest validation accuracy",
    },
}
"""Values of settings that their words do not say, by the setting's name."""
_CHANGES = {LayerChange.MOVED: "moved", LayerChange.REMOVED: "removed", LayerChange.ADDED: "added"}
_TUNING = {"tune.trials": "number of trials", "tune.space": "search space"}
_SIZES = {
    Size.PARAMETERS: "parameters",
    Size.MULTIPLY_ADDS: "multiply-adds per image",
    Size.UPDATE_STEPS: "update steps",
}


@singledispatch
def difference_words(difference: Difference) -> str:
    """Return a difference in a few words.

    >>> difference_words(SettingChanged("optimizer.lr", 0.01, 0.1))
    'learning rate 0.01 → 0.1'
    """
    raise NotImplementedError(f"no wording is registered for {type(difference).__name__}")


@singledispatch
def difference_name(difference: Difference) -> str:
    """Return what a difference is in, without the values of either side.

    >>> difference_name(SettingChanged("optimizer.lr", 0.01, 0.1))
    'learning rate'
    """
    return "network"


@difference_name.register
def _(difference: SettingChanged) -> str:
    if difference.aspect in _TUNING:
        return _TUNING[difference.aspect]
    return setting_name(difference.aspect)


@difference_words.register
def _(difference: SettingChanged) -> str:
    before, after = (
        value_words(difference.aspect, value) for value in (difference.before, difference.after)
    )
    return f"{difference_name(difference)} {before} → {after}"


@difference_name.register
def _(difference: SpaceChanged) -> str:
    return _TUNING[difference.aspect]


@difference_words.register
def _(difference: SpaceChanged) -> str:
    before, after = (space_words(space) for space in (difference.before, difference.after))
    return f"{difference_name(difference)}: {before} → {after}"


@difference_words.register
def _(difference: NetworkChanged) -> str:
    return f"network {_network(difference.before)} → {_network(difference.after)}"


@difference_words.register
def _(difference: LayersChanged) -> str:
    return f"{difference.layer} {_CHANGES[difference.change]}{_times(difference.times)}"


@difference_words.register
def _(difference: LayersReplaced) -> str:
    return f"{difference.before} replaced by {difference.after}{_times(difference.times)}"


@difference_words.register
def _(difference: SkipsChanged) -> str:
    return f"{count(difference.number, 'skip connection')} {_CHANGES[difference.change]}"


def setting_name(name: str) -> str:
    """Return what a setting is called in words.

    >>> setting_name("optimizer.lr"), setting_name("batch_size")
    ('learning rate', 'batch size')
    """
    last = name.rpartition(".")[2]
    return _LABELS.get(last, last.replace("_", " "))


def aspects_words(aspects: Sequence[str]) -> str:
    """Return what a question is about, in words; an optimizer is one thing, whatever of it differs.

    >>> aspects_words(["network", "optimizer", "tune.space"])
    'network, optimizer with all its settings and search space'
    """
    whole = {
        "optimizer": "optimizer with all its settings",
        "tune": "budget and search space",
        **_TUNING,
    }
    return listed([whole.get(aspect, setting_name(aspect)) for aspect in aspects], len(aspects))


def space_words(space: Mapping[str, Space]) -> str:
    """Return where the values of settings are drawn from.

    >>> space_words({"optimizer.lr": Space(log=(0.001, 1.0)), "batch_size": Space(choice=(16, 32))})
    'learning rate 0.001 to 1 (log), batch size 16 or 32'
    """
    return ", ".join(f"{setting_name(name)} {_drawn(one)}" for name, one in space.items()) or "none"


def settings_range(values: Sequence[Value]) -> str:
    """Return the values of a setting from the smallest to the largest, or those there are.

    >>> settings_range([0.0123456, 0.05, 0.02]), settings_range(["he", "torch", "he"])
    ('0.0123 to 0.05', 'he, torch')
    """
    numbers = [v for v in values if isinstance(v, float | int) and not isinstance(v, bool)]
    if len(numbers) == len(values):
        low, high = min(numbers), max(numbers)
        return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
    return ", ".join(map(_plain, sorted(set(values), key=str)))


def _drawn(space: Space) -> str:
    if space.choice is not None:
        return " or ".join(map(_plain, space.choice))
    low, high = space.ends
    return f"{low:g} to {high:g}{' (log)' if space.log else ''}"


def consequence_words(consequence: Consequence) -> str:
    """Return what follows from differences in a few words.

    >>> consequence_words(SizeChanged(Size.PARAMETERS, 7_850, 42_200))
    'parameters 7,850 → 42,200'
    """
    match consequence:
        case SizeChanged(size=size, before=before, after=after):
            return f"{_SIZES[size]} {before:,} → {after:,}"
        case DrawnDifferently():
            return "the initial tensors are drawn differently"
        case TensorsShared(first=first, second=second, shared=shared):
            return (
                f"of {first} and {second} initial tensors, {shared} "
                f"{plural(shared, 'is', 'are')} the same for the same seed"
            )


def value_words(name: str, value: Any) -> str:
    """Return the value of a setting in words.

    >>> value_words("patience", None), value_words("images", None), value_words("best_by", "none")
    ('none', 'all', 'the last')
    >>> value_words("augment", ("crop 4", "flip", "cutout 8"))
    'crop 4, flip and cutout 8'
    """
    words = _WORDS.get(name, {})
    return words[value] if isinstance(value, str | None) and value in words else _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return listed(list(map(str, value)), len(value)) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).removesuffix(".0")


def _network(network: Network) -> str:
    if not isinstance(network, ModuleNetwork):
        return f"of {len(network)} layers"
    return network.module + (f" (code {network.code[:12]})" if network.code else "")


def _times(times: int) -> str:
    return f" ({times} times)" if times > 1 else ""
