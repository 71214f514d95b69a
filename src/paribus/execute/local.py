"""The executor of this machine: worker processes, and the events that come from them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.resource_tracker import ensure_running
from pathlib import Path
from types import ModuleType
from typing import Self

from paribus.execute.protocol import Diverged, Event, Failed, Finished, Job
from paribus.execute.worker import Batch, work

# A worker computes on one core; libraries that would start more threads are told so before they
# load, since some of them read these only then.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


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

    def __init__(self, size: int) -> None:
        self._size = size
        self._workers: list[_Worker] = []

    @property
    def free(self) -> int:
        """How many more batches it would begin at once."""
        return self._size - sum(1 for worker in self._workers if worker.left)

    def submit(self, jobs: Sequence[Job], cores: int) -> None:
        """Have an idle worker train a batch of jobs, on so many cores."""
        while len(self._workers) < self._size:
            self._workers.append(self._start())
        index = next(i for i, worker in enumerate(self._workers) if not worker.left)
        batch = Batch(jobs, cores)
        try:
            self._workers[index].connection.send(batch)
        except OSError:
            # It died while idle: one more try with a fresh one.
            self._workers[index] = self._start()
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
                self._workers[index] = self._start()
                code = worker.process.exitcode
                for run_id in worker.left:
                    yield Failed(run_id, f"its process ended unexpectedly (exit code {code})")
                continue
            if isinstance(event, Finished | Diverged | Failed):
                worker.left.remove(event.run_id)
            yield event

    def _start(self) -> _Worker:
        # Spawned, not forked: a fork of a process with threads can hang.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs,), daemon=True)
        # Before Ctrl-C is held back: it would be let through again by the start of this one.
        ensure_running()
        try:
            with _environment(_ONE_THREAD), _no_caller(), _ctrl_c_held_back():
                process.start()
        except BaseException:
            # Ctrl-C came meanwhile: nobody would know of this process any more.
            if process.pid is not None:
                process.kill()
            raise
        theirs.close()
        return _Worker(process, ours)

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
def _no_caller() -> Iterator[None]:
    """Keep a process that is started from running the caller's script again, as it would for want
    of `if __name__ == "__main__"`, and from importing from the current folder, as an interactive
    Python does: a worker needs nothing of either."""
    main, path = sys.modules["__main__"], sys.path
    sys.modules["__main__"] = ModuleType("__main__")
    sys.path = [*filter(None, path), str(Path(__file__).parents[2])]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.path = main, path


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
