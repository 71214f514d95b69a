"""Trains the missing cells of a study and keeps what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from paribus.engines.base import Epoch
from paribus.runner.cells import Cell, cells, missing
from paribus.runner.pool import Pool
from paribus.runner.train import Diverged, EpochDone, Event, Failed, Finished
from paribus.runner.worker import Job
from paribus.spec.study import Study
from paribus.store.provenance import environment
from paribus.store.store import PREVIEW_MARK, Store


@dataclass(frozen=True)
class Started:
    """A worker has taken up a cell, of which some epochs are done already."""

    done: int


Listener = Callable[[int, Cell, Started | Event], None]
"""Is told of everything that happens: in which worker, to which cell, what."""


@dataclass(frozen=True)
class Outcome:
    """What a call of `run_missing` came to."""

    failed: dict[str, str]
    """Why each failed run failed, by the run's id."""
    elsewhere: int
    """Cells left out because another process is training them."""


def run_missing(
    study: Study,
    study_name: str,
    engines: Mapping[str, str],
    relative_to: Path,
    fingerprint: str,
    store: Store,
    jobs: int,
    listen: Listener,
) -> Outcome:
    """Train every cell of a study that the store has not, `jobs` at once, a core each; where fewer
    are left, they share the cores.

    engines: the engine of each experiment by its name. fingerprint: of the study's data.
    Interrupted at any point, it loses at most the epochs under way: call it again to go on.
    """
    todo = missing(cells(study, engines), store, fingerprint)
    if study.preview:
        study_name += PREVIEW_MARK
    for name, experiment in study.experiments.items():
        store.name_experiment(name, study_name, experiment)
    failed: dict[str, str] = {}
    elsewhere = 0
    cores, jobs = jobs, min(jobs, len(todo))
    if not todo:
        return Outcome({}, 0)
    where = environment(jobs)
    with ExitStack() as claims, Pool(jobs, study.data, relative_to) as pool:
        busy: dict[int, tuple[Cell, ExitStack]] = {}
        idle = list(range(jobs))
        while todo or busy:
            while idle and todo:
                cell = todo.pop(0)
                claim = claims.enter_context(ExitStack())
                if not claim.enter_context(store.claim(cell.run)):
                    elsewhere += 1
                    continue
                # Another process may have ended it since we looked.
                if not missing([cell], store, fingerprint):
                    claim.close()
                    continue
                worker = idle.pop(0)
                busy[worker] = cell, claim
                share = cores // min(jobs, len(busy) + len(todo))
                job = _take_up(cell, store, fingerprint, where, share)
                pool.give(worker, job)
                listen(worker, cell, Started(job.done))
            for worker, event in pool.events(set(busy)):
                cell, claim = busy[worker]
                _keep(cell.run, event, store)
                listen(worker, cell, event)
                if not isinstance(event, EpochDone):
                    if isinstance(event, Failed):
                        failed[cell.run] = event.reason
                    claim.close()
                    del busy[worker]
                    idle.append(worker)
    return Outcome(failed, elsewhere)


def _take_up(cell: Cell, store: Store, fingerprint: str, where: dict[str, str], cores: int) -> Job:
    where = {**where, "cores for the run": str(cores)}
    run = store.begin(cell.experiment.hash, cell.seed, cell.engine, fingerprint, where).id
    return Job(cell, len(store.epochs(run)["train_loss"]), store.checkpoint(run), cores)


def _keep(run: str, event: Event, store: Store) -> None:
    match event:
        case EpochDone(epoch, state):
            store.add_epoch(run, epoch.number, _columns(epoch), state)
        case Finished(tensors, probabilities):
            store.finish(run, tensors, probabilities)
        case Diverged(epoch):
            reason = f"diverged at epoch {epoch.number}: the train loss is no finite number"
            store.diverge(run, epoch.number, _columns(epoch), reason)
        case Failed(reason):
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
