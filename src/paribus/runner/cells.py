"""Which (experiment, seed) cells a study has, in which order, and which of them are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paribus.spec.experiment import Experiment
from paribus.spec.study import Study
from paribus.store.store import Store, run_id


@dataclass(frozen=True)
class Cell:
    """One training that a study asks for."""

    name: str
    """What the study calls the experiment."""
    experiment: Experiment
    seed: int
    engine: str
    """The engine that trains it, never "auto"."""

    @property
    def run(self) -> str:
        return run_id(self.experiment.hash, self.seed, self.engine)


def cells(study: Study, engines: Mapping[str, str]) -> list[Cell]:
    """All cells, each seed of all experiments before the next seed of any, so that a study
    stopped at any time is balanced.

    engines: the engine of each experiment, by the experiment's name.
    """
    return [
        Cell(name, experiment, seed, engines[name])
        for seed in range(study.seeds)
        for name, experiment in study.experiments.items()
    ]


def missing(cells: list[Cell], store: Store, fingerprint: str) -> list[Cell]:
    """The cells whose run has neither finished nor diverged.

    Raises `UserError` if a run was trained on data of another fingerprint.
    """
    left: list[Cell] = []
    for cell in cells:
        run = store.run(cell.run)
        if run is not None:
            run.check_data(fingerprint)
        if run is None or run.status not in ("finished", "diverged"):
            left.append(cell)
    return left
