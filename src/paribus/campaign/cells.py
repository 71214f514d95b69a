"""Which (experiment, seed) cells a campaign has, in which order, and which of them are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paribus.campaign.campaign import Campaign
from paribus.errors import UserError
from paribus.execute.protocol import Capacity
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity
from paribus.store.known import Known
from paribus.store.reader import Reader
from paribus.text import count

if TYPE_CHECKING:
    from paribus.questions.next_look import NextLook


@dataclass(frozen=True)
class Cell:
    """One run that a study asks for."""

    name: str
    """What the study calls the experiment."""
    experiment: Experiment
    seed: int
    engine: str
    """The engine that trains it, never "auto"."""
    identity: Identity
    run_id: str
    """The id that its run has in the store, or that it would get."""


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
        return seeds[self.number - 1 :: self.of]


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
    capacity: Capacity = _UNKNOWN
    """Where they are trained, once that is known."""


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
    planned = tuple(cell for cell in called_for if cell.seed in seeds)
    left = missing(planned, store)
    known.refuse_untrainable([cell.name for cell in left])
    return Schedule(campaign, planned, left, next_look)


def cells(
    campaign: Campaign, known: Known, store: Reader, next_look: NextLook | None = None
) -> tuple[Cell, ...]:
    """Return all cells that are to be trained by now, each seed of all experiments before the next
    seed of any, so that a study interrupted at any time is balanced. Experiments whose engine is
    not installed have none.

    next_look: what the campaign's looks call for; without, all cells are returned.
    """
    engines, first = campaign.engines.names, campaign.study.first_seed
    return tuple(
        Cell(
            name=name,
            experiment=experiment,
            seed=seed,
            engine=engines[name],
            identity=known.identities[name],
            run_id=store.run_id(known.identities[name].hash, engines[name], seed),
        )
        for seed in campaign.study.seed_range
        for name, experiment in campaign.study.experiments.items()
        if name not in campaign.engines.absent
        if next_look is None or seed < first + next_look.seeds[name]
    )


def missing(cells: Sequence[Cell], store: Reader) -> tuple[Cell, ...]:
    """Return the cells whose run has neither finished nor diverged, the first of each run: two
    experiments that differ in their engine alone are one where "auto" is the other's."""
    first: dict[str, Cell] = {}
    for cell in cells:
        first.setdefault(cell.run_id, cell)
    runs = {run_id: store.run(run_id) for run_id in first}
    return tuple(
        cell for run_id, cell in first.items() if (run := runs[run_id]) is None or not run.ended
    )
