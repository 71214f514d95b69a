"""Keeps a run's best epoch by its validation images, and says when to stop waiting for a better.

It works on what any engine gives, so that no engine need know of it. What it remembers is part of a
run's state, and an interrupted run resumes with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from paribus.engines.base import Epoch, Floats, State
from paribus.spec.experiment import Experiment
from paribus.spec.kept import epoch_value

_PREFIX = "best/"
_TENSOR = "best/tensor/"


@dataclass(frozen=True)
class Network:
    """Stored parts of a network: its tensors and its predictions for the test images."""

    tensors: dict[str, Floats]
    probabilities: Floats


class Keeper:
    """The best epoch of one run so far.

    state: that of a run that is resumed.
    """

    def __init__(self, experiment: Experiment, state: State | None) -> None:
        self._experiment = experiment
        self._value, self._epoch, self._last = math.inf, 0, 0
        self._best: Network | None = None
        if state is not None and "best/epoch" in state:
            self._epoch, self._last = (int(state[f"best/{key}"]) for key in ("epoch", "last"))
            self._value = float(state["best/value"])
            self._best = Network(
                {
                    name.removeprefix(_TENSOR): value.astype(np.float32)
                    for name, value in state.items()
                    if name.startswith(_TENSOR)
                },
                state["best/probabilities"].astype(np.float32),
            )

    @property
    def stops(self) -> bool:
        """Whether training ends before its last epoch: too many have brought nothing better."""
        patience = self._experiment.patience
        return patience is not None and self._best is not None and (
            self._last - self._epoch >= patience
        )  # fmt: skip

    def saw(self, epoch: Epoch, network: Callable[[], Network]) -> None:
        """Take in an epoch. network: what it has left, asked for only if it is the best."""
        self._last = epoch.number
        if self._experiment.best_by == "none" or epoch.validation is None:
            return
        score = epoch.validation
        value = epoch_value(self._experiment, score.loss, score.accuracy)
        if value < self._value:
            self._value, self._epoch, self._best = value, epoch.number, network()

    def kept(self, network: Callable[[], Network]) -> Network:
        """Return the network that the run keeps. network: what its last epoch has left."""
        return network() if self._best is None else self._best

    def state(self) -> State:
        """Return the state that a resumed run needs; empty if no epoch is chosen."""
        if self._best is None:
            return {}
        return {
            "best/epoch": np.array(self._epoch),
            "best/last": np.array(self._last),
            "best/value": np.array(self._value),
            "best/probabilities": self._best.probabilities,
            **{f"{_TENSOR}{name}": value for name, value in self._best.tensors.items()},
        }


def of_engine(state: State | None) -> State | None:
    """Return a state without what a `Keeper` added."""
    if state is None:
        return None
    return {name: value for name, value in state.items() if not name.startswith(_PREFIX)}
