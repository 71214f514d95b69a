"""Which (experiment, seed) cells a study has, in which order, and which of them are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity
from paribus.spec.study import Study
from paribus.store.reader import Reader


@dataclass(frozen=True)
class Cell:
    """One training that a study asks for."""

    name: str
    """What the study calls the experiment."""
    experiment: Experiment
    seed: int
    engine: str
    """The engine that trains it, never "auto"."""
    identity: Identity
    run: str
    """The id that its run has in the store, or that it would get."""


def cells(
    study: Study, engines: Mapping[str, str], identities: Mapping[str, Identity], store: Reader
) -> list[Cell]:
    """All cells, each seed of all experiments before the next seed of any, so that a study
    stopped at any time is balanced.

    engines, identities: of each experiment, by its name.
    """
    return [
        Cell(
            name,
            experiment,
            seed,
            engines[name],
            identities[name],
            store.run_id(identities[name].hash, engines[name], seed),
        )
        for seed in range(study.seeds)
        for name, experiment in study.experiments.items()
    ]


def missing(cells: list[Cell], store: Reader) -> list[Cell]:
    """The cells whose run has neither finished nor diverged."""
    runs = {cell.run: store.run(cell.run) for cell in cells}
    return [cell for cell in cells if (run := runs[cell.run]) is None or not run.ended]
