"""Task of a Ray worker: trains a batch on data that reach its node once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from paribus.execute.machine import environment
from paribus.execute.protocol import Event, Failed
from paribus.execute.tasks import TaskMaker
from paribus.execute.worker import Batch, events

if TYPE_CHECKING:
    from ray import ObjectRef

    from paribus.data.dataset import Dataset


def train_batch(batch: Batch, data: Sequence[ObjectRef[Dataset]], version: str) -> Iterator[Event]:
    """Train a batch; yield its events.

    data: a reference to the batch's dataset, in a list, so that Ray leaves it as it is. version: of
    the command's Paribus; by another, the runs fail.
    """
    where = _environment()
    if where["paribus"] != version:
        for job in batch.jobs:
            yield Failed(
                job.run_id,
                f"its node has Paribus {where['paribus']}, the command {version}; install one "
                "version on all nodes, and run the command again",
            )
        return
    fingerprint = batch.jobs[0].data.fingerprint
    yield from events(batch, where, lambda _: _tasks(fingerprint, data[0]))


@lru_cache(maxsize=1)
def _environment() -> dict[str, str]:
    return environment()


_made: dict[str, TaskMaker] = {}


def _tasks(fingerprint: str, data: ObjectRef[Dataset]) -> TaskMaker:
    """What makes tasks on some data; the last of this process is kept. All processes of a node read
    the images from the same memory."""
    import ray

    if fingerprint not in _made:
        _made.clear()
        _made[fingerprint] = TaskMaker(ray.get(data))
    return _made[fingerprint]
