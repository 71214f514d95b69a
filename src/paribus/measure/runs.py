"""The runs of a study as they were measured, wherever they were read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset
from paribus.measure.predictions import Predictions
from paribus.spec.experiment import Experiment
from paribus.spec.plan import Plan
from paribus.spec.study import Reported, Study
from paribus.spec.study_plan import Amendment, StudyPlan
from paribus.spec.tune import Settings
from paribus.store.rows import Status
from paribus.store.timings import Timing as Timing
from paribus.text import STORE

# E epochs, R runs


@dataclass(frozen=True)
class Curves:
    """Metrics and times of each finished epoch of a run; every array is (E,)."""

    train_loss: NDArray[np.float64]
    train_accuracy: NDArray[np.float64]
    test_loss: NDArray[np.float64]
    test_accuracy: NDArray[np.float64]
    validation_loss: NDArray[np.float64]
    """NaN where the study has no validation images."""
    validation_accuracy: NDArray[np.float64]
    train_seconds: NDArray[np.float64]
    test_seconds: NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """One run of an experiment, finished or not."""

    id: str
    seed: int
    engine: str
    bits: str
    """Version that, with the engine's name, fixes the bits of its results; mostly ""."""
    status: Status
    reason: str
    """Why it failed, or when it diverged; empty otherwise."""
    curves: Curves
    environment: dict[str, str]
    """Where it ran: versions, machine, threads, what ran beside it."""
    read_predictions: Callable[[], Predictions | None]
    """Read the final predictions, once (`predictions.reader`); None before the end."""

    best_epoch: int | None = None
    """The epoch whose network it keeps, counted from 1; None if that is the last one."""

    @cached_property
    def epochs(self) -> int:
        return len(self.curves.train_loss)

    @cached_property
    def kept_epoch(self) -> int:
        """The epoch whose network it keeps, or its last so far: what its results are of."""
        return self.best_epoch or self.epochs

    @property
    def ended(self) -> bool:
        """Whether training it again would change nothing: diverging is a result too."""
        return self.status in ("finished", "diverged")

    @property
    def train_seconds(self) -> float:
        """Of all its epochs, evaluation left out."""
        return float(self.curves.train_seconds.sum())

    @property
    def seconds(self) -> float:
        """Of all its epochs, with evaluation."""
        return self.train_seconds + float(self.curves.test_seconds.sum())

    @property
    def predictions(self) -> Predictions | None:
        """Its final predictions on the test images; None before the end."""
        return self.read_predictions()


@dataclass(frozen=True)
class Trial:
    """A trial of a tuned experiment, and its run if it has been begun."""

    settings: Settings
    run: Run | None


@dataclass(frozen=True)
class Replicate:
    """One tuning run of a tuned experiment."""

    seed: int
    """The replicate's, one of the study's."""
    trials: tuple[Trial, ...]
    winner: int | None
    """The trial that was chosen on the validation images; None while one has not ended."""

    @property
    def runs(self) -> list[Run]:
        """Those of its trials, each once: settings that were drawn twice share theirs."""
        found = (trial.run for trial in self.trials)
        return list({run.id: run for run in found if run is not None}.values())


@dataclass(frozen=True)
class ExperimentResult:
    """An experiment with all runs of it that the study asks for and that were found."""

    name: str
    experiment: Experiment
    plan: Plan | None
    """None for a custom module."""
    parameters: int | None
    base: str | None
    """The experiment it was stated as changes to."""
    reported: Reported | None
    runs: tuple[Run, ...]
    """By seed; of a tuned one, those of the winners."""
    step_keys: tuple[str, ...]
    """Keys of the timings of its training step, see `identity.step_keys`."""
    replicates: tuple[Replicate, ...] = ()
    """The tuning runs of a tuned one, by seed."""

    @property
    def chooses_epochs(self) -> bool:
        """Whether each run keeps the network of a chosen epoch, and not of its last."""
        return self.experiment.best_by != "none"

    @cached_property
    def finished(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.status == "finished")

    @cached_property
    def diverged(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.status == "diverged")

    def trained_as(self, run: Run) -> Experiment:
        """Return what one of its runs was trained as: of a tuned one, the winner's settings."""
        for one in self.replicates:
            if one.seed == run.seed and one.winner is not None:
                settings = one.trials[one.winner].settings
                return self.experiment.with_settings(settings, one.seed)
        return self.experiment

    def final(self, curve: str) -> NDArray[np.float64]:
        """Return a curve, e.g. "test_accuracy", at the epoch whose network each finished run keeps:
        (R,)."""
        return np.array([getattr(run.curves, curve)[run.kept_epoch - 1] for run in self.finished])


@dataclass(frozen=True)
class StudyResult:
    """A study and what has been trained of it so far."""

    study: Study
    study_name: str
    experiments: dict[str, ExperimentResult]
    dataset: Dataset
    timings: tuple[Timing, ...] = ()
    recorded_plan: StudyPlan | None = None
    """Plan at the first run and its amendments; None outside a store."""
    next_seed: int | None = None
    """The first seed above all that were trained or planned; None where that is not known."""
    pending: tuple[Amendment, ...] = ()
    """Changes of that plan by the present study, which its next run records."""
    full_is_trained: bool = False
    """Whether this is a preview, and all runs of the full study have ended."""
    options: tuple[str, ...] = ()
    """Those that changed the study, as they could be typed."""
    store_folder: Path = STORE
    """Where its runs are kept."""
    report_folder: Path | None = None
    """Where its report goes, if that was named."""
    shared_names: frozenset[str] = frozenset()
    """Its experiments of which another study of the store calls another one the same."""
    damage: str = ""
    """Which runs of the store are damaged and left out, in a line; "" if none is."""
    needed: Mapping[str, int] = field(default_factory=dict)
    """How many seeds of an experiment are to be trained by now, where planned looks decide that."""
    waiting: tuple[str, ...] = ()
    """The experiments that a question at planned looks still needs, of those left out, too."""
    unselected: Mapping[str, ExperimentResult] = field(default_factory=dict)
    """The other experiments of the study, if only some are selected: what was asked of them counts
    in the family of all questions."""

    def seeds_of(self, experiment: str) -> int:
        """Return how many seeds of an experiment are to be trained by now."""
        return self.needed.get(experiment, self.study.seeds)

    @property
    def runs_needed(self) -> int:
        """How many runs are to be trained by now; settings that are drawn twice count twice."""
        return sum(
            self.seeds_of(name) * one.experiment.runs_per_seed
            for name, one in self.experiments.items()
        )

    def best(self) -> ExperimentResult | None:
        """The experiment of the highest mean final accuracy, on the validation images if there
        are any and else on the test images; None before any run has finished."""
        curve = "validation_accuracy" if self.validated else "test_accuracy"
        candidates = [result for result in self.experiments.values() if result.finished]
        return max(candidates, key=lambda r: float(r.final(curve).mean()), default=None)

    @property
    def validated(self) -> bool:
        """Whether the study has images to choose by."""
        held_out = next(iter(self.study.experiments.values())).validation
        return held_out > 0 or self.dataset.validation_labels is not None
