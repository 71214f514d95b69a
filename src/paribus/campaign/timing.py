"""Times training steps of two experiments in turns, in one process, apart from any training.

A turn is an epoch on just enough images for a fraction of a second. In every round A, B and a
second training of A take a turn each, in an order that changes from round to round, so that what
slows the machine for a while slows all three.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from time import perf_counter

from paribus.engines.base import Engine, Split, Task, Training
from paribus.errors import ParibusError
from paribus.execute.machine import available_cores, environment
from paribus.spec.recipe import Constant
from paribus.store.timings import Timing

TURN_SECONDS = 0.25
WARM_UP_TURNS = 2
_FIRST_STEPS = 4

QUIET_LOAD = 0.3
"""Above this many busy processes, a core each, the machine is not quiet."""


@dataclass(frozen=True)
class Side:
    """One of the two whose steps are timed."""

    key: str
    """What its timings are kept under, see `identity.step_keys`."""
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
        """Seconds of a step, the mean of a turn."""
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


def time_steps(
    a: Side, b: Side, rounds: int, listen: Callable[[int], None] = lambda done: None
) -> Timing:
    """Time steps of A and B, for so many rounds.

    listen: told how many rounds are done, the warm-up being round 0. Raises `UserError` where an
    engine cannot run a task.
    """
    load = _load()
    begun, used, busy = perf_counter(), _own_seconds(), _machine_seconds()
    sides = [_Turns(side.engine, side.task) for side in (a, b, a)]
    orders = list(permutations(range(3)))
    seconds: list[list[float]] = [[], [], []]
    listen(0)
    for number in range(rounds):
        for turn in orders[number % len(orders)]:
            seconds[turn].append(sides[turn].turn())
        listen(number + 1)
    if any(not time > 0 for times in seconds for time in times):
        raise ParibusError("this machine's clock is too coarse to time a step; nothing was kept")
    others = None
    if busy is not None and (after := _machine_seconds()) is not None:
        wall = perf_counter() - begun
        others = max(0.0, (after - busy - (_own_seconds() - used)) / wall)
    devices = {
        f"device {name}": str(getattr(side.engine, "device", "cpu"))
        for name, side in (("a", a), ("b", b))
    }
    return Timing(
        a=a.key,
        a_engine=a.engine.name,
        b=b.key,
        b_engine=b.engine.name,
        a_seconds=seconds[0],
        b_seconds=seconds[1],
        control_seconds=seconds[2],
        environment=environment() | {"runs at once": "1"} | devices,
        disturbed=disturbed(load, others, available_cores()),
    )


def disturbed(load: float | None, others: float | None, cores: int) -> str:
    """What ran beside a timing, in a sentence; empty if that was next to nothing.

    load: mean number of busy processes over the minute before; others: mean number of cores that
    other processes kept busy meanwhile; None where the system does not say.

    >>> disturbed(0.05, 0.02, 2)
    ''
    >>> print(disturbed(1.4, 0.9, 2))
    The machine was not quiet: load average 1.4 before, and 0.9 of 2 cores kept busy by others \
meanwhile.
    """
    found = []
    if load is not None and load > QUIET_LOAD:
        found.append(f"load average {load:.1f} before")
    if others is not None and others > QUIET_LOAD:
        found.append(f"{others:.1f} of {cores} cores kept busy by others meanwhile")
    return f"The machine was not quiet: {', and '.join(found)}." if found else ""


def _load() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _machine_seconds() -> float | None:
    """Processor seconds of all processes since the start of the machine; Linux only."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return None
    # user nice system idle iowait irq softirq: all but idle and iowait is work.
    ticks = [int(field) for field in fields[:7]]
    return float(sum(ticks[:3]) + sum(ticks[5:])) / os.sysconf("SC_CLK_TCK")
