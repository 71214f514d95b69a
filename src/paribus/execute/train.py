"""Trains a batch of runs from where they were left to their ends, with an event for each epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

from paribus.engines.base import Engine, Group, OneByOne, Task
from paribus.execute.keeping import Keeper, Network, of_engine
from paribus.execute.protocol import Diverged, EpochDone, Finished, Job


def train(
    engine: Engine, jobs: Sequence[Job], tasks: Sequence[Task]
) -> Iterator[EpochDone | Finished | Diverged]:
    """Begin some jobs, side by side if there are several; return what trains the epochs that are
    left of them.

    tasks: those of the jobs, in the same order. A run's last event is `Finished` or `Diverged`.
    """
    group: Group
    states = [of_engine(job.state) for job in jobs]
    if len(jobs) == 1:
        group = OneByOne([engine.start(tasks[0], states[0])])
    else:
        group = engine.start_group(tasks, states)
    return _epochs(group, jobs, tasks)


def _epochs(
    group: Group, jobs: Sequence[Job], tasks: Sequence[Task]
) -> Iterator[EpochDone | Finished | Diverged]:
    left = [range(job.done, task.epochs) for job, task in zip(jobs, tasks, strict=True)]
    keepers = [Keeper(job.experiment, job.state) for job in jobs]
    active = list(range(len(jobs)))
    while active:
        for member in list(active):
            if left[member] and not keepers[member].stops:
                continue
            kept = keepers[member].kept(partial(_network, group, member))
            tensors = {**kept.tensors, **tasks[member].kept}
            yield Finished(jobs[member].run_id, tensors, kept.probabilities)
            active.remove(member)
        for member, epoch in zip(list(active), group.run_epoch(list(active)), strict=True):
            left[member] = left[member][1:]
            if math.isfinite(epoch.train.loss):
                keepers[member].saw(epoch, partial(_network, group, member))
                state = {**group.state(member), **keepers[member].state()}
                yield EpochDone(jobs[member].run_id, epoch, state)
            else:
                yield Diverged(jobs[member].run_id, epoch)
                active.remove(member)


def _network(group: Group, member: int) -> Network:
    """Network of a member after its last epoch."""
    return Network(group.tensors(member), group.probabilities(member))
