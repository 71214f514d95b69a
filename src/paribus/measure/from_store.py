"""Reads the runs of a study from a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset
from paribus.errors import ParibusError
from paribus.measure.predictions import reader
from paribus.measure.runs import Curves, ExperimentResult, Replicate, Run, StudyResult, Trial
from paribus.measure.tuned import StoredReplicate, first_trials, read_replicate
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity, step_keys
from paribus.spec.kept import kept_epoch
from paribus.spec.plan import Plan, plan_of
from paribus.spec.study import Study
from paribus.spec.study_plan import StudyPlan
from paribus.store.files import RunFiles
from paribus.store.reader import Reader
from paribus.store.rows import KeptPredictions, StoredRun


def collect(
    study: Study,
    store: Reader,
    *,
    study_name: str,
    dataset: Dataset,
    identities: Mapping[str, Identity],
    folder: Path | None,
    plan: StudyPlan | None = None,
) -> StudyResult:
    """What a store has of a study.

    study_name: as it could be typed, "" if it was made in Python. identities: of its experiments,
    by name. folder: which metrics of the user's own are imported from, None if none may be.
    plan: as it was recorded.
    """
    trained = [run.seed for name in identities for run in store.runs(identities[name].hash)]
    planned = study.seed_range.stop if plan is None else plan.next_seed
    stored = stored_runs(study, store, identities)
    tuned = stored_replicates(study, store, identities)
    return StudyResult(
        study,
        study_name,
        {
            name: replace(
                described(
                    name,
                    experiment,
                    dataset,
                    tuple(read_run(run, store, dataset, folder) for run in stored[name]),
                    code=identities[name].code,
                    called=store.data_names(identities[name].hash),
                ),
                base=study.bases.get(name),
                reported=study.reported.get(name),
                replicates=tuple(
                    _replicate(one, store, dataset, folder) for one in tuned.get(name, ())
                ),
            )
            for name, experiment in study.experiments.items()
        },
        dataset,
        store.timings(),
        plan,
        max([study.seed_range.stop, planned, *(seed + 1 for seed in trained)]),
    )


def stored_runs(
    study: Study, store: Reader, identities: Mapping[str, Identity]
) -> dict[str, tuple[StoredRun, ...]]:
    """Return the runs of each experiment of a study that a store has: of the study's seeds, and by
    one engine. Of a tuned experiment they are those of the winners."""
    tuned = stored_replicates(study, store, identities)
    common = common_engine(study, store, identities)
    return {
        name: tuple(one.run for one in tuned[name] if one.run is not None)
        if name in tuned
        else tuple(
            _asked(study, name, identities[name], store).get(_engine(experiment, common), [])
        )
        for name, experiment in study.experiments.items()
    }


def stored_replicates(
    study: Study, store: Reader, identities: Mapping[str, Identity]
) -> dict[str, tuple[StoredReplicate, ...]]:
    """Return the tuning runs of each tuned experiment of a study, one for each of its seeds, with
    what a store has of them by one engine."""
    common = common_engine(study, store, identities)
    return {
        name: tuple(
            read_replicate(
                experiment,
                identities[name],
                engine=_engine(experiment, common),
                seed=seed,
                store=store,
            )
            for seed in study.seed_range
        )
        for name, experiment in study.experiments.items()
        if experiment.tune is not None
    }


def _engine(experiment: Experiment, common: str) -> str:
    return common if experiment.engine == "auto" else experiment.engine


def _replicate(
    stored: StoredReplicate, store: Reader, dataset: Dataset, folder: Path | None
) -> Replicate:
    trials = tuple(
        Trial(one.settings, None if one.run is None else read_run(one.run, store, dataset, folder))
        for one in stored.trials
    )
    return Replicate(stored.seed, trials, stored.winner)


def described(
    name: str,
    experiment: Experiment,
    dataset: Dataset,
    runs: tuple[Run, ...] = (),
    *,
    code: str = "",
    called: Iterable[str] = (),
) -> ExperimentResult:
    """An experiment with its runs, outside any study. Raises `UserError` where its network does
    not fit the data.

    code: the digest of a custom module's source. called: what else its data have been called.
    """
    plan = plan_of(experiment, dataset.image_shape, dataset.classes)
    return ExperimentResult(
        name=name,
        experiment=experiment,
        plan=plan if isinstance(plan, Plan) else None,
        parameters=plan.parameters if isinstance(plan, Plan) else None,
        base=None,
        reported=None,
        runs=runs,
        step_keys=step_keys(experiment, dataset.image_shape, code, called),
    )


def _asked(
    study: Study, name: str, identity: Identity, store: Reader
) -> dict[str, list[StoredRun]]:
    """The runs of the study's seeds, by engine; of a tuned experiment those of its first trials."""
    experiment = study.experiments[name]
    if experiment.tune is not None:
        runs = first_trials(experiment, identity, study.seed_range, store)
    else:
        runs = [run for run in store.runs(identity.hash) if run.seed in study.seed_range]
    by_engine: dict[str, list[StoredRun]] = {}
    for run in runs:
        if store.is_intact(run, weights=False):
            by_engine.setdefault(run.engine, []).append(run)
    return by_engine


def common_engine(study: Study, store: Reader, identities: Mapping[str, Identity]) -> str:
    """Whose runs are taken of the experiments that leave the engine to choice: those of the one
    engine that has run most of the experiments, and of such, has most runs; "" before any. One for
    all, so that no difference is the engine's.
    """
    experiments, runs = Counter[str](), Counter[str]()
    for name, experiment in study.experiments.items():
        if experiment.engine == "auto":
            for engine, found in _asked(study, name, identities[name], store).items():
                experiments[engine] += 1
                runs[engine] += len(found)
    return max(experiments, key=lambda e: (experiments[e], runs[e], e), default="")


def read_run(
    run: StoredRun, store: Reader, dataset: Dataset | None, folder: Path | None = None
) -> Run:
    """All that a store has of a run on a dataset; without its predictions where that is None.

    folder: the study's, which metrics of the user's own are imported from.
    """
    environments, files = store.environments(run.id), store.files(run.id)
    epochs, best_epoch = store.epochs(run.id), None
    if run.status == "finished" and "best_by" in store.identity(run.experiment).form:
        best_epoch = kept_epoch(store.experiment(run.experiment), epochs)
    return Run(
        id=run.id,
        seed=run.seed,
        engine=run.engine,
        bits=run.bits,
        status=run.status,
        reason=run.reason,
        curves=Curves(**epochs),
        best_epoch=best_epoch,
        environment=environments[-1] if environments else {},
        read_predictions=(lambda: None)
        if dataset is None
        else reader(
            partial(_probabilities, files, dataset),
            dataset.test_labels,
            partial(_kept, files, dataset),
            class_names=dataset.class_names,
            folder=folder,
        ),
    )


def _probabilities(files: RunFiles, dataset: Dataset) -> NDArray[np.float32] | None:
    """The probabilities of a run. Raises `ParibusError` if they are not of these images."""
    found = files.probabilities()
    if found is not None and found.shape != (len(dataset.test_labels), dataset.classes):
        raise ParibusError(
            f"{files.folder}: the probabilities are not of the test images of {dataset.name}; "
            "remove the folder, and `paribus run` trains the run again"
        )
    return found


def _kept(files: RunFiles, dataset: Dataset) -> KeptPredictions | None:
    """The predictions of an unpacked run. Raises `ParibusError` if they are not of these images."""
    found = files.unpacked()
    if found is None:
        return None
    class_N = found.predictions.class_N
    if (
        class_N.shape != dataset.test_labels.shape
        or not ((class_N >= 0) & (class_N < dataset.classes)).all()
    ):
        raise ParibusError(
            f"{files.folder}: the predictions are not of the test images of {dataset.name}; "
            "unpack the run again, from a sound pack"
        )
    return found.predictions
