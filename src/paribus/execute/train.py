"""Trains a batch of runs from where they were left to their ends, with an event for each epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from paribus.engines.base import Engine, Group, OneByOne, Task
from paribus.execute.protocol import Diverged, EpochDone, Finished, Job


def train(
    engine: Engine, jobs: Sequence[Job], tasks: Sequence[Task]
) -> Iterator[EpochDone | Finished | Diverged]:
    """Begin some jobs, side by side if there are several; return what trains the epochs that are
    left of them.

    tasks: those of the jobs, in the same order. A run's last event is `Finished` or `Diverged`.
    """
    group: Group
    if len(jobs) == 1:
        group = OneByOne([engine.start(tasks[0], jobs[0].state)])
    else:
        group = engine.start_group(tasks, [job.state for job in jobs])
    return _epochs(group, jobs, tasks)


def _epochs(
    group: Group, jobs: Sequence[Job], tasks: Sequence[Task]
) -> Iterator[EpochDone | Finished | Diverged]:
    left = [range(job.done, task.epochs) for job, task in zip(jobs, tasks, strict=True)]
    active = list(range(len(jobs)))
    while active:
        for member in [member for member in active if not left[member]]:
            run_id = jobs[member].run_id
            tensors = {**group.tensors(member), **tasks[member].kept}
            yield Finished(run_id, tensors, group.probabilities(member))
            active.remove(member)
        for member, epoch in zip(list(active), group.run_epoch(list(active)), strict=True):
            left[member] = left[member][1:]
            if math.isfinite(epoch.train.loss):
                yield EpochDone(jobs[member].run_id, epoch, group.state(member))
            else:
                yield Diverged(jobs[member].run_id, epoch)
                active.remove(member)
