"""Times training steps of A, of B and of A again, interleaved, within one process.

A turn is an epoch on just enough images for a fraction of a second. In every round each takes a
turn, in an order drawn at random, so that neither what slows the machine for a while nor what slows
it periodically slows one of them more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, sleep

import numpy as np

from paribus.engines.base import Engine, Split, Task, Training
from paribus.errors import ParibusError
from paribus.execute.machine import environment
from paribus.spec.recipe import Constant
from paribus.store.timings import ON_PROCESSOR, Timing

TURN_SECONDS = 0.1
WARM_UP_TURNS = 2
_FIRST_STEPS = 4

QUIET_CORES, QUIET_SHARE = 0.3, 0.05
"""A machine is quiet while others keep busy at most so many of its cores, or that share of them."""


@dataclass(frozen=True)
class Steps:
    """Training steps that are timed."""

    key: str
    """What timings are kept under, see `identity.step_keys`."""
    engine: Engine
    task: Task


class _Turns:
    """A training that goes on by a turn of steps each time."""

    def __init__(self, engine: Engine, task: Task) -> None:
        # The first steps find out how many make a turn; they are in no result.
        trial = engine.start(_shortened(task, _FIRST_STEPS))
        for _ in range(WARM_UP_TURNS):
            seconds = trial.run_epoch().train_seconds
        first = _shortened(task, _FIRST_STEPS)
        steps = round(first.steps_per_epoch * TURN_SECONDS / max(seconds, 1e-9))
        self._task = _shortened(task, max(_FIRST_STEPS, steps))
        self._training: Training = engine.start(self._task)
        for _ in range(WARM_UP_TURNS):
            self.turn()

    def turn(self) -> float:
        """Return the seconds of a step, the mean of a turn."""
        return self._training.run_epoch().train_seconds / self._task.steps_per_epoch


def _shortened(task: Task, steps: int) -> Task:
    """The task on as many whole batches, at most all there are, and one test image."""
    train, size = task.train, task.batch_size
    images = min(steps, len(train) // size) * size or len(train)
    return replace(
        task,
        train=Split(train.images[:images], train.labels[:images]),
        test=Split(task.test.images[:1], task.test.labels[:1]),
        validation=None,
        # Its length is that of a training, and the rate costs no time.
        schedule=Constant(),
    )


def interleaved(
    turns: Sequence[Callable[[], float]], rounds: int, rng: np.random.Generator
) -> list[list[float]]:
    """Return what each turn gives in every round, (turns, rounds), taken in an order that is drawn
    anew in each.

    >>> interleaved([lambda: 1.0, lambda: 2.0], 3, np.random.default_rng(0))
    [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    """
    found: list[list[float]] = [[] for _ in turns]
    for _ in range(rounds):
        for number in rng.permutation(len(turns)).tolist():
            found[number].append(turns[number]())
    return found


def time_steps(a: Steps, b: Steps, rounds: int, rng: np.random.Generator) -> Timing:
    """Time steps of A and B, each trained afresh, and of a second A, for so many rounds.

    Raises `UserError` where an engine does not support a task.
    """
    begun, used, busy = perf_counter(), _own_seconds(), _machine_seconds()
    turns = [_Turns(side.engine, side.task).turn for side in (a, b, a)]
    a_R, b_R, control_R = interleaved(turns, rounds, rng)
    if any(not time > 0 for times in (a_R, b_R, control_R) for time in times):
        raise ParibusError("this machine's clock is too coarse to time a step; nothing was kept")
    others = None
    if busy is not None and (after := _machine_seconds()) is not None:
        wall = perf_counter() - begun
        others = max(0.0, (after - busy - (_own_seconds() - used)) / wall)
    devices = {
        f"device {name}": side.engine.gpu or ON_PROCESSOR for name, side in (("a", a), ("b", b))
    }
    return Timing(
        a=a.key,
        a_engine=a.engine.name,
        b=b.key,
        b_engine=b.engine.name,
        a_seconds=a_R,
        b_seconds=b_R,
        control_seconds=control_R,
        environment=environment() | {"runs at once": "1"} | devices,
        disturbed=disturbed(others, os.cpu_count() or 1),
    )


def busy_cores(seconds: float) -> float | None:
    """Return how many cores this machine's processes keep busy, over so many seconds of doing
    nothing here; None where the system does not say."""
    begun, before = perf_counter(), _machine_seconds()
    sleep(seconds)
    after = _machine_seconds()
    if before is None or after is None:
        return None
    return (after - before) / (perf_counter() - begun)


def is_quiet(others: float | None, cores: int) -> bool:
    """Return whether others keep few of a machine's cores busy; unknown counts as few."""
    return others is None or others <= max(QUIET_CORES, QUIET_SHARE * cores)


def disturbed(others: float | None, cores: int) -> str:
    """Return what ran beside a timing, in a sentence; empty if that was next to nothing.

    others: mean number of cores that other processes kept busy meanwhile, of `cores` that the
    machine has; None where the system does not say.

    >>> disturbed(0.02, 2)
    ''
    >>> disturbed(0.9, 2)
    'The machine was not quiet: others kept 0.9 of 2 cores busy meanwhile.'
    """
    if is_quiet(others, cores):
        return ""
    return f"The machine was not quiet: others kept {others:.1f} of {cores} cores busy meanwhile."


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _machine_seconds() -> float | None:
    """Processor seconds of all processes since the start of the machine; Linux only."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return None
    # user nice system idle iowait irq softirq steal: all but idle and iowait is work, of this
    # machine or of another one on the same processor.
    ticks = [int(field) for field in fields[:8]]
    return float(sum(ticks[:3]) + sum(ticks[5:])) / os.sysconf("SC_CLK_TCK")
