"""Task of a Ray worker: trains a batch on data that reach its node once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from paribus.execute.machine import environment
from paribus.execute.protocol import Event
from paribus.execute.tasks import TaskMaker
from paribus.execute.worker import Batch, events

if TYPE_CHECKING:
    from ray import ObjectRef

    from paribus.data.dataset import Dataset

Place = tuple[str, str]
"""A node's ID, and the version of Paribus there."""


def task() -> Callable[[bytes, Sequence[ObjectRef[Dataset]], str], Iterator[Place | Event]]:
    """Return the function that a worker calls.

    A function inside another goes to the node by its code, not by its name, and needs nothing of
    Paribus before it has reported the version there: a node may have another, or none.
    """

    def train_batch(
        batch: bytes, data: Sequence[ObjectRef[Dataset]], version: str
    ) -> Iterator[Place | Event]:
        """Train a pickled batch: yield the place, then its events if it has the command's version.

        data: a reference to the batch's dataset, in a list, so that Ray leaves it as it is.
        """
        import pickle
        from importlib import metadata

        import ray

        try:
            here = metadata.version("paribus")
        except metadata.PackageNotFoundError:
            here = "not installed"
        yield ray.get_runtime_context().get_node_id(), here
        if here == version:
            from paribus.execute.ray_task import trained

            yield from trained(pickle.loads(batch), data)

    return train_batch


def trained(batch: Batch, data: Sequence[ObjectRef[Dataset]]) -> Iterator[Event]:
    """Train a batch; yield its events."""
    fingerprint = batch.jobs[0].data.fingerprint
    yield from events(batch, _environment(), lambda _: _tasks(fingerprint, data[0]))


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
