"""Timing in turns: what is kept of it, never how long it took."""

from __future__ import annotations

import math

import pytest

from paribus.campaign.timing import Side, disturbed, time_steps
from paribus.data.sources import load
from paribus.engines.choose import make_engine
from paribus.execute.tasks import TaskMaker
from paribus.spec.files import load_study
from paribus.spec.identity import step_keys
from tests.support.small import Small


@pytest.mark.parametrize("engines", [("numpy", "numpy"), ("numpy", "torch")])
def test_every_round_has_a_turn_of_each(small: Small, engines: tuple[str, str]) -> None:
    path = small()
    study, folder = load_study(str(path))
    maker = TaskMaker(load(study.data, folder))
    a, b = (
        Side(
            step_keys(study.experiments[name], (1, 6, 6))[0],
            make_engine(engine),
            maker.make(study.experiments[name], seed=0),
        )
        for name, engine in zip(("mlp", "cnn"), engines, strict=True)
    )
    told: list[int] = []
    timing = time_steps(a, b, 5, told.append)
    assert told == [0, 1, 2, 3, 4, 5]
    for seconds in (timing.a_seconds, timing.b_seconds, timing.control_seconds):
        assert len(seconds) == 5
        assert all(0 < time < math.inf for time in seconds)
    assert (timing.a_engine, timing.b_engine) == engines
    assert timing.environment["processor"]
    assert timing.environment["device b"]
    assert timing.is_of([a.key], "auto", [b.key], engines[1])
    assert not timing.is_of([b.key], "auto", [a.key], "auto")


def test_one_batch_larger_than_the_data_can_be_timed(small: Small) -> None:
    study, folder = load_study(str(small()))
    experiment = study.experiments["mlp"].but(batch_size=500)
    task = TaskMaker(load(study.data, folder)).make(experiment, seed=0)
    side = Side("a step", make_engine("numpy"), task)
    assert len(time_steps(side, side, 3).b_seconds) == 3


def test_what_ran_beside_is_said() -> None:
    assert disturbed(None, None, 2) == ""
    assert disturbed(0.2, 0.1, 2) == ""
    assert disturbed(2.0, None, 2) == "The machine was not quiet: load average 2.0 before."
    assert disturbed(0.0, 1.5, 4) == (
        "The machine was not quiet: 1.5 of 4 cores kept busy by others meanwhile."
    )
