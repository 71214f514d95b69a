"""Worker processes on this machine, and the events that come from them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.resource_tracker import ensure_running
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
        self._size = size
        self._workers: list[_Worker] = []

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
        # Before Ctrl-C is held back: it would be let through again by the start of this one.
        ensure_running()
        try:
            with _environment(_ONE_THREAD), _no_main_module(), _ctrl_c_held_back():
                process.start()
        except BaseException:
            # Ctrl-C came meanwhile: nobody would know of this process any more.
            if process.pid is not None:
                process.kill()
            raise
        theirs.close()
        return _Worker(process, ours)

    def __enter__(self) -> Self:
        try:
            for _ in range(self._size):
                self._workers.append(self._start())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Let Ctrl-C wait until a process has been started: cut off within, it would fall with a
    traceback. It never gets one itself, though a terminal sends it to all: it inherits the mask.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows has none.
        yield
        return
    held: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    # The mask is of this thread alone; a library's thread may take the signal all the same, and
    # Python then runs the handler here. Only the main thread has one.
    ours = callable(handler) and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours:
            signal.signal(signal.SIGINT, handler)
    if held:
        signal.raise_signal(signal.SIGINT)


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
