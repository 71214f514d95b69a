"""The contract that every engine keeps: what it is given, and what it gives back.

`engine.supports` says whether it can train an experiment, from the plan alone: no array is made for
it. `engine.start(task)` gives a `Training`, whose `run_epoch` is called until `task.epochs` are
done. `state` between any two epochs holds all that is needed to resume later, bit-identical to a
run that was never interrupted. `engine.start_group` does the same for several runs side by side.
`engine.predictor` needs no training: a plan, its tensors, and then images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paribus.randomness import Randomness
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan
from paribus.spec.recipe import Optimizer, Schedule

# N images, C channels, H rows, W columns, K classes
Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
State = dict[str, NDArray[np.generic]]
"""Arrays by name: "epoch"; "parameter/conv1.weight" for what is trained and
"buffer/batchnorm1.running_mean" for the network's other tensors; of the optimizer,
"sgd.momentum/conv1.weight" and so on."""


@dataclass(frozen=True)
class Split:
    """Labeled images to train on or to be tested on."""

    images: Floats
    """(N, C, H, W), pixels in 0..1."""
    labels: Labels
    """(N,), in 0..K-1."""

    def __len__(self) -> int:
        return len(self.labels)


OWN_LAYERS_ONLY = "it runs only networks made of Paribus's own layers"
"""Why an engine does not support a custom module, after "because"."""

HEEDED = frozenset({"augment", "ema", "rmsprop"})
"""All that `Engine.heeds` may have: what the engines of Paribus do."""

ImagesOf = Callable[[NDArray[np.int64]], Floats]
"""Numbers of training images (B,), counted from 0, to the images (B, C, H, W)."""


@dataclass(frozen=True)
class Task:
    """One run, as an engine sees it."""

    network: Plan | ModuleNetwork
    classes: int
    optimizer: Optimizer
    schedule: Schedule
    epochs: int
    batch_size: int
    label_smoothing: float
    train: Split
    test: Split
    validation: Split | None
    randomness: Randomness
    initial: Mapping[str, Floats]
    """Every tensor of the plan before training, by name; empty for a custom module."""
    ema: float = 0.0
    """Decay of the moving average of all tensors, see `average_share`; 0 for none."""
    augmented: Callable[[int], ImagesOf] | None = None
    """Function that returns the augmented training images of an epoch, counted from 1; None if they
    are trained on as they are."""
    kept: Mapping[str, Floats] = field(default_factory=dict)
    """Tensors that are kept with the network's: what its images were normalized by."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last one may be smaller."""
        return -(-len(self.train) // self.batch_size)

    def batches(self, epoch: int) -> list[NDArray[np.int64]]:
        """The indices of each batch of an epoch, counted from 1, in the order to train them."""
        order = self.randomness.batch_order(epoch, len(self.train))
        return [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]

    def training_images(self, epoch: int) -> ImagesOf:
        """Return a function that returns the images of an epoch's batches; epochs count from 1."""
        return self.train.images.__getitem__ if self.augmented is None else self.augmented(epoch)

    def learning_rates(self, epoch: int) -> NDArray[np.float64]:
        """The learning rate of every step of an epoch, counted from 1: (steps,)."""
        first = (epoch - 1) * self.steps_per_epoch
        factors = [
            self.schedule.factor(first + step, self.steps_per_epoch, self.epochs)
            for step in range(self.steps_per_epoch)
        ]
        return self.optimizer.lr * np.array(factors)


def average_share(decay: float, step: int) -> float:
    """Return the share of the difference to a tensor by which its moving average moves after a
    step, counted from 1 over all epochs.

    So the average is the mean of what the tensor was after each step, that of i steps ago weighing
    decay^i: Adam's correction of the beginning (Kingma and Ba 2015). With an average, all tensors,
    running statistics too, are evaluated, kept and predicted with as their averages are.
    """
    return (1 - decay) / (1 - decay**step)


@dataclass(frozen=True)
class Score:
    """Mean cross entropy, in nats and without label smoothing, and share of correct answers."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class Epoch:
    """Metrics and times of one epoch."""

    number: int
    """Counted from 1."""
    train: Score
    """Mean over the batches as they were trained, each weighing the same. The loss is the one
    that was minimized, label smoothing included."""
    test: Score
    validation: Score | None
    train_seconds: float
    test_seconds: float


class Training(Protocol):
    """A run in progress in an engine."""

    def run_epoch(self) -> Epoch:
        """Train the next epoch, then evaluate on the test images (and the validation images)."""
        ...

    def state(self) -> State:
        """Return a copy of all state needed to resume from here."""
        ...

    def tensors(self) -> dict[str, Floats]:
        """The network's tensors by name, as copies: parameters and running statistics."""
        ...

    def probabilities(self) -> Floats:
        """The predicted probability of each class for every test image: (N, K)."""
        ...


class Group(Protocol):
    """Runs in progress in one engine, trained as a group. A member is the index of its task."""

    def run_epoch(self, members: Sequence[int]) -> Iterator[Epoch]:
        """Train the next epoch of some members; yield their results in the order of `members`."""
        ...

    def state(self, member: int) -> State:
        """All that is needed to resume this member, in a group or alone, as copies."""
        ...

    def tensors(self, member: int) -> dict[str, Floats]:
        """The member's tensors by name, as copies."""
        ...

    def probabilities(self, member: int) -> Floats:
        """The predicted probability of each class for every test image: (N, K)."""
        ...


class OneByOne:
    """The group of an engine that has nothing better: each member is a training of its own."""

    def __init__(self, trainings: Sequence[Training]) -> None:
        self._trainings = trainings

    def run_epoch(self, members: Sequence[int]) -> Iterator[Epoch]:
        """Train the next epoch of some members, one after the other."""
        for member in members:
            yield self._trainings[member].run_epoch()

    def state(self, member: int) -> State:
        """All that is needed to resume this member, as copies."""
        return self._trainings[member].state()

    def tensors(self, member: int) -> dict[str, Floats]:
        """The member's tensors by name, as copies."""
        return self._trainings[member].tensors()

    def probabilities(self, member: int) -> Floats:
        """The predicted probability of each class for every test image: (N, K)."""
        return self._trainings[member].probabilities()


Predictor = Callable[[Floats], Floats]
"""Images (N, C, H, W), pixels in 0..1, to the probability of each class (N, K)."""


class Engine(Protocol):
    """Trains a `Task`. An engine that names this as its base class inherits `bits`, `heeds`,
    `gpu`, `on_gpu`, `probe`, `start_group` and `predict`."""

    name: str

    @property
    def bits(self) -> str:
        """What, with its name, fixes the bits of its results here: a version, and the kind of
        processor if they depend on that; "" if nothing does. No run is half of one and half of
        another."""
        return ""

    @property
    def heeds(self) -> frozenset[str]:
        """The settings of experiments that are newer than this contract and that it does something
        for: "augment" (`Task.training_images`), "ema" (`Task.ema`), "rmsprop" (the optimizer). It
        is given no experiment that has others."""
        return frozenset()

    @property
    def gpu(self) -> str:
        """The name of the GPU that it computes on; "" where it computes on the processor."""
        return ""

    @property
    def on_gpu(self) -> bool:
        """Whether it trains on a GPU here."""
        return False

    def supports(self, network: Plan | ModuleNetwork, experiment: Experiment) -> str | None:
        """Return None if it can train an experiment, else why not: the end of a sentence with
        "because"."""
        ...

    def probe(
        self,
        network: ModuleNetwork,
        image_shape: tuple[int, int, int],
        classes: int,
        *,
        single: bool,
    ) -> int | None:
        """Try a custom module before it is trained: return how many parameters it trains, None if
        it was not tried. Raises `UserError` with what `start` would refuse.

        single: whether the last batch of an epoch is one image.
        """
        return None

    def start(self, task: Task, state: State | None = None) -> Training:
        """Return a training from the beginning, or from the state that an earlier one gave."""
        ...

    def start_group(self, tasks: Sequence[Task], states: Sequence[State | None]) -> Group:
        """Return trainings side by side; each has the bits that it would have alone."""
        return OneByOne(
            [self.start(task, state) for task, state in zip(tasks, states, strict=True)]
        )

    def predictor(self, network: Plan | ModuleNetwork, tensors: Mapping[str, Floats]) -> Predictor:
        """Return a predictor of a trained network, loaded once. Its results are bit-identical
        to `Training.probabilities`. Not to be used by two threads at once."""
        ...

    def predict(
        self, network: Plan | ModuleNetwork, tensors: Mapping[str, Floats], images: Floats
    ) -> Floats:
        """Return the probability of each class for images (N, C, H, W): (N, K)."""
        return self.predictor(network, tensors)(images)
