"""Predictions without a training, and trainings side by side: the bits of a training alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paribus.engines.base import Epoch
from tests.support.cases import (
    OPTIMIZERS,
    Candidate,
    assert_same,
    digits,
    every_engine,
    make_task,
    noise,
)

_NETWORKS = {
    "plain": ["conv 4", "relu", "maxpool 2", "residual [relu, conv 4]", "flatten", "linear 3"],
    "normalized": ["conv 4", "batchnorm", "relu", "flatten", "linear 6", "batchnorm", "linear 3"],
    "dropout": ["flatten", "linear 8", "gelu", "dropout 0.5", "linear 3"],
}
every_network = pytest.mark.parametrize("network", _NETWORKS.values(), ids=list(_NETWORKS))


@every_engine
@every_network
def test_predictions_are_those_of_the_training(engine: Candidate, network: list[str]) -> None:
    task = make_task(network, noise(18), noise(7), optimizer=OPTIMIZERS["momentum"])
    training = engine.start(task)
    training.run_epoch()
    predict = engine.make().predictor(task.network, training.tensors())
    expected = training.probabilities()
    assert predict(task.test.images).tobytes() == expected.tobytes()
    # Asked again, of other images in between.
    assert predict(task.train.images[:1]).shape == (1, 3)
    assert predict(task.test.images).tobytes() == expected.tobytes()
    assert engine.make().predict(task.network, training.tensors(), task.test.images).tobytes() == (
        expected.tobytes()
    )


@every_engine
def test_predictions_of_digits_and_more_than_are_evaluated_at_once(engine: Candidate) -> None:
    """Most of an image is background: kernels may have a way of their own for training on it."""
    task = make_task(
        ["flatten", "linear 10"], digits(200), digits(1100, "t10k"), optimizer=OPTIMIZERS["adam"]
    )
    training = engine.start(task)
    training.run_epoch()
    predicted = engine.make().predict(task.network, training.tensors(), task.test.images)
    assert predicted.tobytes() == training.probabilities().tobytes()


def _facts(epoch: Epoch) -> str:
    """As text: NaN equals NaN there."""
    return repr(replace(epoch, train_seconds=0, test_seconds=0))


@every_engine
@every_network
def test_a_group_has_the_bits_of_single_runs(engine: Candidate, network: list[str]) -> None:
    tasks = [
        make_task(network, noise(18), optimizer=OPTIMIZERS["adam"], seed=seed, epochs=3)
        for seed in range(3)
    ]
    tasks[1] = replace(tasks[1], optimizer=tasks[1].optimizer.model_copy(update={"lr": 1e30}))
    single = [engine.start(task) for task in tasks]
    expected = [[_facts(training.run_epoch()) for _ in range(3)] for training in single]
    # The second is left out after its first epoch, the third is resumed after its first.
    before = engine.start(tasks[2])
    before.run_epoch()
    group = engine.make().start_group(tasks, [None, None, before.state()])
    assert [_facts(epoch) for epoch in group.run_epoch([0, 1])] == [expected[0][0], expected[1][0]]
    for number in (1, 2):
        epochs = [_facts(epoch) for epoch in group.run_epoch([0, 2])]
        assert epochs == [expected[0][number], expected[2][number]]
    for member in (0, 2):
        assert_same(group.state(member), single[member].state())
        assert_same(group.tensors(member), single[member].tensors())
        assert group.probabilities(member).tobytes() == single[member].probabilities().tobytes()
