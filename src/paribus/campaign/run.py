"""Trains what a campaign is missing and keeps the results: the only writer of a store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from paribus.campaign.cells import Cell, Schedule, missing
from paribus.campaign.progress import Begun, Ended, EpochTrained, Listener, Remarked, Restarted
from paribus.engines.base import Epoch
from paribus.execute.machine import environment
from paribus.execute.protocol import (
    DataSource,
    Diverged,
    EpochDone,
    Event,
    Executor,
    Failed,
    Finished,
    Job,
    Said,
    Started,
    resumes,
)
from paribus.spec.kept import kept_epoch
from paribus.store.places import make_room
from paribus.store.rows import Status
from paribus.store.writer import Writer


@dataclass(frozen=True)
class Outcome:
    """What has been trained, and what not."""

    failed: dict[str, str]
    """Why each failed run failed, by the run's id."""
    elsewhere: int
    """Cells left out because another process is training them."""
    untried: Mapping[str, int] = field(default_factory=dict)
    """How many runs were not begun of an experiment that fails with every seed, by its name."""


@dataclass(frozen=True)
class _Busy:
    """A cell that is being trained."""

    cell: Cell
    claim: ExitStack
    where: dict[str, str]
    done: int
    """Epochs trained so far."""
    bits: str
    """What decided the bits of these."""


def record(schedule: Schedule, store: Writer) -> None:
    """Keep the study in the store, and the plan that it is run with."""
    campaign = schedule.campaign
    study_id = store.keep_study(
        campaign.stored_name,
        schedule.names,
        data=campaign.study.data,
        folder=campaign.folder,
        preview=campaign.study.preview,
    )
    at = datetime.now(UTC).isoformat(timespec="seconds")
    campaign.record(store, study_id, at, schedule.shard.recorded)
    for cell in schedule.cells:
        if (stored := store.run(cell.run_id)) is not None:
            store.adopt_files(stored)


def run(schedule: Schedule, store: Writer, listen: Listener, executor: Executor) -> Outcome:
    """Train every missing run, as many at once as the executor has capacity; where fewer are left,
    they share the cores.

    Interrupted at any point, this loses at most the epochs in progress: a new schedule resumes the
    runs.
    """
    return _Training(schedule, store, listen, executor).outcome()


class _Training:
    """The runs of a schedule on their way through an executor."""

    def __init__(
        self, schedule: Schedule, store: Writer, listen: Listener, executor: Executor
    ) -> None:
        self._schedule, self._store = schedule, store
        self._listen, self._executor = listen, executor
        self._claims = ExitStack()
        campaign = schedule.campaign
        self._data = DataSource.of(campaign.study.data, campaign.folder, campaign.facts.fingerprint)
        self._todo = list(schedule.missing)
        self._busy: dict[str, _Busy] = {}
        self._failed: dict[str, str] = {}
        self._elsewhere = 0
        self._untried: dict[str, int] = {}

    def outcome(self) -> Outcome:
        """Train them all."""
        for cell in self._todo:  # Seen now, not when it has been trained.
            make_room(self._store.folder, cell.run_id)
        with self._claims:
            while self._todo or self._busy:
                while self._executor.free and self._todo:
                    self._submit(self._todo.pop(0))
                for event in self._executor.events():
                    if isinstance(event, Said):
                        self._listen(Remarked(event.by, event.text))
                    else:
                        self._handle(event)
        return Outcome(self._failed, self._elsewhere, self._untried)

    def _leave_out(self, name: str) -> None:
        """Begin no more runs of an experiment."""
        left = [cell for cell in self._todo if cell.name != name]
        if len(left) < len(self._todo):
            self._untried[name] = self._untried.get(name, 0) + len(self._todo) - len(left)
        self._todo = left

    def _submit(self, cell: Cell) -> None:
        """Have a cell trained, unless another process does so or has done so."""
        claim = self._claims.enter_context(ExitStack())
        if not claim.enter_context(self._store.claim(cell.run_id)):
            self._elsewhere += 1
            return
        if not missing([cell], self._store):
            claim.close()
            return
        cores = self._executor.cores_for(len(self._busy) + 1 + len(self._todo))
        slots = self._executor.capacity.slots
        where = {"runs at once": str(slots), "cores for the run": str(cores)}
        job = self._job(cell)
        self._busy[cell.run_id] = _Busy(cell, claim, where, job.done, job.bits)
        self._executor.submit([job], cores)
        self._listen(Begun(cell, job.done))

    def _job(self, cell: Cell) -> Job:
        checkpoint, stored = self._store.checkpoint(cell.run_id), self._store.run(cell.run_id)
        return Job(
            run_id=cell.run_id,
            experiment=cell.experiment,
            seed=cell.seed,
            engine=cell.engine,
            done=0 if checkpoint is None else checkpoint.epoch,
            state=None if checkpoint is None else checkpoint.state,
            data=self._data,
            code=cell.identity.code,
            bits="" if stored is None else stored.bits,
        )

    def _handle(self, event: Event) -> None:
        """Keep what an event says, then tell of it."""
        busy = self._busy[event.run_id]
        _keep(busy, event, self._store)
        match event:
            case Started(bits=bits):
                if busy.done == 0 or not resumes(busy.bits, bits):
                    self._busy[event.run_id] = replace(busy, done=0, bits=bits)
                    if busy.done > 0:
                        self._listen(Restarted(busy.cell, busy.done, busy.bits, bits))
                return
            case EpochDone(epoch=epoch):
                self._busy[event.run_id] = replace(busy, done=epoch.number)
                seconds = epoch.train_seconds + epoch.test_seconds
                self._listen(EpochTrained(busy.cell, epoch.number, epoch.test.accuracy, seconds))
                return
            case Finished():
                status: Status = "finished"
            case Diverged():
                status = "diverged"
            case Failed(reason=reason, shared=shared):
                self._failed[event.run_id] = reason
                status = "failed"
                if shared:
                    self._leave_out(busy.cell.name)
        epochs = self._store.epochs(event.run_id)
        accuracy = math.nan
        if len(epochs["test_accuracy"]):
            kept = kept_epoch(busy.cell.experiment, epochs)
            accuracy = float(epochs["test_accuracy"][kept - 1])
        seconds = float(epochs["train_seconds"].sum() + epochs["test_seconds"].sum())
        self._listen(Ended(busy.cell, status, accuracy, seconds))
        busy.claim.close()
        del self._busy[event.run_id]


def _keep(busy: _Busy, event: Event, store: Writer) -> None:
    cell, run_id = busy.cell, event.run_id
    match event:
        case Started(environment=where, bits=bits):
            where = {**where, **busy.where}
            store.begin(cell.identity.hash, cell.seed, cell.engine, where, bits=bits)
        case EpochDone(epoch=epoch, state=state):
            store.add_epoch(run_id, epoch.number, _columns(epoch), state)
        case Finished(tensors=tensors, probabilities=probabilities):
            store.finish(run_id, tensors, probabilities)
        case Diverged(epoch=epoch):
            reason = f"diverged at epoch {epoch.number}: the training loss is not finite"
            store.diverge(run_id, epoch.number, _columns(epoch), reason)
        case Failed(reason=reason):
            if store.run(run_id) is None:  # It has not even started.
                here = {**environment(), **busy.where}
                store.begin(cell.identity.hash, cell.seed, cell.engine, here)
            store.fail(run_id, reason)


def _columns(epoch: Epoch) -> dict[str, float]:
    nowhere = {"loss": float("nan"), "accuracy": float("nan")}
    scores = {
        "train": asdict(epoch.train),
        "test": asdict(epoch.test),
        "validation": asdict(epoch.validation) if epoch.validation else nowhere,
    }
    return {
        **{f"{split}_{key}": value for split, s in scores.items() for key, value in s.items()},
        "train_seconds": epoch.train_seconds,
        "test_seconds": epoch.test_seconds,
    }
