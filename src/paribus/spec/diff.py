"""In what two experiments differ, and what follows from it, as records.

`present.what_differs` turns them into words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from pydantic import BaseModel

from paribus.spec.experiment import Experiment
from paribus.spec.layers import Layer, Residual
from paribus.spec.network import ModuleNetwork, Network
from paribus.spec.notation import format_layer
from paribus.spec.plan import Plan
from paribus.spec.tune import Space, Tune

# Marks around the body of a skip connection; no layer is written so.
_SKIP_BEGINS, _SKIP_ENDS = "[", "]"


@dataclass(frozen=True)
class Difference:
    """Something in which two experiments differ.

    `aspect`: as questions name it in `about`: "network", "optimizer.lr", "epochs" ...
    """

    aspect: str

    def is_about(self, aspects: Sequence[str]) -> bool:
        """Whether a question about some aspects is about this one: "optimizer" covers its parts."""
        return any(self.aspect == a or self.aspect.startswith(f"{a}.") for a in aspects)


@dataclass(frozen=True)
class SettingChanged(Difference):
    """A setting with another value; that of "optimizer" and "schedule" is their name."""

    before: Any
    after: Any


@dataclass(frozen=True)
class NetworkChanged(Difference):
    """Another network, where one of both is a custom module."""

    before: Network
    after: Network


@dataclass(frozen=True)
class SpaceChanged(Difference):
    """Settings that are tuned, or their spaces, by name; none of an experiment that tunes none."""

    before: Mapping[str, Space]
    after: Mapping[str, Space]

    def __hash__(self) -> int:
        return hash((self.aspect, tuple(self.before.items()), tuple(self.after.items())))


class LayerChange(Enum):
    """Change of layers from the first network to the second."""

    MOVED = auto()
    REMOVED = auto()
    ADDED = auto()


@dataclass(frozen=True)
class LayersChanged(Difference):
    """A layer, as it is written, that was moved, removed or added so many times."""

    layer: str
    change: LayerChange
    times: int


@dataclass(frozen=True)
class LayersReplaced(Difference):
    """A layer that stands in the place of another so many times."""

    before: str
    after: str
    times: int


@dataclass(frozen=True)
class SkipsChanged(Difference):
    """Skip connections, that is residual blocks without their layers."""

    change: LayerChange
    number: int


class Size(Enum):
    """A number of an experiment that is known before it is trained."""

    PARAMETERS = auto()
    MULTIPLY_ADDS = auto()
    """Of one forward pass of one image."""
    UPDATE_STEPS = auto()


@dataclass(frozen=True)
class SizeChanged:
    """A size of both experiments, where it is not the same."""

    size: Size
    before: int
    after: int


@dataclass(frozen=True)
class DrawnDifferently:
    """The initial tensors are drawn by another scheme."""


@dataclass(frozen=True)
class TensorsShared:
    """How many initial tensors two runs of the same seed have, and have in common."""

    first: int
    second: int
    shared: int


Consequence = SizeChanged | DrawnDifferently | TensorsShared


def differences(first: Experiment, second: Experiment) -> list[Difference]:
    """Return everything in which the second experiment differs from the first.

    >>> from paribus.spec.recipe import Sgd
    >>> base = Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.01), epochs=2)
    >>> differences(base, base.but(epochs=3))
    [SettingChanged(aspect='epochs', before=2, after=3)]
    """
    found = _network(first.network, second.network)
    found += _table("optimizer", first.optimizer, second.optimizer)
    found += _table("schedule", first.schedule, second.schedule)
    for name in Experiment.model_fields:
        before, after = getattr(first, name), getattr(second, name)
        if name not in ("network", "optimizer", "schedule", "tune") and before != after:
            found.append(SettingChanged(name, before, after))
    # What stands in the place of a setting that is tuned says nothing.
    tuned = _tuned(first, second)
    found = [difference for difference in found if difference.aspect not in tuned]
    return found + _tuning(first.tune, second.tune)


def consequences(
    first: tuple[Experiment, Plan], second: tuple[Experiment, Plan], train_images: int
) -> list[Consequence]:
    """Return what follows from the differences: parameters, multiply-adds, update steps, and how
    many initial tensors two runs of the same seed have in common.

    train_images: images trained on in an epoch, where an experiment does not say.
    """
    tuned = _tuned(first[0], second[0])
    found: list[Consequence] = [
        SizeChanged(size, before, after)
        for size, before, after in (
            (Size.PARAMETERS, first[1].parameters, second[1].parameters),
            (Size.MULTIPLY_ADDS, first[1].multiply_adds, second[1].multiply_adds),
            (Size.UPDATE_STEPS, _steps(first[0], train_images), _steps(second[0], train_images)),
        )
        if before != after
        # Which batch size wins is not known.
        if not (size is Size.UPDATE_STEPS and "batch_size" in tuned)
    ]
    if "initialisation" in tuned:
        return found
    trained = [
        {(tensor.name, tensor.shape) for tensor in plan.tensors if tensor.trained}
        for _, plan in (first, second)
    ]
    shared = len(trained[0] & trained[1])
    if first[0].initialisation != second[0].initialisation:
        found.append(DrawnDifferently())
    elif shared < max(map(len, trained)):
        found.append(TensorsShared(len(trained[0]), len(trained[1]), shared))
    return found


def _tuned(first: Experiment, second: Experiment) -> set[str]:
    """The settings that either tunes, by their names in `about`."""
    return {name for side in (first, second) if side.tune for name in side.tune.space}


def _tuning(first: Tune | None, second: Tune | None) -> list[Difference]:
    found: list[Difference] = []
    trials = [None if tune is None else tune.trials for tune in (first, second)]
    if trials[0] != trials[1]:
        found.append(SettingChanged("tune.trials", *trials))
    spaces = [{} if tune is None else tune.space for tune in (first, second)]
    if spaces[0] != spaces[1]:
        found.append(SpaceChanged("tune.space", *spaces))
    return found


def _steps(experiment: Experiment, train_images: int) -> int:
    images = experiment.images or train_images
    return experiment.epochs * -(-images // experiment.batch_size)


def _network(first: Network, second: Network) -> list[Difference]:
    if isinstance(first, ModuleNetwork) or isinstance(second, ModuleNetwork):
        return [] if first == second else [NetworkChanged("network", first, second)]
    removed: Counter[str] = Counter()
    added: Counter[str] = Counter()
    replaced: Counter[tuple[str, str]] = Counter()
    for gone, come in _gaps(_flat(first), _flat(second)):
        marked = {_SKIP_BEGINS, _SKIP_ENDS} & {*gone, *come}
        if len(gone) == len(come) and not marked:
            replaced.update(zip(gone, come, strict=True))
        else:
            removed.update(gone)
            added.update(come)
    # What goes in one place and comes in another has been moved.
    moved = removed & added
    changed = {
        LayerChange.MOVED: moved,
        LayerChange.REMOVED: removed - moved,
        LayerChange.ADDED: added - moved,
    }
    skips = {change: counts.pop(_SKIP_BEGINS, 0) for change, counts in changed.items()}
    found: list[Difference] = [
        LayersReplaced("network", a, b, times) for (a, b), times in replaced.items()
    ]
    layers = {
        change: [
            LayersChanged("network", layer, change, times)
            for layer, times in counts.items()
            if layer != _SKIP_ENDS
        ]
        for change, counts in changed.items()
    }
    found += layers[LayerChange.MOVED]
    found += [SkipsChanged("network", change, n) for change, n in skips.items() if n]
    return [*found, *layers[LayerChange.REMOVED], *layers[LayerChange.ADDED]]


def aligned(before: Sequence[str], after: Sequence[str]) -> list[LayerChange | None]:
    """Return what became of the layers of two networks, both in one order: None for one that both
    have.

    >>> found = aligned(["conv 8", "tanh", "linear 10"], ["conv 8", "relu", "linear 10"])
    >>> [change and change.name for change in found]
    [None, 'REMOVED', 'ADDED', None]
    """
    found: list[LayerChange | None] = []
    for gone, come in _gaps(list(before), list(after)):
        found += [LayerChange.REMOVED] * len(gone) + [LayerChange.ADDED] * len(come) + [None]
    # After the last gap there is nothing in common.
    return found[:-1]


def _flat(layers: tuple[Layer, ...]) -> list[str]:
    """The layers one after the other, a skip connection as two marks around its body, followed by
    what it goes through, if anything; a concatenation as a whole."""
    words: list[str] = []
    for layer in layers:
        if isinstance(layer, Residual):
            words += [_SKIP_BEGINS, *_flat(layer.body), _SKIP_ENDS]
            if layer.skip:
                words.append(f"skip=[{', '.join(map(format_layer, layer.skip))}]")
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
        found.append(SettingChanged(name, before["name"], after["name"]))
    return found + [
        SettingChanged(f"{name}.{key}", before[key], after[key])
        for key in before
        if key != "name" and key in after and before[key] != after[key]
    ]
