"""Timing in turns: what is kept of it, never how long it took."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from paribus import Results, load_study
from paribus.campaign import timing
from paribus.campaign.turns import Steps, disturbed, interleaved, is_quiet, time_steps
from paribus.data.sources import load
from paribus.engines.choose import make_engine
from paribus.engines.numpy.engine import NumpyEngine
from paribus.execute.tasks import TaskMaker
from paribus.spec.files import load_study as read_study
from paribus.spec.identity import step_keys
from paribus.store.timings import read_timings
from tests.support.small import SMALL_STUDY, Small

TIMED_STUDY = (
    SMALL_STUDY
    + """
[[questions]]
ask = "Is a step of the CNN slower?"
compare = ["mlp", "cnn"]
about = ["network"]
metric = "step_time"
matters = 0.05

[[questions]]
ask = "And, once more?"
compare = ["mlp", "cnn"]
about = ["network", "epochs"]
metric = "step_time"
matters = 0.5
"""
)


@pytest.mark.slow
@pytest.mark.parametrize("engines", [("numpy", "numpy"), ("numpy", "torch")])
def test_every_round_has_a_turn_of_each(small: Small, engines: tuple[str, str]) -> None:
    study, folder = read_study(str(small()))
    maker = TaskMaker(load(study.data, folder))
    a, b = (
        Steps(
            step_keys(study.experiments[name], (1, 6, 6))[0],
            make_engine(engine),
            maker.make(study.experiments[name], seed=0),
        )
        for name, engine in zip(("mlp", "cnn"), engines, strict=True)
    )
    found = time_steps(a, b, 5, np.random.default_rng(0))
    for seconds in (found.a_seconds, found.b_seconds, found.control_seconds):
        assert len(seconds) == 5
        assert all(0 < time < math.inf for time in seconds)
    assert (found.a_engine, found.b_engine) == engines
    assert found.environment["processor"]
    assert found.device("b") in (found.environment["processor"], make_engine(engines[1]).gpu)
    assert found.is_of([a.key], "auto", [b.key], engines[1])
    assert not found.is_of([b.key], "auto", [a.key], "auto")


def test_one_batch_larger_than_the_data_can_be_timed(small: Small) -> None:
    study, folder = read_study(str(small()))
    experiment = study.experiments["mlp"].but(batch_size=500)
    task = TaskMaker(load(study.data, folder)).make(experiment, seed=0)
    steps = Steps("a step", make_engine("numpy"), task)
    assert len(time_steps(steps, steps, 3, np.random.default_rng(0)).b_seconds) == 3


def test_a_timing_names_the_gpu_that_ran_the_steps(small: Small) -> None:
    class OnGpu(NumpyEngine):
        gpu = "A GPU 3000"

    study, folder = read_study(str(small()))
    task = TaskMaker(load(study.data, folder)).make(study.experiments["mlp"], seed=0)
    a, b = (Steps("a step", engine, task) for engine in (NumpyEngine(), OnGpu()))
    found = time_steps(a, b, 3, np.random.default_rng(0))
    assert found.device("a") == found.environment["processor"]
    assert found.device("b") == "A GPU 3000"


def test_every_round_takes_its_turns_in_an_order_of_its_own() -> None:
    taken: list[int] = []

    def turn(number: int) -> float:
        taken.append(number)
        return float(number)

    turns = [lambda number=number: turn(number) for number in range(3)]
    found = interleaved(turns, 60, np.random.default_rng(1))
    assert found == [[0.0] * 60, [1.0] * 60, [2.0] * 60]
    rounds = [tuple(taken[at : at + 3]) for at in range(0, 180, 3)]
    assert all(sorted(order) == [0, 1, 2] for order in rounds)
    assert len(set(rounds)) == 6
    # Not in a cycle, against which a periodic load could run.
    assert rounds[:6] * 10 != rounds
    assert rounds[:30] != rounds[30:]


def test_what_ran_beside_is_said() -> None:
    assert disturbed(None, 2) == ""
    assert disturbed(0.1, 2) == ""
    assert disturbed(1.5, 4) == (
        "The machine was not quiet: others kept 1.5 of 4 cores busy meanwhile."
    )
    assert is_quiet(2.0, 64)
    assert not is_quiet(2.0, 8)


def _run(study: Path) -> Results:
    return load_study(str(study))[0].run(
        store=study.parent / "runs", relative_to=study.parent, quiet=True
    )


@pytest.mark.thorough
def test_run_times_what_questions_ask_about_once(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small(TIMED_STUDY)
    store = path.parent / "runs"
    monkeypatch.setattr(timing, "PATIENCE", 0)
    monkeypatch.setattr(timing, "busy_cores", lambda seconds: 1.7)
    busy = _run(path)
    assert read_timings(store) == ()
    assert list(busy.findings()["verdict"])[1:] == ["no verdict", "no verdict"]
    monkeypatch.setattr(timing, "busy_cores", lambda seconds: 0.0)
    timed = _run(path)
    first = read_timings(store)
    # Two questions, one pair, a process each.
    assert len(first) == 5
    assert len({tuple(one.a_seconds) for one in first}) == 5
    assert all(len(one.control_seconds) == timing.ROUNDS for one in first)
    assert list(timed.findings()["n"])[1:] == [5, 5]
    _run(path)
    assert read_timings(store) == first
