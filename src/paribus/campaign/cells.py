"""Which (experiment, seed) cells a campaign has, in which order, and which of them are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paribus.campaign.campaign import Campaign
from paribus.errors import UserError
from paribus.execute.protocol import Capacity
from paribus.measure.tuned import read_replicate
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity
from paribus.spec.seeds import seeds_of_shard
from paribus.spec.trials import FIRST_TRIAL_SEED, trial_seed
from paribus.store.known import Known
from paribus.store.reader import Reader
from paribus.store.rows import TRIAL_MARK
from paribus.text import count

if TYPE_CHECKING:
    from paribus.questions.next_look import NextLook


@dataclass(frozen=True)
class Cell:
    """One run that a study asks for."""

    name: str
    """What the study calls the experiment."""
    experiment: Experiment
    """What is trained; of a tuned one, a trial or the winner."""
    seed: int
    """What it is trained with."""
    engine: str
    """The engine that trains it, never "auto"."""
    identity: Identity
    run_id: str
    """The id that its run has in the store, or that it would get."""
    trial: int | None = None
    """Which trial of a tuned experiment, from 0; None of any other run."""

    @property
    def replicate(self) -> int:
        """The seed of the study that it belongs to."""
        return self.seed if self.trial is None else self.seed - FIRST_TRIAL_SEED

    @property
    def stored_name(self) -> str:
        """What a store calls its experiment, a trial by its replicate and its number.

        >>> Cell("adam", None, 10000003, "native", None, "", trial=7).stored_name
        'adam~3.8'
        """
        if self.trial is None:
            return self.name
        return f"{self.name}{TRIAL_MARK}{self.replicate}.{self.trial + 1}"


@dataclass(frozen=True)
class Shard:
    """A part of a study for one of several machines: whole seeds, so that what is compared was
    trained on one machine."""

    number: int
    """Counted from 1."""
    of: int

    def seeds(self, seeds: range) -> range:
        """Return its seeds of a study's, every `of`-th. Raises `UserError` where there are none.

        >>> Shard(2, 3).seeds(range(10))
        range(1, 10, 3)
        """
        if self.of > len(seeds):
            raise UserError(
                f"--shard {self.number}/{self.of}: the study has {count(len(seeds), 'seed')}, and "
                f"a shard gets whole seeds; make at most {len(seeds)} shards"
            )
        return seeds_of_shard(seeds, self.number, self.of)

    @property
    def recorded(self) -> tuple[tuple[int, int], ...]:
        """What a plan records of it: nothing of the only one."""
        return () if self == WHOLE else ((self.number, self.of),)


WHOLE = Shard(1, 1)
"""The whole study."""


_UNKNOWN = Capacity(1, 1)


@dataclass(frozen=True)
class Schedule:
    """What a campaign trains now."""

    campaign: Campaign
    cells: tuple[Cell, ...]
    """All that the study, or a shard of it, asks for by now; with planned looks, up to the next."""
    missing: tuple[Cell, ...]
    """Those whose run had not ended when the schedule was made; one for each run."""
    next_look: NextLook | None = None
    """What the planned looks call for; None without looks."""
    elsewhere: tuple[Cell, ...] = ()
    """Those that are waited for, as other processes train them."""
    shard: Shard = WHOLE
    capacity: Capacity = _UNKNOWN
    """Where they are trained, once that is known."""
    names: Mapping[str, Identity] = field(default_factory=dict)
    """What a store is to call their experiments."""

    @property
    def is_last(self) -> bool:
        """Whether nothing is left to train once this has been: no winner is to be chosen from it,
        and no look follows."""
        study = self.campaign.study
        before = study.first_seed + (study.looks[-2] if study.looks else 0)
        return all(c.trial is None and c.replicate >= before for c in self.missing)


def schedule(
    campaign: Campaign,
    known: Known,
    store: Reader,
    *,
    shard: Shard = WHOLE,
) -> Schedule:
    """Return what a store lacks of a campaign, or of a shard of it.

    known: the campaign's experiments in that store. Raises `UserError` if an experiment that has to
    be trained cannot be.
    """
    next_look = campaign.next_look(store)
    seeds = shard.seeds(campaign.study.seed_range)
    called_for = cells(campaign, known, store, next_look)
    planned = tuple(cell for cell in called_for if cell.replicate in seeds)
    left = missing(planned, store)
    known.refuse_untrainable([cell.name for cell in left])
    trials = {cell.stored_name: cell.identity for cell in planned if cell.trial is not None}
    names = {cell.name: known.identities[cell.name] for cell in planned} | trials
    return Schedule(campaign, planned, left, next_look, shard=shard, names=names)


def cells(
    campaign: Campaign, known: Known, store: Reader, next_look: NextLook | None = None
) -> tuple[Cell, ...]:
    """Return all cells that are to be trained by now, each seed of all experiments before the next
    seed of any, so that a study interrupted at any time is balanced. Experiments whose engine is
    not installed have none. A tuned experiment has its trials, and once all of a replicate have
    ended, the winner.

    next_look: what the campaign's looks call for; without, all cells are returned.
    """
    first = campaign.study.first_seed
    return tuple(
        cell
        for seed in campaign.study.seed_range
        for name in campaign.study.experiments
        if name not in campaign.engines.absent
        if next_look is None or seed < first + next_look.seeds[name]
        for cell in _cells_of(campaign, name, seed, known=known.identities[name], store=store)
    )


def _cells_of(
    campaign: Campaign, name: str, seed: int, *, known: Identity, store: Reader
) -> Iterator[Cell]:
    experiment, engine = campaign.study.experiments[name], campaign.engines.names[name]
    if experiment.tune is None:
        run_id = store.run_id(known.hash, engine, seed)
        yield Cell(name, experiment, seed, engine, known, run_id)
        return
    replicate = read_replicate(experiment, known, engine=engine, seed=seed, store=store)
    for number, trial in enumerate(replicate.trials):
        hash_, trained_with = trial.identity.hash, trial_seed(seed)
        run_id = store.run_id(hash_, engine, trained_with)
        yield Cell(
            name, trial.experiment, trained_with, engine, trial.identity, run_id, trial=number
        )
    if replicate.winner is not None:
        won = replicate.trials[replicate.winner]
        run_id = store.run_id(won.identity.hash, engine, seed)
        yield Cell(name, won.experiment, seed, engine, won.identity, run_id)


def missing(cells: Sequence[Cell], store: Reader) -> tuple[Cell, ...]:
    """Return the cells whose run has neither finished nor diverged, or is damaged, the first of
    each run: two experiments that differ in their engine alone are one where "auto" is the other's.
    """
    first: dict[str, Cell] = {}
    for cell in cells:
        first.setdefault(cell.run_id, cell)
    runs = {run_id: store.run(run_id) for run_id in first}
    return tuple(
        cell
        for run_id, cell in first.items()
        if (run := runs[run_id]) is None or not run.ended or not store.is_intact(run)
    )
