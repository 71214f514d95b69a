"""Task of a Ray worker: trains a batch on data that reach its node once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from paribus.engines.choose import make_engine
from paribus.execute.machine import environment
from paribus.execute.protocol import Event
from paribus.execute.tasks import TaskMaker
from paribus.execute.worker import Batch, events

if TYPE_CHECKING:
    from ray import ObjectRef

    from paribus.data.dataset import Dataset

Place = tuple[str, str]
"""A node's ID, and why nothing can be trained there; "" if it can."""


def task() -> Callable[[bytes, Sequence[ObjectRef[Dataset]], str], Iterator[Place | Event]]:
    """Return the function that a worker calls.

    A function inside another goes to the node by its code, not by its name, and needs nothing of
    Paribus before it has reported the version there: a node may have another, or none.
    """

    def train_batch(
        batch: bytes, data: Sequence[ObjectRef[Dataset]], version: str
    ) -> Iterator[Place | Event]:
        """Train a pickled batch: yield the place, then its events if it can be trained there.

        data: a reference to the batch's dataset, in a list, so that Ray leaves it as it is.
        """
        import pickle
        from importlib import metadata

        import ray

        try:
            here = metadata.version("paribus")
        except metadata.PackageNotFoundError:
            here = "not installed"
        node_id = ray.get_runtime_context().get_node_id()
        if here != version:
            yield node_id, "has no Paribus" if here == "not installed" else f"has Paribus {here}"
            return
        yield node_id, ""

        from paribus.execute.ray_task import trained

        yield from trained(pickle.loads(batch), data, node_id)

    return train_batch


def trained(
    batch: Batch, data: Sequence[ObjectRef[Dataset]], node_id: str
) -> Iterator[Place | Event]:
    """Train a batch; yield its events, or the place again if its engine is missing there."""
    if lack := lack_of(batch.jobs[0].engine):
        yield node_id, lack
        return
    fingerprint = batch.jobs[0].data.fingerprint
    yield from events(batch, _environment(), lambda _: _tasks(fingerprint, data[0]))


@lru_cache
def lack_of(engine: str) -> str:
    """Return why nothing can be trained here with an engine that the command has; "" if it can.
    Each process looks once."""
    try:
        _ = make_engine(engine).bits  # Which loads what the engine needs.
    except Exception as error:  # E.g. of a PyTorch that is half installed.
        return f'cannot use the engine "{engine}" ({error})'
    return ""


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
