"""An executor: trains in the process that asks, without any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from paribus.execute.machine import environment
from paribus.execute.protocol import Capacity, Event, Job, Order
from paribus.execute.worker import Batch, events


class InProcess:
    """Trains one batch at a time, when its events are asked for."""

    capacity = Capacity(1, 1)

    def __init__(self, order: Order) -> None:
        self._waiting: list[Batch] = []

    @property
    def free(self) -> int:
        """One, unless a batch waits."""
        return 1 - len(self._waiting)

    def cores_for(self, batches: int) -> int:
        """One, the process's own."""
        return 1

    def submit(self, jobs: Sequence[Job], cores: int) -> None:
        """Note a batch."""
        self._waiting.append(Batch(jobs, cores))

    def events(self) -> Iterator[Event]:
        """Train what waits."""
        where = environment() | {"executor": "their process"}
        while self._waiting:
            yield from events(self._waiting[0], where)
            self._waiting.pop(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None
