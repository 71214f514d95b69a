"""Interface of executors: jobs in, events out, each with its run ID."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from paribus.engines.base import Epoch, Floats, State
from paribus.registry import Registry
from paribus.spec.experiment import Experiment


@dataclass(frozen=True)
class DataSource:
    """Data, and where the one who trains is to look for them."""

    source: str
    """As the study names them."""
    folder: Path
    """Folder that relative paths start from; absolute, as a worker may be elsewhere."""
    fingerprint: str
    """Of their content; a job on other data fails."""

    @classmethod
    def of(cls, source: str, folder: Path, fingerprint: str) -> DataSource:
        """Return data as a study names them in a folder, seen from the current one."""
        return cls(source, Path(os.path.abspath(folder)), fingerprint)


@dataclass(frozen=True)
class Job:
    """A run to train, from the state after the epochs already done."""

    run_id: str
    experiment: Experiment
    seed: int
    engine: str
    """Never "auto"."""
    done: int
    """Epochs trained before."""
    state: State | None
    """The state after them; None at the beginning."""
    data: DataSource
    code: str = ""
    """The digest of a custom module's source; a job on other source fails."""
    bits: str = ""
    """What decided the bits of the engine's results that the state is of. Where something else
    decides them, the run is trained from its beginning."""


def resumes(before: str, now: str) -> bool:
    """Return whether a state is resumed. before: what decided its bits; now: what decides them
    where it would be. Where none were recorded, by an older Paribus, they are taken to be these."""
    return before in ("", now)


@dataclass(frozen=True)
class Started:
    """A worker has begun with a run."""

    run_id: str
    environment: Mapping[str, str]
    """Where: versions and machine, in words."""
    bits: str
    """What decides the bits of the engine's results there, "" if nothing does. If that is not what
    the job has, the run begins anew."""


@dataclass(frozen=True)
class EpochDone:
    """An epoch has been trained; `state` is what it takes to resume from there."""

    run_id: str
    epoch: Epoch
    state: State


@dataclass(frozen=True)
class Finished:
    """All epochs have been trained."""

    run_id: str
    tensors: dict[str, Floats]
    probabilities: Floats


@dataclass(frozen=True)
class Diverged:
    """The training loss of an epoch, the run's last, is not finite."""

    run_id: str
    epoch: Epoch


@dataclass(frozen=True)
class Failed:
    """The run could not be trained to its end, for a reason in words."""

    run_id: str
    reason: str
    shared: bool = False
    """Whether it would fail so with every seed: the experiment could not be begun."""


Ending = Finished | Diverged | Failed
"""The last event of a run."""
Event = Started | EpochDone | Ending


@dataclass(frozen=True)
class Said:
    """What the system that an executor works with says of its workers, of no run in particular."""

    by: str
    """Name of the system."""
    text: str
    """A sentence of its own, without a full stop."""


@dataclass(frozen=True)
class Order:
    """Requirements that an executor is made for: number of runs, memory, devices."""

    runs: int
    """How many there are to train."""
    jobs: int | None = None
    """Batches to train at once, as the user wishes; None for as many as there is room for."""
    memory: int = 0
    """Bytes that a run needs, estimated; 0 if that is not known."""
    gpu: bool = False
    """Whether runs train on a GPU."""
    address: str = ""
    """Where it is, of one that is elsewhere."""


@dataclass(frozen=True)
class MemoryLimit:
    """Fewer runs than cores are trained at once, as memory has room for no more."""

    needed: int
    """Bytes for a run, estimated."""
    available: int


@dataclass(frozen=True)
class GpuLimit:
    """Fewer runs than cores are trained at once: one for each GPU."""

    gpus: int


@dataclass(frozen=True)
class Capacity:
    """Where an executor trains."""

    slots: int
    """Batches that it trains at once."""
    cores: int
    """Cores that the slots share."""
    limit: MemoryLimit | GpuLimit | None = None
    """Why there are fewer slots than cores; None where there are not, or where the user wishes
    so."""


class Executor(Protocol):
    """Trains batches of jobs: a context manager, whose end ends what is still being trained.

    The events of a run come in order: `Started`, an `EpochDone` for each epoch, and one `Ending`;
    a run that never started may fail all the same. One that is moved to another worker starts once
    more there, and its epochs go on after those that were told. Events of different runs are
    interleaved.
    """

    @property
    def capacity(self) -> Capacity:
        """Where it trains, by now."""
        ...

    @property
    def free(self) -> int:
        """How many more batches it would begin at once."""
        ...

    def cores_for(self, batches: int) -> int:
        """Return how many cores each of some batches gets, if they are trained at once."""
        ...

    def submit(self, jobs: Sequence[Job], cores: int) -> None:
        """Train a batch of jobs side by side, on so many cores.

        All are on the same data and by the same engine. There must be a `free` place for them.
        """
        ...

    def events(self) -> Iterator[Event | Said]:
        """Yield what has happened since the last call, waiting up to about a second for it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


EXECUTORS = Registry[Callable[[Order], Executor]](
    "executors",
    "executor",
    {
        "local": "paribus.execute.local:LocalExecutor",
        "ray": "paribus.execute.ray_cluster:RayExecutor",
    },
)
"""Functions that make an executor for an order, by name."""
