"""Which (experiment, seed) cells a campaign has, in which order, and which of them are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paribus.campaign.campaign import Campaign
from paribus.execute.machine import available_cores
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity
from paribus.store.known import Known
from paribus.store.reader import Reader

if TYPE_CHECKING:
    from paribus.questions.looks import NextLook


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
class Schedule:
    """What a campaign trains now."""

    campaign: Campaign
    cells: tuple[Cell, ...]
    """All that the study asks for by now; with planned looks, up to the next look."""
    missing: tuple[Cell, ...]
    """Those whose run had not ended when the schedule was made."""
    cores: int
    """What the runs share."""
    next_look: NextLook | None = None
    """What the planned looks call for; None without looks."""
    elsewhere: tuple[Cell, ...] = ()
    """Those that are waited for, as other processes train them."""

    @property
    def slots(self) -> int:
        """How many runs are trained at once: one per core, while there are enough."""
        return min(self.cores, max(1, len(self.missing)))


def schedule(campaign: Campaign, known: Known, store: Reader, cores: int | None = None) -> Schedule:
    """Return what a store lacks of a campaign.

    known: the campaign's experiments in that store. cores: all that there are, if None. Raises
    `UserError` if an experiment that has to be trained cannot be.
    """
    next_look = campaign.next_look(store)
    planned = cells(campaign, known, store, next_look)
    left = missing(planned, store)
    known.refuse_untrainable([cell.name for cell in left])
    return Schedule(campaign, planned, left, cores or available_cores(), next_look)


def cells(
    campaign: Campaign, known: Known, store: Reader, next_look: NextLook | None = None
) -> tuple[Cell, ...]:
    """Return all cells that are to be trained by now, each seed of all experiments before the next
    seed of any, so that a study interrupted at any time is balanced.

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
        if next_look is None or seed < first + next_look.seeds[name]
    )


def missing(cells: Sequence[Cell], store: Reader) -> tuple[Cell, ...]:
    """Return the cells whose run has neither finished nor diverged."""
    runs = {cell.run_id: store.run(cell.run_id) for cell in cells}
    return tuple(cell for cell in cells if (run := runs[cell.run_id]) is None or not run.ended)
