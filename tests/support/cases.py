"""The engines that are held to the contract, and small tasks to hold them to it with.

An engine is added by one line in `ENGINES`.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import paribus
from paribus.engines.base import Engine, ImagesOf, Split, State, Task, Training
from paribus.engines.gpus import gpus
from paribus.engines.native.engine import NativeEngine
from paribus.engines.native.library import library_path
from paribus.engines.numpy import NumpyEngine
from paribus.engines.torch import TorchEngine
from paribus.randomness import Randomness
from paribus.spec.experiment import Experiment
from paribus.spec.layers import Layer
from paribus.spec.notation import format_layer, parse_layers
from paribus.spec.plan import Plan, make_plan
from paribus.spec.recipe import (
    Adam,
    AdamW,
    Constant,
    Initialisation,
    Optimizer,
    RmsProp,
    Schedule,
    Sgd,
)

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Candidate:
    """An engine under test."""

    name: str
    make: Callable[[], Engine]
    refuses: Callable[[Layer], bool] = lambda layer: False
    """Which layers it cannot run."""
    double: bool = False
    """Whether it computes in float64."""

    def start(self, task: Task) -> Training:
        """The engine's training; skips the test if the engine refuses a layer, as announced."""
        return self.engine(task).start(task)

    def start_from(self, task: Task, state: State) -> Training:
        """The engine's training, resumed."""
        return self.engine(task).start(task, state)

    def engine(self, task: Task) -> Engine:
        """The engine; skips the test if it refuses a layer, as announced."""
        engine = self.make()
        assert isinstance(task.network, Plan)
        refused = [node.layer for node in task.network.walk() if self.refuses(node.layer)]
        experiment = Experiment.model_validate(
            {"network": "any:Module", "optimizer": task.optimizer, "epochs": task.epochs}
        )
        assert bool(refused) == (engine.supports(task.network, experiment) is not None)
        if refused:
            pytest.skip(f"{self.name} refuses {', '.join(map(format_layer, refused))}")
        return engine


ENGINES = [
    Candidate("numpy", NumpyEngine),
    Candidate("torch", lambda: TorchEngine("cpu")),
]
if library_path() is not None:
    ENGINES.append(Candidate("native", NativeEngine))
if gpus():
    ENGINES.append(Candidate("torch-gpu", lambda: TorchEngine("cuda")))
DOUBLE = [
    Candidate("torch-float64", lambda: TorchEngine("cpu", torch.float64), double=True),
]

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
every_precision = pytest.mark.parametrize(
    "engine", ENGINES + DOUBLE, ids=lambda engine: engine.name
)


def judge(task: Task) -> Training:
    """The training that all others are compared with."""
    return NumpyEngine(np.float64).start(task)


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Sgd(lr=0.1),
    "sgd-decay": Sgd(lr=0.1, weight_decay=0.1),
    "momentum": Sgd(lr=0.05, momentum=0.9),
    "momentum-decay": Sgd(lr=0.05, momentum=0.8, weight_decay=0.1),
    "nesterov": Sgd(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    # eps is large, so that a misplaced one shows.
    "adam": Adam(lr=0.01, eps=1e-3),
    "adam-betas": Adam(lr=0.01, betas=(0.5, 0.7), eps=1e-3, weight_decay=0.1),
    "rmsprop": RmsProp(lr=0.01, alpha=0.8, eps=1e-2),
    "rmsprop-momentum": RmsProp(lr=0.01, momentum=0.7, eps=1e-2, weight_decay=0.1),
    "adamw": AdamW(lr=0.01, eps=1e-3, weight_decay=0.5),
}


def make_task(
    network: Sequence[str],
    train: Split,
    test: Split | None = None,
    *,
    optimizer: Optimizer | None = None,
    schedule: Schedule | None = None,
    batch_size: int = 5,
    epochs: int = 1,
    label_smoothing: float = 0.0,
    ema: float = 0.0,
    augmented: Callable[[int], ImagesOf] | None = None,
    initialisation: Initialisation = "torch",
    seed: int = 0,
) -> Task:
    """A task; by default plain SGD at rate 1, so that one step takes the gradient away."""
    classes = int(train.labels.max()) + 1
    plan = make_plan(parse_layers(network), train.images.shape[1:], classes)
    randomness = Randomness(seed)
    return Task(
        network=plan,
        classes=classes,
        optimizer=optimizer or Sgd(lr=1.0),
        schedule=schedule or Constant(),
        epochs=epochs,
        batch_size=batch_size,
        label_smoothing=label_smoothing,
        ema=ema,
        train=train,
        test=test or train,
        validation=None,
        randomness=randomness,
        initial=randomness.initial_tensors(plan, initialisation),
        augmented=augmented,
    )


def noise(images: int, shape: tuple[int, ...] = (1, 7, 7), classes: int = 3) -> Split:
    """Normal values as images, and labels in turn."""
    rng = np.random.default_rng(7)
    pixels = rng.normal(size=(images, *shape)).astype(np.float32)
    return Split(pixels, np.arange(images, dtype=np.int64) % classes)


def digits(images: int, name: str = "train") -> Split:
    """The first images of MNIST, "train" or "t10k"."""
    folder = Path(paribus.__file__).parent / "data" / "mnist"
    with gzip.open(folder / f"{name}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(16 + images * 784), np.uint8, offset=16)
    with gzip.open(folder / f"{name}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(8 + images), np.uint8, offset=8)
    scaled = (pixels / np.float32(255)).astype(np.float32)
    return Split(scaled.reshape(-1, 1, 28, 28), labels.astype(np.int64))


def without_ties(split: Split) -> Split:
    """The images with some noise on them.

    All of a digit's background is alike, so most windows of max pooling have ties there, which
    rounding decides: two engines in float32 would send gradients to different places, and both be
    right.
    """
    rng = np.random.default_rng(11)
    noisy = split.images * 0.9 + rng.uniform(0, 0.1, split.images.shape)
    return Split(noisy.astype(np.float32), split.labels)


def tensors(training: Training) -> dict[str, NDArray[Any]]:
    """The network's tensors by name, in the precision that the engine computes in."""
    return {
        key.partition("/")[2]: value
        for key, value in training.state().items()
        if key.startswith(("parameter/", "buffer/"))
    }


def assert_close(got: Arrays, wanted: Arrays, tolerance: float, absolute: float = 0) -> None:
    """Each tensor within `tolerance` of the largest value that it should have, or `absolute`."""
    assert got.keys() == wanted.keys()
    for name, right in wanted.items():
        assert got[name].shape == right.shape
        difference = np.abs(got[name].astype(np.float64) - right.astype(np.float64)).max()
        assert difference <= tolerance * np.abs(right).max() + absolute, name


def assert_same(got: Arrays, wanted: Arrays) -> None:
    """The same bytes in all arrays."""
    assert got.keys() == wanted.keys()
    for name, right in wanted.items():
        assert got[name].dtype == right.dtype
        assert got[name].tobytes() == right.tobytes(), name
