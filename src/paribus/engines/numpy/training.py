"""Training with NumPy: batch after batch, forward, backward, step."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.engines.base import (
    Epoch,
    Floats,
    Predictor,
    Score,
    Split,
    State,
    Task,
    average_share,
)
from paribus.engines.numpy.layer import Array
from paribus.engines.numpy.network import Network, cross_entropy
from paribus.engines.numpy.optimizers import make_optimizer
from paribus.engines.numpy.threads import one_blas_thread
from paribus.engines.scoring import probabilities, score
from paribus.spec.plan import Plan

# N images, K classes

_EVALUATED_AT_ONCE = 250


def predictor(plan: Plan, tensors: Mapping[str, Floats], dtype: np.dtype[Any]) -> Predictor:
    """Return a predictor of a trained network."""
    loaded = _network(plan, tensors, dtype)

    def predict(images: Floats) -> Floats:
        with one_blas_thread(), np.errstate(all="ignore"):
            return probabilities(_logits(loaded, images, dtype))

    return predict


class NumpyTraining:
    """A run in progress."""

    def __init__(self, task: Task, dtype: np.dtype[Any], state: State | None) -> None:
        assert isinstance(task.network, Plan)
        self._task, self._dtype = task, dtype
        self._network = _network(task.network, task.initial, dtype)
        trained = {name: self._network.tensors[name] for name in self._network.trained}
        self._optimizer = make_optimizer(task.optimizer, trained)
        self._averages = (
            {name: np.zeros_like(value) for name, value in self._network.tensors.items()}
            if task.ema
            else {}
        )
        # What is evaluated and kept.
        self._result = Network(task.network, self._averages) if task.ema else self._network
        self._epoch = 0
        if state is not None:
            self._epoch = int(state["epoch"])
            for key, array in self._arrays().items():
                array[...] = state[key]

    def run_epoch(self) -> Epoch:
        """Train the next epoch, then evaluate on the test images (and the validation images)."""
        number = self._epoch + 1
        # Overflow is not a bug: the run diverges, and its loss shows it.
        with one_blas_thread(), np.errstate(all="ignore"):
            start = perf_counter()
            train = self._train(number)
            trained = perf_counter()
            test = self._evaluate(self._task.test)
            tested = perf_counter()
            held_out = self._task.validation
            validation = None if held_out is None else self._evaluate(held_out)
        self._epoch = number
        return Epoch(number, train, test, validation, trained - start, tested - trained)

    def state(self) -> State:
        """Return a copy of all state needed to resume from here."""
        arrays: State = {key: array.copy() for key, array in self._arrays().items()}
        return arrays | {"epoch": np.array(self._epoch)}

    def tensors(self) -> dict[str, Floats]:
        """The network's tensors by name, as copies: parameters and running statistics."""
        return {name: np.array(a, np.float32) for name, a in self._result.tensors.items()}

    def probabilities(self) -> Floats:
        """The predicted probability of each class for every test image: (N, K)."""
        with one_blas_thread(), np.errstate(all="ignore"):
            return probabilities(self._logits(self._task.test.images))

    def _train(self, epoch: int) -> Score:
        """One pass over the training images; the mean score of its batches."""
        task, network = self._task, self._network
        network.begin_epoch(task.randomness, epoch)
        step = (epoch - 1) * task.steps_per_epoch
        losses, accuracies = [], []
        images_of = task.training_images(epoch)
        for batch_N, rate in zip(
            task.batches(epoch), task.learning_rates(epoch).tolist(), strict=True
        ):
            step += 1
            labels_N = task.train.labels[batch_N]
            images = images_of(batch_N).astype(self._dtype, copy=False)
            logits_NK = network.logits(images, training=True)
            loss, gradient_NK = cross_entropy(logits_NK, labels_N, task.label_smoothing)
            self._optimizer.step(network.gradients(gradient_NK), rate, step)
            for name, average in self._averages.items():
                average += average_share(task.ema, step) * (network.tensors[name] - average)
            losses.append(loss)
            accuracies.append((logits_NK.argmax(axis=1) == labels_N).mean())
        return Score(float(np.mean(losses)), float(np.mean(accuracies)))

    def _evaluate(self, split: Split) -> Score:
        return score(self._logits(split.images), split.labels)

    def _logits(self, images: Floats) -> NDArray[np.floating]:
        return _logits(self._result, images, self._dtype)

    def _arrays(self) -> dict[str, Array]:
        """Arrays that training changes, by their names in `state`."""
        tensors = self._network.tensors
        kept = {
            f"{'parameter' if name in self._network.trained else 'buffer'}/{name}": array
            for name, array in tensors.items()
        }
        averages = {f"average/{name}": array for name, array in self._averages.items()}
        return kept | averages | self._optimizer.state


def _network(plan: Plan, tensors: Mapping[str, Floats], dtype: np.dtype[Any]) -> Network:
    """A network with copies of some tensors: training changes them in place."""
    return Network(
        plan, {tensor.name: np.array(tensors[tensor.name], dtype) for tensor in plan.tensors}
    )


def _logits(network: Network, images: Floats, dtype: np.dtype[Any]) -> NDArray[np.floating]:
    """(N, K), in evaluation mode."""
    return np.concatenate(
        [
            network.logits(images[i : i + _EVALUATED_AT_ONCE].astype(dtype, copy=False))
            for i in range(0, len(images), _EVALUATED_AT_ONCE)
        ]
    )
