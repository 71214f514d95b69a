"""Each layer's outputs and gradients, in every engine, against NumPy in float64.

One step of SGD at rate 1 takes the gradient away from the weights, so the contract alone shows it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paribus.engines.base import Split
from tests.support.cases import (
    Candidate,
    assert_close,
    every_precision,
    judge,
    make_task,
    noise,
    tensors,
)
from tests.support.networks import NETWORKS, network


@every_precision
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_layer(engine: Candidate, name: str, channels: int) -> None:
    task = make_task(network(name, channels), noise(5, (channels, 7, 7)))
    judged, candidate = judge(task), engine.start(task)
    # Probabilities are float32 whatever the engine computes in.
    np.testing.assert_allclose(candidate.probabilities(), judged.probabilities(), atol=2e-6)
    right, got = judged.run_epoch(), candidate.run_epoch()
    precision = 1e-12 if engine.double else 2e-6
    assert got.train.loss == pytest.approx(right.train.loss, rel=precision * 10)
    assert got.train.accuracy == right.train.accuracy
    assert got.test.loss == pytest.approx(right.test.loss, rel=precision * 100, abs=precision)

    def change(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {key: value - task.initial[key] for key, value in values.items()}

    # The weights, of size 1 or less, are rounded along with the gradients.
    assert_close(change(tensors(candidate)), change(tensors(judged)), precision * 10, precision / 4)
    # With the running statistics that the step has left.
    np.testing.assert_allclose(candidate.probabilities(), judged.probabilities(), atol=2e-5)


@every_precision
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_label_smoothing_is_part_of_the_train_loss_alone(
    engine: Candidate, smoothing: float
) -> None:
    task = make_task(["flatten", "linear 3"], noise(5), label_smoothing=smoothing)
    judged, candidate = judge(task), engine.start(task)
    right, got = judged.run_epoch(), candidate.run_epoch()
    assert got.train.loss == pytest.approx(right.train.loss, rel=1e-5)
    assert_close(tensors(candidate), tensors(judged), 1e-5)
    p_NK = candidate.probabilities().astype(np.float64)
    plain = -np.log(p_NK[np.arange(5), task.test.labels]).mean()
    assert got.test.loss == pytest.approx(plain, rel=1e-5, abs=1e-6)


@every_precision
def test_the_first_of_equal_values_is_the_largest(engine: Candidate) -> None:
    """Where a window of max pooling has ties, its first value gets the gradient, row by row."""
    # Small whole numbers, so that outputs of the first convolution tie exactly, in every precision,
    # while the second one, with its kernel of 3, sees each place of a window differently.
    rng = np.random.default_rng(3)
    images = rng.integers(0, 2, (5, 1, 8, 8)).astype(np.float32)
    labels = np.array([0, 1, 2, 0, 1])
    task = make_task(
        ["conv 3", "maxpool 2", "conv 2", "flatten", "linear 3"], Split(images, labels)
    )
    whole = {name: np.round(value * 4) / np.float32(4) for name, value in task.initial.items()}
    task = replace(task, initial=whole | {"linear1.weight": task.initial["linear1.weight"]})
    judged, candidate = judge(task), engine.start(task)
    judged.run_epoch()
    candidate.run_epoch()
    assert_close(tensors(candidate), tensors(judged), 1e-6, 1e-6)


@every_precision
def test_an_epoch_is_the_mean_of_its_batches(engine: Candidate) -> None:
    """Each batch weighs the same, a smaller last one too; loss and accuracy are as trained."""
    split = noise(7)
    task = make_task(["flatten", "linear 3"], split, batch_size=5)
    epoch = engine.start(task).run_epoch()
    weight, bias = (task.initial[f"linear1.{part}"].astype(float) for part in ("weight", "bias"))
    losses, accuracies = [], []
    for batch in task.batches(1):
        x, labels = split.images[batch].reshape(len(batch), -1), split.labels[batch]
        logits = x @ weight.T + bias
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        losses.append(-np.log(p[np.arange(len(batch)), labels]).mean())
        accuracies.append((logits.argmax(1) == labels).mean())
        error = (p - np.eye(3)[labels]) / len(batch)
        weight, bias = weight - error.T @ x, bias - error.sum(0)
    assert epoch.train.loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert epoch.train.accuracy == pytest.approx(np.mean(accuracies))
    assert epoch.number == 1
    assert epoch.train_seconds > 0
    assert epoch.test_seconds > 0
