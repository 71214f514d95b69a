"""Campaigns made of the studies that a store has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from paribus.campaign.campaign import Campaign, Data
from paribus.campaign.changes import preview
from paribus.data.sources import find, is_function, is_same_folder
from paribus.errors import ParibusError, UserError
from paribus.measure.tuned import trained_runs
from paribus.spec.experiment import Experiment
from paribus.spec.files import built_in_studies, load_study
from paribus.spec.model import SpecError
from paribus.spec.study import Study
from paribus.spec.study_plan import AskedQuestion
from paribus.store.known import identify
from paribus.store.reader import Reader
from paribus.store.rows import NamedStudy, StoredStudy
from paribus.text import command


def labeled(studies: Sequence[NamedStudy]) -> dict[str, NamedStudy]:
    """Return the studies of a store by what they are called; with its folder where two are called
    the same."""
    found: dict[str, NamedStudy] = {}
    for named in studies:
        label = named.study.label
        if label in found:
            label = f"{label} ({named.study.folder}, {named.study.id})"
        found[label] = named
    return found


def stored_campaign(
    named: NamedStudy,
    label: str,
    store: Reader,
    trusted: Path | None = None,
    *,
    edited: bool = False,
) -> Campaign:
    """Return the campaign of a study that a store has runs of: with questions and seeds where its
    file is still what was run, and otherwise just its experiments.

    label: what stands in addresses. trusted: as in `sources.find`. edited: whether its file counts
    as it is now, as in a report, though it may not have been run since it was changed. Raises
    `UserError` if its data are not found.
    """
    for name in readable_as(named.study, store):
        try:
            study, folder = load_study(name)
            if _calls_functions(study, folder) and not is_same_folder(folder, trusted):
                continue  # The store names the study: no code is run for it.
            data = Data(study.data, folder)
        except ParibusError:
            continue  # It was made in Python, or its file is gone.
        if named.study.preview:
            study = preview(study, data.facts.train_images)
        try:
            known = identify(study.experiments, data.facts.fingerprint, folder, store)
        except UserError:
            continue
        recipes = {key: identity.recipe for key, identity in known.identities.items()}
        # A trial with other options, e.g. `--epochs 1`, makes no other study of it.
        plan = store.plan(named.study.id)
        planned = {} if plan is None else plan.now.experiments
        run_last = {
            key: hash_ for key, hash_ in planned.items() if hash_ in named.called.get(key, ())
        } or named.experiments
        trained = {key: store.identity(hash_).recipe for key, hash_ in run_last.items()}
        if edited or trained.items() <= recipes.items():
            selected = tuple(key for key in recipes if edited or key in trained)
            return Campaign(
                selected_from=study,
                study=study.only(selected),
                name=name,
                folder=folder,
                data=data,
                store_folder=store.folder,
                options=("--preview",) if named.study.preview else (),
                label=label,
                runs_code=is_same_folder(folder, trusted),
            )
    return _of_experiments(named, label, store)


def readable_as(study: StoredStudy, store: Reader) -> list[str]:
    """Return what a study of a store can be read by, as it could be typed here."""
    if study.name in built_in_studies():
        return [study.name]
    files = [folder / Path(study.name).name for folder in study.folders(store.folder)]
    # As it was typed, if that is the file that was meant.
    typed = Path(study.name)
    known = study.folder is not None and files[0].is_file() and typed.is_file()
    if known and typed.samefile(files[0]):
        files[0] = typed
    return [os.path.relpath(path) if path.is_absolute() else str(path) for path in files]


def _calls_functions(study: Study, folder: Path) -> bool:
    """Whether data or a metric of a study are functions, which judging it would call."""
    asked = map(AskedQuestion.of, study.questions)
    return is_function(study.data, folder) or any(one.calls_function for one in asked)


def _of_experiments(named: NamedStudy, label: str, store: Reader) -> Campaign:
    experiments: dict[str, Experiment] = {}
    seen: set[str] = set()
    for key, hash_ in named.experiments.items():
        if hash_ not in seen:
            experiments[key] = store.experiment(hash_)
            seen.add(hash_)
    seeds = 1 + max((run.seed for hash_ in seen for run in trained_runs(hash_, store)), default=0)
    built_in = named.study.name in built_in_studies()
    title = named.study.name if built_in else Path(named.study.name).stem
    try:
        made = Study(
            title=title,
            experiments=experiments,
            seeds=seeds,
            preview=named.study.preview,
        )
    except SpecError:
        raise UserError(
            f"{label}: its experiments in the store do not go together; "
            f"name the study's file: {command('serve', 'STUDY', store=store.folder)}"
        ) from None
    first = next(iter(named.experiments.values()))
    places = [(place.source, place.folder) for place in store.places(first)]
    return Campaign(
        study=made,
        name=named.study.name,
        folder=named.study.folders(store.folder)[0],
        data=Data.of(find(store.identity(first).data, places)),
        store_folder=store.folder,
        label=label,
        runs_code=False,
    )
