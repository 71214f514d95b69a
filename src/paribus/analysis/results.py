"""What a study came to: its runs, read from a store and put in order. Reports show these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset
from paribus.spec.experiment import Experiment
from paribus.spec.plan import Plan, plan_of
from paribus.spec.study import Reported, Study
from paribus.store.store import Status, Store, StoredRun
from paribus.store.timings import Timing, read_timings

# E epochs, N test images, K classes, R runs


@dataclass(frozen=True)
class Curves:
    """What each finished epoch of a run came to; every array is (E,)."""

    train_loss: NDArray[np.float64]
    train_accuracy: NDArray[np.float64]
    test_loss: NDArray[np.float64]
    test_accuracy: NDArray[np.float64]
    validation_loss: NDArray[np.float64]
    """NaN where the study holds out no validation images."""
    validation_accuracy: NDArray[np.float64]
    train_seconds: NDArray[np.float64]
    test_seconds: NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """One run of an experiment, finished or not."""

    id: str
    seed: int
    engine: str
    status: Status
    reason: str
    """Why it failed, or when it diverged; empty otherwise."""
    curves: Curves
    environment: dict[str, str]
    """Where it ran: versions, machine, threads, what ran beside it."""
    read_probabilities: Callable[[], NDArray[np.float32] | None]
    """Gives the final probabilities (N, K) of every test image, None before the end."""

    @property
    def epochs(self) -> int:
        return len(self.curves.train_loss)

    @property
    def ended(self) -> bool:
        """Whether training it again would change nothing: diverging is a result too."""
        return self.status in ("finished", "diverged")

    @property
    def train_seconds(self) -> float:
        """Of all its epochs, evaluation left out."""
        return float(self.curves.train_seconds.sum())


@dataclass(frozen=True)
class ExperimentResult:
    """An experiment with all runs of it that the study asks for and the store has."""

    name: str
    experiment: Experiment
    plan: Plan | None
    """None for a user's own module."""
    parameters: int | None
    base: str | None
    """The experiment it was stated as changes to."""
    reported: Reported | None
    runs: tuple[Run, ...]
    """By seed."""

    @property
    def finished(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.status == "finished")

    @property
    def diverged(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.status == "diverged")

    def final(self, curve: str) -> NDArray[np.float64]:
        """The last value of a curve, e.g. "test_accuracy", of every finished run: (R,)."""
        return np.array([getattr(run.curves, curve)[-1] for run in self.finished])


@dataclass(frozen=True)
class StudyResult:
    """A study and what has been trained of it so far."""

    study: Study
    study_name: str
    experiments: dict[str, ExperimentResult]
    dataset: Dataset
    timings: tuple[Timing, ...] = ()

    def best(self) -> ExperimentResult | None:
        """The experiment of the highest mean final accuracy, on the validation images if there
        are any and else on the test images; None before any run has finished."""
        curve = "validation_accuracy" if self.validated else "test_accuracy"
        candidates = [result for result in self.experiments.values() if result.finished]
        return max(candidates, key=lambda r: float(r.final(curve).mean()), default=None)

    @property
    def validated(self) -> bool:
        """Whether the study holds out images to choose by."""
        return next(iter(self.study.experiments.values())).validation > 0


def collect(study: Study, study_name: str, store: Store, dataset: Dataset) -> StudyResult:
    """What a store has of a study.

    Raises `UserError` if a run was trained on data that has changed since.
    """
    common = _common_engine(study, store)
    return StudyResult(
        study,
        study_name,
        {name: _experiment(study, name, common, store, dataset) for name in study.experiments},
        dataset,
        read_timings(store.folder),
    )


def _experiment(
    study: Study, name: str, common: str, store: Store, dataset: Dataset
) -> ExperimentResult:
    experiment = study.experiments[name]
    engine = common if experiment.engine == "auto" else experiment.engine
    asked = _asked(study, experiment, store).get(engine, [])
    runs = tuple(read_run(run, store, dataset) for run in asked)
    return replace(
        described(name, experiment, dataset, runs),
        base=study.bases.get(name),
        reported=study.reported.get(name),
    )


def described(
    name: str, experiment: Experiment, dataset: Dataset, runs: tuple[Run, ...] = ()
) -> ExperimentResult:
    """An experiment with its runs, outside any study. Raises `UserError` where its network does
    not fit the data."""
    plan = plan_of(experiment, dataset.image_shape, dataset.classes)
    return ExperimentResult(
        name=name,
        experiment=experiment,
        plan=plan if isinstance(plan, Plan) else None,
        parameters=plan.parameters if isinstance(plan, Plan) else None,
        base=None,
        reported=None,
        runs=runs,
    )


def _asked(study: Study, experiment: Experiment, store: Store) -> dict[str, list[StoredRun]]:
    """The runs of the study's seeds, by engine."""
    by_engine: dict[str, list[StoredRun]] = {}
    for run in store.runs(experiment.hash):
        if run.seed < study.seeds:
            by_engine.setdefault(run.engine, []).append(run)
    return by_engine


def _common_engine(study: Study, store: Store) -> str:
    """Whose runs are taken of the experiments that leave the engine to choice: those of the one
    engine that has run most of the experiments, and of such, has most runs; "" before any. One for
    all, so that no difference is the engine's.
    """
    experiments, runs = Counter[str](), Counter[str]()
    for experiment in study.experiments.values():
        if experiment.engine == "auto":
            for engine, found in _asked(study, experiment, store).items():
                experiments[engine] += 1
                runs[engine] += len(found)
    return max(experiments, key=lambda e: (experiments[e], runs[e], e), default="")


def read_run(run: StoredRun, store: Store, dataset: Dataset) -> Run:
    """All that a store has of a run. Raises `UserError` if it was trained on other data."""
    run.check_data(dataset.fingerprint)
    environments = store.environments(run.id)
    return Run(
        id=run.id,
        seed=run.seed,
        engine=run.engine,
        status=run.status,
        reason=run.reason,
        curves=Curves(**store.epochs(run.id)),
        environment=environments[-1] if environments else {},
        read_probabilities=partial(store.probabilities, run.id),
    )
