"""Worker processes on this machine, and the events that come from them."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Self

from paribus.runner.train import Event, Failed
from paribus.runner.worker import Job, work

# A worker computes on one core; libraries that would start more threads are told so before they
# load, since some of them read these only then.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection


class Pool:
    """A number of workers. Use it as a context manager: its end ends them at once."""

    def __init__(self, size: int, data: str, relative_to: Path) -> None:
        self._data = data
        self._relative_to = relative_to
        self._workers = [self._start() for _ in range(size)]

    def give(self, worker: int, job: Job) -> None:
        """Have an idle worker, counted from 0, train a job."""
        try:
            self._workers[worker].connection.send(job)
        except OSError:
            # It died while idle: one more try with a fresh one.
            self._workers[worker] = self._start()
            self._workers[worker].connection.send(job)

    def events(self, busy: set[int]) -> Iterator[tuple[int, Event]]:
        """The next event of each busy worker that has one, waiting up to a second for one."""
        connections = {self._workers[index].connection: index for index in busy}
        for ready in wait(list(connections), timeout=1.0):
            assert isinstance(ready, Connection)
            index = connections[ready]
            try:
                yield index, ready.recv()
            except (EOFError, OSError):
                worker = self._workers[index]
                worker.process.join()
                self._workers[index] = self._start()
                code = worker.process.exitcode
                yield index, Failed(f"its process ended unexpectedly (exit code {code})")

    def _start(self) -> _Worker:
        # Spawned, not forked: a fork of a process with threads can hang.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=work, args=(theirs, self._data, self._relative_to), daemon=True
        )
        with _environment(_ONE_THREAD), _no_main_module():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Keep a process that is started from running the caller's script again, as it would for want
    of `if __name__ == "__main__"`: a worker needs nothing of it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
