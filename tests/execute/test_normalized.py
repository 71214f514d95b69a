"""Images normalized by channel: by which numbers, and the same wherever a run predicts."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.data.batches import as_floats, channel_statistics
from paribus.data.dataset import Dataset
from paribus.engines.base import Task
from paribus.engines.normalized import Normalization, predictor_of_run, split_off
from paribus.execute.tasks import TaskMaker
from paribus.spec.experiment import Experiment
from paribus.spec.notation import parse_layers
from paribus.spec.recipe import Sgd
from tests.support.cases import Candidate, assert_close, every_engine, judge, tensors

RNG = np.random.default_rng(3)
DATA = Dataset(
    name="made",
    train_images=RNG.integers(20, 200, (90, 3, 7, 7), dtype=np.uint8)
    // np.array([1, 2, 5], np.uint8)[:, None, None],
    train_labels=np.arange(90) % 3,
    test_images=RNG.integers(0, 256, (30, 3, 7, 7), dtype=np.uint8),
    test_labels=np.arange(30) % 3,
    class_names=("a", "b", "c"),
)
EXPERIMENT = Experiment(
    network=parse_layers(["conv 4", "batchnorm", "relu", "flatten", "linear 3"]),
    optimizer=Sgd(lr=0.05),
    epochs=2,
    batch_size=16,
    images=60,
    validation=20,
    normalize="channel",
)


def task_of(experiment: Experiment = EXPERIMENT) -> Task:
    return TaskMaker(DATA).make(experiment, seed=1)


def test_training_images_have_mean_0_and_sd_1_in_every_channel() -> None:
    task, plain = task_of(), task_of(EXPERIMENT.but(normalize="none"))
    np.testing.assert_allclose(task.train.images.mean((0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(task.train.images.std((0, 2, 3)), 1, atol=1e-5)
    mean_C = plain.train.images.mean((0, 2, 3), np.float64)[:, None, None]
    sd_C = plain.train.images.std((0, 2, 3), np.float64)[:, None, None]
    assert task.validation is not None
    assert plain.validation is not None
    # Others by the same numbers, which they had no part in.
    for ours, theirs in ((task.test, plain.test), (task.validation, plain.validation)):
        np.testing.assert_allclose(ours.images, (theirs.images - mean_C) / sd_C, atol=1e-4)
        assert ours.images.dtype == np.float32
    assert (task.train.images != plain.train.images).any()
    assert plain.kept == {}


def test_a_channel_without_any_change_is_not_divided_by_0() -> None:
    images = np.zeros((4, 2, 3, 3), np.uint8)
    images[:, 1] = 51
    mean_C, sd_C = channel_statistics(images)
    assert (mean_C.tolist(), sd_C.tolist()) == ([0, np.float32(0.2)], [1, 1])


def test_augmented_images_are_normalized_after_they_are_augmented() -> None:
    """What a crop adds is black, not the mean."""
    augmented = EXPERIMENT.but(augment=["crop 3"])
    every = np.arange(60)
    made = task_of(augmented).training_images(1)(every)
    plain = task_of(augmented.but(normalize="none")).training_images(1)(every)
    kept = task_of().kept
    np.testing.assert_array_equal(made, Normalization(kept["input/mean"], kept["input/sd"])(plain))
    assert (plain == 0).any()


@every_engine
def test_trained_with_every_engine(engine: Candidate) -> None:
    task = task_of()
    judged, candidate = judge(task), engine.start(task)
    for _ in range(2):
        right, got = judged.run_epoch(), candidate.run_epoch()
        assert got.train.loss == pytest.approx(right.train.loss, rel=1e-4)
    assert_close(tensors(candidate), tensors(judged), 1e-3, 1e-4)


@every_engine
def test_predictions_are_those_of_the_run(engine: Candidate) -> None:
    task = task_of()
    training = engine.start(task)
    training.run_epoch()
    kept = {**training.tensors(), **task.kept}
    assert set(kept) - set(training.tensors()) == {"input/mean", "input/sd"}
    images = as_floats(DATA.test_images)
    answers = predictor_of_run(engine.engine(task), task.network, kept)(images)
    assert answers.tobytes() == training.probabilities().tobytes()
    own, normalization = split_off(kept)
    assert own.keys() == training.tensors().keys()
    assert normalization is not None
    assert split_off(own)[1] is None
