"""Which study a page shows: the one that was asked for, or else those that the store has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paribus.data.dataset import Dataset
from paribus.data.sources import load
from paribus.errors import ParibusError, UserError
from paribus.spec.experiment import Experiment
from paribus.spec.files import load_study
from paribus.spec.model import SpecError
from paribus.spec.study import Study
from paribus.store.store import PREVIEW_MARK, Store


@dataclass(frozen=True)
class Shown:
    """A study as it is shown."""

    study: Study
    name: str
    """As it was typed: a built-in name or a path."""
    relative_to: Path
    """The folder that paths in the study are relative to."""
    dataset: Dataset
    label: str
    """What the store calls it, and what stands in addresses."""
    options: tuple[str, ...] = ()
    """Of `paribus run`, that make of the study what is shown."""


def label_of(name: str, study: Study) -> str:
    """What a store calls a study.

    name: as it was typed.
    """
    return f"{name}{PREVIEW_MARK}" if study.preview else name


def stored_study(label: str, hashes: dict[str, str], store: Store) -> Shown:
    """A study that a store has runs of: with questions and seeds where its file is still what was
    run, and otherwise just its experiments.

    label: what the store calls it. hashes: of its experiments by name. Raises `UserError` if its
    data is not to be found.
    """
    name = label.removesuffix(PREVIEW_MARK)
    title, relative_to = Path(name).stem, Path(name).parent
    try:
        study, relative_to = load_study(name)
        dataset = load(study.data, relative_to)
    except ParibusError:
        pass  # It was stated in Python, or its file is gone.
    else:
        title = study.title
        held_out = next(iter(study.experiments.values())).validation
        for candidate in (study, study.as_preview(len(dataset.train_labels) - held_out)):
            known = {key: experiment.hash for key, experiment in candidate.experiments.items()}
            if hashes.items() <= known.items():
                chosen = candidate.only(tuple(key for key in known if key in hashes))
                options = ("--preview",) if candidate.preview else ()
                return Shown(chosen, name, relative_to, dataset, label, options)
    experiments: dict[str, Experiment] = {}
    seen: set[str] = set()
    for key, hash_ in hashes.items():
        if hash_ not in seen:
            experiments[key] = store.experiment(hash_)
            seen.add(hash_)
    seeds = 1 + max((run.seed for hash_ in seen for run in store.runs(hash_)), default=0)
    try:
        made = Study(
            title=title,
            experiments=experiments,
            seeds=seeds,
            preview=label.endswith(PREVIEW_MARK),
        )
    except SpecError:
        raise UserError(
            f"{label}: its experiments in the store do not go together; "
            "name the study's file: paribus serve STUDY"
        ) from None
    return Shown(made, name, relative_to, load(made.data, relative_to), label)
