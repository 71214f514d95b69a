"""Trains one run from where it was left to its end, telling of every epoch as it goes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from paribus.engines.base import Engine, Epoch, Floats, State, Task


@dataclass(frozen=True)
class EpochDone:
    """An epoch has been trained; `state` is what it takes to go on from there."""

    epoch: Epoch
    state: State


@dataclass(frozen=True)
class Finished:
    """All epochs have been trained."""

    tensors: dict[str, Floats]
    probabilities: Floats


@dataclass(frozen=True)
class Diverged:
    """The train loss of an epoch, the run's last, is no finite number."""

    epoch: Epoch


@dataclass(frozen=True)
class Failed:
    """The training could not go on, for a reason in words."""

    reason: str


Event = EpochDone | Finished | Diverged | Failed


def train(engine: Engine, task: Task, done: int, state: State | None) -> Iterator[Event]:
    """Train a task's epochs from `done` + 1 on; ends with `Finished` or `Diverged`.

    done: epochs trained before; state: the state after them, None at the beginning.
    """
    training = engine.start(task, state)
    for _ in range(done, task.epochs):
        epoch = training.run_epoch()
        if not math.isfinite(epoch.train.loss):
            yield Diverged(epoch)
            return
        yield EpochDone(epoch, training.state())
    yield Finished(training.tensors(), training.probabilities())
