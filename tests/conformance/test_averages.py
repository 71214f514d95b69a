"""Moving averages of the weights, in every engine: against a plain loop, and resumed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from paribus.engines.base import Task
from paribus.spec.recipe import Adam, Sgd
from tests.support.cases import (
    Candidate,
    assert_close,
    assert_same,
    every_engine,
    every_precision,
    make_task,
    noise,
    tensors,
)
from tests.support.exactness import check_resumed

NETWORK = ["conv 3", "batchnorm", "tanh", "flatten", "linear 3"]


def task_of(ema: float, epochs: int = 3) -> Task:
    return make_task(
        NETWORK, noise(19), optimizer=Sgd(lr=0.05, momentum=0.9), epochs=epochs, ema=ema
    )


def plain(task: Task, decay: float) -> tuple[dict[str, np.ndarray], list[float]]:
    """The weighted mean of all tensors after each step, and the test loss with it each epoch."""
    module = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Tanh(), nn.Flatten(), nn.Linear(147, 3)
    ).double()
    own = {k: v for k, v in module.state_dict().items() if "num_batches" not in k}
    for name, value in zip(task.initial, own.values(), strict=True):
        value.copy_(torch.from_numpy(task.initial[name]))
    optimizer = torch.optim.SGD(module.parameters(), 0.05, 0.9)
    images = torch.from_numpy(task.train.images).double()
    labels = torch.from_numpy(task.train.labels)
    history: list[list[torch.Tensor]] = []
    losses = []
    for epoch in range(1, task.epochs + 1):
        module.train()
        for batch in task.batches(epoch):
            optimizer.zero_grad()
            loss = F.cross_entropy(module(images[batch]), labels[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            history.append([value.detach().clone() for value in own.values()])
        weights = [decay ** (len(history) - 1 - i) for i in range(len(history))]
        means = [
            torch.stack([w * step[n] for w, step in zip(weights, history, strict=True)]).sum(0)
            / sum(weights)
            for n in range(len(own))
        ]
        before = [value.clone() for value in own.values()]
        _write(own, means)
        module.eval()
        with torch.no_grad():
            losses.append(F.cross_entropy(module(images), labels).item())
        _write(own, before)
    return dict(zip(task.initial, (np.asarray(m) for m in means), strict=True)), losses


def _write(own: dict[str, torch.Tensor], values: list[torch.Tensor]) -> None:
    with torch.no_grad():
        for tensor, value in zip(own.values(), values, strict=True):
            tensor.copy_(value)


@every_precision
@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_the_average_is_evaluated_and_kept(engine: Candidate, decay: float) -> None:
    task = task_of(decay)
    wanted, losses = plain(task, decay)
    training = engine.start(task)
    for loss in losses:
        precision = 1e-10 if engine.double else 1e-4
        assert training.run_epoch().test.loss == pytest.approx(loss, rel=precision)
    averages = {k.partition("/")[2]: v for k, v in training.state().items() if "average/" in k}
    assert_close(averages, wanted, 1e-10 if engine.double else 1e-4)
    assert_close(training.tensors(), wanted, 1e-4)
    # Training itself goes on as without.
    other = engine.start(task_of(0.0))
    for _ in range(3):
        other.run_epoch()
    assert_same(tensors(training), tensors(other))
    difference = training.probabilities() - other.probabilities()
    assert np.abs(difference).max() > 1e-3


@every_engine
def test_after_one_step_the_average_is_the_weights(engine: Candidate) -> None:
    task = make_task(NETWORK, noise(5), optimizer=Adam(lr=0.01), ema=0.999)
    training = engine.start(task)
    training.run_epoch()
    assert_close(training.tensors(), tensors(training), 1e-6)


@every_engine
def test_resumed_is_as_never_stopped(engine: Candidate) -> None:
    check_resumed(engine, lambda: task_of(0.9))


@every_engine
def test_predictions_are_those_of_the_average(engine: Candidate) -> None:
    task = task_of(0.9)
    training = engine.start(task)
    training.run_epoch()
    made = engine.engine(task).predict(task.network, training.tensors(), task.test.images)
    assert made.tobytes() == training.probabilities().tobytes()
