"""In what two experiments differ, in words: the layers, the recipe, and what follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from paribus.spec.experiment import Experiment
from paribus.spec.layers import Layer, Residual
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer
from paribus.spec.plan import Plan
from paribus.text import count, plural

_SKIP_BEGINS = "a skip connection begins"
_SKIP_ENDS = "a skip connection ends"


@dataclass(frozen=True)
class Difference:
    """One setting or group of layers in which two experiments differ."""

    aspect: str
    """What differs, as questions name it in `about`: "network", "optimizer.lr", "epochs" ..."""
    words: str

    def is_about(self, aspects: Sequence[str]) -> bool:
        """Whether a question about some aspects is about this one: "optimizer" covers its parts."""
        return any(self.aspect == a or self.aspect.startswith(f"{a}.") for a in aspects)


def differences(first: Experiment, second: Experiment) -> list[Difference]:
    """Everything in which the second experiment differs from the first.

    >>> from paribus.spec.recipe import Sgd
    >>> base = Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.01), epochs=2)
    >>> [d.words for d in differences(base, base.but(epochs=3, optimizer=Sgd(lr=0.1)))]
    ['learning rate 0.01 → 0.1', 'epochs 2 → 3']
    """
    found = [Difference("network", words) for words in _network(first.network, second.network)]
    found += _table("optimizer", first.optimizer, second.optimizer)
    found += _table("schedule", first.schedule, second.schedule)
    for name in Experiment.model_fields:
        before, after = getattr(first, name), getattr(second, name)
        if name not in ("network", "optimizer", "schedule") and before != after:
            found.append(Difference(name, f"{_label(name)} {_show(before)} → {_show(after)}"))
    return found


def consequences(
    first: tuple[Experiment, Plan], second: tuple[Experiment, Plan], train_images: int
) -> list[str]:
    """What follows from the differences: parameters, multiply-adds, update steps, and how many
    initial tensors two runs of the same seed have in common.

    train_images: images trained on in an epoch, where an experiment does not say.
    """
    words = []
    for label, before, after in (
        ("parameters", first[1].parameters, second[1].parameters),
        ("multiply-adds an image", first[1].multiply_adds, second[1].multiply_adds),
        ("update steps", _steps(first[0], train_images), _steps(second[0], train_images)),
    ):
        if before != after:
            words.append(f"{label} {before:,} → {after:,}")
    trained = [
        {(tensor.name, tensor.shape) for tensor in plan.tensors if tensor.trained}
        for _, plan in (first, second)
    ]
    shared = len(trained[0] & trained[1])
    if first[0].initialisation != second[0].initialisation:
        words.append("the initial tensors are drawn differently")
    elif shared < max(map(len, trained)):
        words.append(
            f"of {len(trained[0])} and {len(trained[1])} initial tensors, {shared} "
            f"{plural(shared, 'is', 'are')} the same for the same seed"
        )
    return words


def _steps(experiment: Experiment, train_images: int) -> int:
    images = experiment.images or train_images
    return experiment.epochs * -(-images // experiment.batch_size)


def _network(
    first: tuple[Layer, ...] | ModuleNetwork, second: tuple[Layer, ...] | ModuleNetwork
) -> list[str]:
    if isinstance(first, ModuleNetwork) or isinstance(second, ModuleNetwork):
        return [] if first == second else [f"network {_name(first)} → {_name(second)}"]
    before, after = _flat(first), _flat(second)
    removed: Counter[str] = Counter()
    added: Counter[str] = Counter()
    replaced: Counter[tuple[str, str]] = Counter()
    for gone, come in _gaps(before, after):
        if len(gone) == len(come):
            replaced.update(zip(gone, come, strict=True))
        else:
            removed.update(gone)
            added.update(come)
    # What goes in one place and comes in another has been moved.
    moved = removed & added
    removed, added = removed - moved, added - moved
    words = [f"{a} replaced by {b}{_times(n)}" for (a, b), n in replaced.items()]
    skips = {"removed": removed.pop(_SKIP_BEGINS, 0), "added": added.pop(_SKIP_BEGINS, 0)}
    for counts in (removed, added):
        counts.pop(_SKIP_ENDS, None)
    words += [f"{what} moved{_times(n)}" for what, n in moved.items() if what != _SKIP_ENDS]
    words += [f"{count(n, 'skip connection')} {verb}" for verb, n in skips.items() if n]
    words += [f"{what} removed{_times(n)}" for what, n in removed.items()]
    words += [f"{what} added{_times(n)}" for what, n in added.items()]
    return words


def aligned(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]]:
    """Layers of two networks in one order, each with "" if both have it, "−" if only the first
    and "+" if only the second.

    >>> aligned(["conv 8", "tanh", "linear 10"], ["conv 8", "relu", "linear 10"])
    [('', 'conv 8'), ('−', 'tanh'), ('+', 'relu'), ('', 'linear 10')]
    """
    rest = iter(after)
    found: list[tuple[str, str]] = []
    gaps = list(_gaps(list(before), list(after)))
    for number, (gone, come) in enumerate(gaps, start=1):
        found += [("−", word) for word in gone]
        found += [("+", next(rest)) for _ in come]
        if number < len(gaps):
            found.append(("", next(rest)))
    return found


def _flat(layers: tuple[Layer, ...]) -> list[str]:
    """The layers one after the other, a skip connection as two marks around its body."""
    words: list[str] = []
    for layer in layers:
        if isinstance(layer, Residual):
            words += [_SKIP_BEGINS, *_flat(layer.body), _SKIP_ENDS]
        else:
            words.append(format_layer(layer))
    return words


def _gaps(before: list[str], after: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """What stands between the layers that two lists have in common, in the first and the second.

    The common layers are a longest common subsequence in which convolutions and linear layers
    weigh more than others, so that pooling is said to move past a convolution and not the reverse.
    """
    weight = {word: 3 if word.startswith(("conv", "linear")) else 1 for word in before}
    best = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i in reversed(range(len(before))):
        for j in reversed(range(len(after))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if before[i] == after[j]:
                best[i][j] = max(best[i][j], best[i + 1][j + 1] + weight[before[i]])
    i = j = 0
    gone: list[str] = []
    come: list[str] = []
    while i < len(before) and j < len(after):
        if before[i] == after[j] and best[i][j] == best[i + 1][j + 1] + weight[before[i]]:
            yield gone, come
            gone, come, i, j = [], [], i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            gone.append(before[i])
            i += 1
        else:
            come.append(after[j])
            j += 1
    yield gone + before[i:], come + after[j:]


def _table(name: str, first: BaseModel, second: BaseModel) -> list[Difference]:
    """Differences of two optimizers or schedules; another kind comes with all it brings."""
    before, after = dict(first), dict(second)
    found: list[Difference] = []
    if before["name"] != after["name"]:
        words = f"{_label(name)} {before['name']} → {after['name']}"
        found.append(Difference(name, words))
    for key in {**before, **after}:
        if key == "name" or before.get(key) == after.get(key):
            continue
        aspect = f"{name}.{key}"
        if key in before and key in after:
            words = f"{_label(key)} {_show(before[key])} → {_show(after[key])}"
            found.append(Difference(aspect, words))
    return found


def _label(name: str) -> str:
    words = {
        "lr": "learning rate",
        "images": "training images",
        "validation": "validation images",
        "eps": "epsilon",
    }
    return words.get(name, name.replace("_", " "))


def _show(value: Any) -> str:
    if value is None:
        return "all"
    if isinstance(value, tuple):
        return " and ".join(map(str, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).removesuffix(".0")


def _name(network: tuple[Layer, ...] | ModuleNetwork) -> str:
    if not isinstance(network, ModuleNetwork):
        return f"of {len(network)} layers"
    return network.module + (f" (code {network.code[:12]})" if network.code else "")


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
