"""The executor of this machine: worker processes, and the events that come from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Self

from paribus.engines.gpus import only_gpu
from paribus.execute.capacity import capacity_here
from paribus.execute.processes import ended_unexpectedly, start
from paribus.execute.protocol import Diverged, Event, Failed, Finished, Job, Order
from paribus.execute.worker import Batch, work


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    left: list[str] = field(default_factory=list)
    """Runs of its batch that have not ended."""


class LocalExecutor:
    """Worker processes, each of which trains a batch at a time.

    They start with the first batch, all together: starting takes each of them a while. Use it as a
    context manager: its end ends them at once.
    """

    def __init__(self, order: Order) -> None:
        self.capacity = capacity_here(order)
        self._gpu = order.gpu
        self._workers: list[_Worker] = []

    @property
    def free(self) -> int:
        """How many more batches it would begin at once."""
        return self.capacity.slots - sum(1 for worker in self._workers if worker.left)

    def cores_for(self, batches: int) -> int:
        """Return how many cores each of some batches gets, if they are trained at once."""
        return self.capacity.cores // min(self.capacity.slots, batches)

    def submit(self, jobs: Sequence[Job], cores: int) -> None:
        """Have an idle worker train a batch of jobs, on so many cores."""
        while len(self._workers) < self.capacity.slots:
            self._workers.append(self._start(len(self._workers)))
        index = next(i for i, worker in enumerate(self._workers) if not worker.left)
        batch = Batch(jobs, cores)
        try:
            self._workers[index].connection.send(batch)
        except OSError:
            # The worker died while idle; retry once with a new worker.
            self._workers[index] = self._start(index)
            self._workers[index].connection.send(batch)
        self._workers[index].left = [job.run_id for job in jobs]

    def events(self) -> Iterator[Event]:
        """Yield the next event of each worker that has one, waiting up to a second for one."""
        busy = {worker.connection: i for i, worker in enumerate(self._workers) if worker.left}
        for ready in wait(list(busy), timeout=1.0):
            assert isinstance(ready, Connection)
            index = busy[ready]
            worker = self._workers[index]
            try:
                event: Event = ready.recv()
            except (EOFError, OSError):
                worker.process.join()
                self._workers[index] = self._start(index)
                for run_id in worker.left:
                    yield Failed(run_id, ended_unexpectedly(worker.process))
                continue
            if isinstance(event, Finished | Diverged | Failed):
                worker.left.remove(event.run_id)
            yield event

    def _start(self, index: int) -> _Worker:
        return _Worker(*start(work, only_gpu(index) if self._gpu else {}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
