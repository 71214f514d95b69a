"""The judge judged: NumPy's gradients in float64 against central differences of the loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support.cases import judge, make_task, noise, tensors
from tests.support.networks import NETWORKS, network

# Small, so that next to no ReLU passes its kink on the way.
_STEP = 1e-7


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_gradient(name: str, channels: int) -> None:
    """Along a random direction of each tensor, which has a share of every one of its values."""
    task = make_task(network(name, channels), noise(5, (channels, 7, 7)), label_smoothing=0.1)
    rng = np.random.default_rng(1)
    start: dict[str, Any] = {
        # Away from ones and zeros, where a wrong factor would not show.
        key: value + rng.uniform(-0.3, 0.3, value.shape)
        for key, value in task.initial.items()
    }

    def loss(values: dict[str, Any]) -> float:
        return judge(replace(task, initial=values)).run_epoch().train.loss

    training = judge(replace(task, initial=start))
    training.run_epoch()
    after = tensors(training)
    for key, value in start.items():
        if key.endswith(("running_mean", "running_var")):
            continue
        direction = rng.normal(size=value.shape)
        wanted = (
            loss(start | {key: value + _STEP * direction})
            - loss(start | {key: value - _STEP * direction})
        ) / (2 * _STEP)
        gradient = value - after[key]  # one step of SGD at rate 1
        assert (gradient * direction).sum() == pytest.approx(wanted, rel=1e-6, abs=1e-8), key
