"""The built-in study's networks over their first 50 steps, against NumPy in float64."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus.engines.base import Split, Task
from paribus.spec.files import load_study
from paribus.spec.identity import step_keys
from paribus.spec.notation import format_layer
from paribus.spec.recipe import Adam
from tests.support.cases import (
    Candidate,
    digits,
    every_precision,
    judge,
    make_task,
    tensors,
    without_ties,
)

STUDY, _ = load_study("mnist")
# The first of those that differ in engine or epochs alone: their steps are the same.
NAMES = list(
    {
        (step_keys(e, (1, 28, 28)), e.initialisation): n
        for n, e in reversed(STUDY.experiments.items())
    }.values()
)

# Rounding grows in these: a relative change of 1e-7 in the initial weights, float32's rounding,
# moves weights by about 0.01 within 50 steps even in float64. In float32 fewer steps are compared.
SENSITIVE = {"residual-bn", "residual-bn-adam", "residual-adam", "residual-fast", "plain-he"}
_BATCH = 8


@cache
def _task(name: str, steps: int) -> Task:
    experiment = STUDY.experiments[name]
    assert isinstance(experiment.network, tuple)
    train = without_ties(digits(_BATCH * 50))
    task = make_task(
        [format_layer(layer) for layer in experiment.network],
        train,
        digits(20, "t10k"),
        optimizer=experiment.optimizer,
        schedule=experiment.schedule,
        batch_size=_BATCH,
        epochs=experiment.epochs,
        initialisation=experiment.initialisation,
    )
    images = _BATCH * steps
    return replace(task, train=Split(train.images[:images], train.labels[:images]))


@cache
def _judged(name: str, steps: int) -> tuple[dict[str, NDArray[Any]], float]:
    training = judge(_task(name, steps))
    epoch = training.run_epoch()
    return tensors(training), epoch.train.loss


@pytest.mark.thorough
@every_precision
@pytest.mark.parametrize("name", NAMES)
def test_first_steps(engine: Candidate, name: str) -> None:
    steps = 2 if name in SENSITIVE and not engine.double else 50
    wanted, loss = _judged(name, steps)
    training = engine.start(_task(name, steps))
    epoch = training.run_epoch()
    tolerance = 1e-9 if engine.double else 1e-3
    assert epoch.train.loss == pytest.approx(loss, rel=tolerance)
    got = tensors(training)
    assert got.keys() == wanted.keys()
    worst = max(float(np.abs(got[key] - right).max()) for key, right in wanted.items())
    if isinstance(_task(name, steps).optimizer, Adam) and not engine.double:
        # Adam's step for a weight's first gradient is a full one, however small the gradient: a
        # ReLU that fires for the first time in one precision alone moves weights by the rate.
        tolerance *= 5
    assert worst <= tolerance
