"""Trains the missing cells of a study and keeps what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from paribus.engines.base import Epoch
from paribus.execute.machine import environment
from paribus.execute.protocol import (
    EXECUTORS,
    DataSource,
    Diverged,
    EpochDone,
    Event,
    Failed,
    Finished,
    Job,
    Started,
)
from paribus.runner.cells import Cell, missing
from paribus.spec.study import Study
from paribus.store.writer import Writer


@dataclass(frozen=True)
class Submitted:
    """A cell has been given to the executor, of which some epochs are done already."""

    done: int


Listener = Callable[[Cell, Submitted | Event], None]
"""Is told of everything that happens: to which cell, what."""


@dataclass(frozen=True)
class Outcome:
    """What a call of `run_missing` came to."""

    failed: dict[str, str]
    """Why each failed run failed, by the run's id."""
    elsewhere: int
    """Cells left out because another process is training them."""


@dataclass(frozen=True)
class _Busy:
    """A cell that is being trained."""

    cell: Cell
    claim: ExitStack
    where: dict[str, str]


def run_missing(
    study: Study,
    study_name: str,
    cells: list[Cell],
    relative_to: Path,
    store: Writer,
    jobs: int,
    listen: Listener,
) -> Outcome:
    """Train every cell of a study that the store has not, `jobs` at once, a core each; where fewer
    are left, they share the cores.

    cells: all that the study asks for. Interrupted at any point, it loses at most the epochs under
    way: call it again to go on.
    """
    todo = missing(cells, store)
    store.keep_study(
        study_name,
        {cell.name: cell.identity for cell in cells},
        data=study.data,
        folder=relative_to,
        preview=study.preview,
    )
    failed: dict[str, str] = {}
    elsewhere = 0
    cores, jobs = jobs, min(jobs, len(todo))
    if not todo:
        return Outcome({}, 0)
    data = DataSource(study.data, relative_to, todo[0].identity.data)
    with ExitStack() as claims, EXECUTORS.get("local")(jobs) as executor:
        busy: dict[str, _Busy] = {}
        while todo or busy:
            while executor.free and todo:
                cell = todo.pop(0)
                claim = claims.enter_context(ExitStack())
                if not claim.enter_context(store.claim(cell.run)):
                    elsewhere += 1
                    continue
                # Another process may have ended it since we looked.
                if not missing([cell], store):
                    claim.close()
                    continue
                share = cores // min(jobs, len(busy) + 1 + len(todo))
                where = {"runs at once": str(jobs), "cores for the run": str(share)}
                busy[cell.run] = _Busy(cell, claim, where)
                job = _job(cell, store, data)
                executor.submit([job], share)
                listen(cell, Submitted(job.done))
            for event in executor.events():
                run = busy[event.run_id]
                _keep(run, event, store)
                listen(run.cell, event)
                if isinstance(event, Failed):
                    failed[event.run_id] = event.reason
                if isinstance(event, Finished | Diverged | Failed):
                    run.claim.close()
                    del busy[event.run_id]
    return Outcome(failed, elsewhere)


def _job(cell: Cell, store: Writer, data: DataSource) -> Job:
    return Job(
        run_id=cell.run,
        experiment=cell.experiment,
        seed=cell.seed,
        engine=cell.engine,
        done=len(store.epochs(cell.run)["train_loss"]),
        state=store.checkpoint(cell.run),
        data=data,
        code=cell.identity.code,
    )


def _keep(busy: _Busy, event: Event, store: Writer) -> None:
    cell, run = busy.cell, event.run_id
    match event:
        case Started(environment=where, bits=bits):
            where = {**where, **busy.where}
            store.begin(cell.identity.hash, cell.seed, cell.engine, where, bits=bits)
        case EpochDone(epoch=epoch, state=state):
            store.add_epoch(run, epoch.number, _columns(epoch), state)
        case Finished(tensors=tensors, probabilities=probabilities):
            store.finish(run, tensors, probabilities)
        case Diverged(epoch=epoch):
            reason = f"diverged at epoch {epoch.number}: the train loss is no finite number"
            store.diverge(run, epoch.number, _columns(epoch), reason)
        case Failed(reason=reason):
            if store.run(run) is None:  # It has not even started.
                here = {**environment(), **busy.where}
                store.begin(cell.identity.hash, cell.seed, cell.engine, here)
            store.fail(run, reason)


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
