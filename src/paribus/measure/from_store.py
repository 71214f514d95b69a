"""Reads the runs of a study from a store."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from paribus.data.dataset import Dataset
from paribus.measure.predictions import reader
from paribus.measure.runs import Curves, ExperimentResult, Run, StudyResult
from paribus.spec.experiment import Experiment
from paribus.spec.plan import Plan, plan_of
from paribus.spec.study import Study
from paribus.store.store import Store, StoredRun
from paribus.store.timings import read_timings


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
        read_predictions=reader(partial(store.probabilities, run.id), dataset.test_labels),
    )
