"""A worker: a process of its own that trains one run after the other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from paribus.data.sources import load
from paribus.engines.base import State
from paribus.engines.choose import make_engine
from paribus.errors import ParibusError
from paribus.runner.cells import Cell
from paribus.runner.tasks import TaskMaker
from paribus.runner.train import Failed, train


@dataclass(frozen=True)
class Job:
    """A cell to train, from the state after the epochs already done."""

    cell: Cell
    done: int
    state: State | None
    cores: int
    """What its engine may use."""


def work(connection: Connection, data: str, relative_to: Path) -> None:
    """Train each `Job` that comes through a connection, and send back its events.

    Ends when the other side closes the connection, or ends itself.
    """
    # Ctrl-C reaches every process of the terminal; the parent decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tasks: TaskMaker | None = None
    while True:
        try:
            job: Job = connection.recv()
        except EOFError:
            return
        try:
            tasks = tasks or TaskMaker(load(data, relative_to))
            task = tasks.make(job.cell.experiment, job.cell.seed)
            for event in train(make_engine(job.cell.engine, job.cores), task, job.done, job.state):
                connection.send(event)
        except BrokenPipeError:
            return
        except MemoryError:
            connection.send(Failed("it ran out of memory; train fewer runs at once with --jobs"))
        except ParibusError as error:
            connection.send(Failed(str(error)))
        except Exception as error:
            # A user's own module may raise anything; the run fails, the study goes on.
            connection.send(Failed(f"{type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    """End this process at once if its parent dies, even in the middle of an epoch."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
