"""The contract that every engine keeps: what it is given, and what it gives back.

A runner asks `engine.refuses(task)` and then `engine.start(task)`; on the `Training` that it gets
it calls `run_epoch` until `task.epochs` are done. `state` between any two epochs holds all that
is needed to go on later, bit for bit as if never stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paribus.randomness import Randomness
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
    """Labelled images to train on or to be tested on."""

    images: Floats
    """(N, C, H, W), pixels in 0..1."""
    labels: Labels
    """(N,), in 0..K-1."""

    def __len__(self) -> int:
        return len(self.labels)


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
    """Every tensor of the plan before training, by name; empty for a user's own module."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last one may be smaller."""
        return -(-len(self.train) // self.batch_size)

    def batches(self, epoch: int) -> list[NDArray[np.int64]]:
        """The indices of each batch of an epoch, counted from 1, in the order to train them."""
        order = self.randomness.batch_order(epoch, len(self.train))
        return [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]

    def learning_rates(self, epoch: int) -> NDArray[np.float64]:
        """The learning rate of every step of an epoch, counted from 1: (steps,)."""
        first = (epoch - 1) * self.steps_per_epoch
        factors = [
            self.schedule.factor(first + step, self.steps_per_epoch, self.epochs)
            for step in range(self.steps_per_epoch)
        ]
        return self.optimizer.lr * np.array(factors)


@dataclass(frozen=True)
class Score:
    """Mean cross entropy, in nats and without label smoothing, and share of correct answers."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to."""

    number: int
    """Counted from 1."""
    train: Score
    """Mean over the batches as they were trained, each weighing the same. The loss is the one
    that was minimised, label smoothing included."""
    test: Score
    validation: Score | None
    train_seconds: float
    test_seconds: float


class Training(Protocol):
    """One run under way in an engine."""

    def run_epoch(self) -> Epoch:
        """Train the next epoch, then evaluate on the test images (and the validation images)."""
        ...

    def state(self) -> State:
        """All that is needed to go on from here, as copies."""
        ...

    def tensors(self) -> dict[str, Floats]:
        """The network's tensors by name, as copies: parameters and running statistics."""
        ...

    def probabilities(self) -> Floats:
        """The predicted probability of each class for every test image: (N, K)."""
        ...


class Engine(Protocol):
    """What can train a `Task`."""

    name: str

    def refuses(self, task: Task) -> str | None:
        """Why it cannot run a task, as the end of a sentence with "because"; None if it can."""
        ...

    def start(self, task: Task, state: State | None = None) -> Training:
        """A training from the beginning, or from the state that an earlier one gave."""
        ...
