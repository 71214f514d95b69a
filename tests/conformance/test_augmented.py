"""Training on augmented images, in every engine: against a plain loop, resumed, in any order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paribus.data.batches import training_indices
from paribus.data.dataset import Dataset
from paribus.engines.base import Task
from paribus.execute.augmented import AugmentedImages
from paribus.execute.tasks import TaskMaker
from paribus.spec.experiment import Experiment
from paribus.spec.notation import parse_layers
from paribus.spec.recipe import Sgd
from tests.support.cases import (
    Candidate,
    assert_close,
    assert_same,
    every_precision,
    judge,
    tensors,
)
from tests.support.exactness import check_resumed, facts

RNG = np.random.default_rng(2)
DATA = Dataset(
    name="made",
    train_images=RNG.integers(0, 256, (60, 3, 8, 8), dtype=np.uint8),
    train_labels=np.arange(60) % 3,
    test_images=RNG.integers(0, 256, (20, 3, 8, 8), dtype=np.uint8),
    test_labels=np.arange(20) % 3,
    class_names=("a", "b", "c"),
)
ALL = ("crop 2", "flip", "shift 1", "cutout 3", "rotate 15")
BASE = Experiment(
    network=parse_layers(["conv 4", "relu", "dropout 0.2", "flatten", "linear 3"]),
    optimizer=Sgd(lr=0.05, momentum=0.9),
    epochs=3,
    # 12 steps an epoch, the last of 4 images: more than the native engine takes at once.
    batch_size=5,
    images=59,
    augment=ALL,
)


def task_of(experiment: Experiment = BASE, seed: int = 4) -> Task:
    return TaskMaker(DATA).make(experiment, seed)


def seen(experiment: Experiment, epoch: int, seed: int = 4) -> dict[int, bytes]:
    """The pixels of each training image in an epoch, by its index in the dataset."""
    task = task_of(experiment, seed)
    indices = training_indices(60, experiment.images, experiment.validation)
    images_of = task.training_images(epoch)
    return {
        int(index): pixels.tobytes()
        for batch in task.batches(epoch)
        for index, pixels in zip(indices[batch], images_of(batch), strict=True)
    }


@every_precision
def test_training_is_that_of_the_judge(engine: Candidate) -> None:
    task = task_of()
    judged, candidate = judge(task), engine.start(task)
    for _ in range(task.epochs):
        right, got = judged.run_epoch(), candidate.run_epoch()
        assert got.train.loss == pytest.approx(right.train.loss, rel=1e-5)
        assert got.test.loss == pytest.approx(right.test.loss, rel=1e-5)
    assert_close(tensors(candidate), tensors(judged), 1e-10 if engine.double else 1e-4)
    plain = judge(replace(task, augmented=None))
    assert plain.run_epoch().train.loss != pytest.approx(
        judge(task).run_epoch().train.loss, rel=1e-3
    )


@every_precision
def test_augmented_images_are_what_is_trained_on(engine: Candidate) -> None:
    """As if they were the data of an epoch: here all with which the task begins."""
    task = task_of(BASE.but(epochs=1))
    made = task.training_images(1)(np.arange(len(task.train)))
    fixed = replace(task, train=replace(task.train, images=made), augmented=None)
    one, other = engine.start(task), engine.start(fixed)
    assert facts(one.run_epoch()) == facts(other.run_epoch())
    assert_same(one.tensors(), other.tensors())


@every_precision
def test_resumed_is_as_never_stopped(engine: Candidate) -> None:
    check_resumed(engine, task_of)


def test_an_image_looks_the_same_in_every_variant() -> None:
    right = seen(BASE, 2)
    for other in (
        BASE.but(batch_size=32),
        BASE.but(images=20),
        BASE.but(images=40, validation=15),
        BASE.but(optimizer=Sgd(lr=1.0)),
    ):
        found = seen(other, 2)
        assert found.items() <= right.items() or not found.keys() <= right.keys()
        shared = found.keys() & right.keys()
        assert len(shared) >= 15
        assert all(found[index] == right[index] for index in shared)


def test_it_looks_different_in_another_epoch_and_with_another_seed() -> None:
    first = seen(BASE, 1)
    for other in (seen(BASE, 2), seen(BASE, 1, seed=5)):
        assert sum(first[index] == other[index] for index in first) <= 1


def test_one_augmentation_is_drawn_alike_whatever_stands_beside_it() -> None:
    """Flipped images are flipped whether they are cropped or not."""
    every = np.arange(60)
    flipped, both = (
        AugmentedImages(DATA.train_images, every, texts, seed=4).pixels(1)(every)
        for texts in (("flip",), ("crop 1", "flip"))
    )
    chosen = (flipped != DATA.train_images).any((1, 2, 3))
    assert 15 < chosen.sum() < 45
    uncropped = (both == flipped).all((1, 2, 3))  # one in nine is not moved
    assert uncropped.any()
    assert not (both[~uncropped] == DATA.train_images[~uncropped]).all((1, 2, 3)).any()


def test_evaluation_is_on_images_as_they_are() -> None:
    task = task_of(BASE.but(validation=10, images=None))
    np.testing.assert_array_equal(task.test.images, DATA.test_images / np.float32(255))
    assert task.validation is not None
    original = {image.tobytes() for image in DATA.train_images / np.float32(255)}
    assert all(image.tobytes() in original for image in task.validation.images)
