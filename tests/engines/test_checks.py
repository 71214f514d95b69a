"""What is refused before training begins, by every engine alike."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paribus.engines.base import Split
from paribus.errors import UserError
from paribus.spec.recipe import Sgd
from tests.support.cases import Candidate, every_engine, make_task, noise

_FLAT = ["flatten", "linear 4", "batchnorm", "linear 3"]


@every_engine
def test_batch_normalization_of_one_image(engine: Candidate) -> None:
    with pytest.raises(UserError) as error:
        engine.start(make_task(_FLAT, noise(11), batch_size=5))
    assert str(error.value) == (
        "batchnorm1: cannot compute the variance of a single image, but 11 training images in "
        "batches of 5 give a batch of 1; change the batch size"
    )


@every_engine
@pytest.mark.parametrize("images", [10, 12])
def test_other_batches_are_fine(engine: Candidate, images: int) -> None:
    engine.start(make_task(_FLAT, noise(images), batch_size=5)).run_epoch()


@every_engine
def test_one_image_of_several_pixels_is_fine(engine: Candidate) -> None:
    network = ["conv 2", "batchnorm", "flatten", "linear 3"]
    engine.start(make_task(network, noise(11), batch_size=5)).run_epoch()


@every_engine
def test_a_run_that_diverges_is_told_by_its_loss(
    engine: Candidate, recwarn: pytest.WarningsRecorder
) -> None:
    split = noise(20)
    split = Split((split.images * 1e6).astype(np.float32), split.labels)
    network = ["flatten", "linear 8", "relu", "linear 3"]
    training = engine.start(make_task(network, split, optimizer=Sgd(lr=1e9), epochs=3))
    losses = [training.run_epoch().train.loss for _ in range(3)]
    assert not math.isfinite(losses[-1])
    assert np.isnan(training.probabilities()).any()
    assert not recwarn.list


@every_engine
def test_validation_images_are_scored_apart(engine: Candidate) -> None:
    from dataclasses import replace

    task = make_task(["flatten", "linear 3"], noise(10), noise(5))
    assert engine.start(task).run_epoch().validation is None
    epoch = engine.start(replace(task, validation=task.test)).run_epoch()
    assert epoch.validation == epoch.test
