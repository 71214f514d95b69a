"""A worker: a process of its own that trains one batch of runs after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing.connection import Connection

from paribus.data.dataset import Dataset
from paribus.engines.choose import make_engine
from paribus.errors import ParibusError, UserError
from paribus.execute.machine import environment
from paribus.execute.processes import belong_to_parent
from paribus.execute.protocol import (
    DataSource,
    Diverged,
    Event,
    Failed,
    Finished,
    Job,
    Started,
    resumes,
)
from paribus.execute.tasks import TaskMaker
from paribus.execute.train import train
from paribus.spec.code import import_code
from paribus.spec.network import ModuleNetwork

FEWER_RUNS = "train fewer runs at once with --jobs"
"""What to do where memory is short."""


@dataclass(frozen=True)
class Batch:
    """Jobs to train side by side."""

    jobs: Sequence[Job]
    cores: int
    """Cores that their engine may use."""


def work(connection: Connection) -> None:
    """Train each `Batch` that comes through a connection, and send back its events.

    Ends when the other side closes the connection, or ends itself.
    """
    belong_to_parent()
    where = environment()
    while True:
        try:
            batch: Batch = connection.recv()
            for event in events(batch, where):
                connection.send(event)
        except (EOFError, BrokenPipeError):
            return


def events(
    batch: Batch, where: dict[str, str], tasks_on: Callable[[DataSource], TaskMaker] | None = None
) -> Iterator[Event]:
    """Train a batch. Whatever goes wrong, every run gets its last event.

    where: the environment of this process. tasks_on: what makes tasks on some data; None if these
    are to be loaded here.
    """
    left, began = [job.run_id for job in batch.jobs], False
    try:
        maker = (tasks_on or _tasks)(batch.jobs[0].data)
        engine = make_engine(batch.jobs[0].engine, batch.cores)
        jobs = [_with_bits(job, engine.bits) for job in batch.jobs]
        for job in jobs:
            _find_code(job)
        if engine.gpu:
            where = where | {"gpu": engine.gpu}
        for run_id in left:
            yield Started(run_id, where, engine.bits)
        tasks = [maker.make(job.experiment, job.seed) for job in jobs]
        trained = train(engine, jobs, tasks)
        began = True
        for event in trained:
            if isinstance(event, Finished | Diverged):
                left.remove(event.run_id)
            yield event
        return
    except MemoryError:
        began = True  # Not of the experiment alone.
        reason = f"it ran out of memory; {FEWER_RUNS}"
    except ParibusError as error:
        reason = str(error)
    except (Exception, SystemExit) as error:
        # A custom module may raise anything; the run fails, the study goes on.
        reason = f"{type(error).__name__}: {error}"
    for run_id in left:
        yield Failed(run_id, reason, shared=not began)


def _with_bits(job: Job, bits: str) -> Job:
    """The job, from its beginning if its state is of other bits: no run is half of each."""
    if job.state is None or resumes(job.bits, bits):
        return job
    return replace(job, done=0, state=None)


def _find_code(job: Job) -> None:
    """Have a custom module imported from its folder. Raise `UserError` unless its source is what
    was meant."""
    network = job.experiment.network
    if isinstance(network, ModuleNetwork):  # A folder that nothing is imported from hides nothing.
        since = "the command began; run the command again"
        import_code(network, job.data.folder, job.code, since=since)


@lru_cache(maxsize=1)
def _tasks(data: DataSource) -> TaskMaker:
    """Return the maker of tasks on some data. Raises what `checked_data` raises."""
    return TaskMaker(checked_data(data))


def checked_data(data: DataSource) -> Dataset:
    """Return data that are loaded here. Raises `UserError` if they are not what was meant."""
    from paribus.data.sources import load

    dataset = load(data.source, data.folder)
    if dataset.fingerprint != data.fingerprint:
        raise UserError(
            f'data "{data.source}": have changed since the command began; restore the original '
            "data, or run the command again"
        )
    return dataset
