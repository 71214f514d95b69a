"""Finds experiments and runs of a store by what users call them, and their data again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.campaign.naming import Meaning, NameNote, described, meaning
from paribus.errors import ParibusError, UserError, did_you_mean
from paribus.measure.tuned import trained_runs
from paribus.spec.experiment import Experiment
from paribus.spec.files import built_in_studies, load_study
from paribus.store.damage import Damage
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun
from paribus.text import command

if TYPE_CHECKING:
    from paribus.data.dataset import Dataset

# What stands in a text, e.g. "cnn@torch" or "cnn/0".
_ENGINE, _SEED = "@", "/"
_MOST_DIGITS = 10
"""Of a seed: SQLite's integers have a bound."""


@dataclass(frozen=True)
class FoundExperiment:
    """An experiment of a store that a text names, and its runs by one engine."""

    text: str
    """As typed."""
    hash: str
    experiment: Experiment
    """With the engine of the runs."""
    runs: tuple[StoredRun, ...]
    preview: bool
    """Whether all its studies are previews."""
    notes: tuple[NameNote, ...]
    """What to say of the name, where others have it too."""


@dataclass(frozen=True)
class FoundRun:
    """A run of a store that a text names."""

    run: StoredRun
    notes: tuple[NameNote, ...] = ()
    """What to say of the experiment's name, where others have it too."""


@dataclass(frozen=True)
class Reference:
    """A text that names an experiment, and the seeds that are asked for; None: all.

    `study`: its name or file; "" if it is left open.
    """

    text: str
    seeds: range | None = None
    study: str = ""

    @property
    def name(self) -> str:
        """The experiment's name, or the beginning of its hash."""
        return self.text.partition(_ENGINE)[0]

    @property
    def engine(self) -> str | None:
        """The engine whose runs are meant; None if it is left open."""
        _, at, engine = self.text.partition(_ENGINE)
        return engine if at else None


def find_run(text: str, store: Reader, study: str = "") -> FoundRun:
    """Return the run that a text names: the start of its id, or EXPERIMENT/SEED.

    study: that of the experiment, by its name or file. Raises `UserError` if it names none, or
    more than one.
    """
    name, slash, seed = text.rpartition(_SEED)
    if slash and seed.isdecimal() and len(seed) < _MOST_DIGITS:
        asked = Reference(name, range(int(seed), int(seed) + 1), study)
        if (found := _meaning(asked, store)) is not None:
            if not _runs(asked, found, store):
                _refuse_damaged(
                    store.damaged_runs(asked.name, int(seed), asked.engine), store.folder
                )
            runs = _by_engine(asked, found, None, store).runs
            if runs:
                return FoundRun(runs[0], found.notes)
            hint = f"`{command('status', 'STUDY', store=store.folder)}` lists the runs"
            raise UserError(f'{store.folder}: there is no run "{text}"; {hint}')
    runs_of_id = store.find_runs(text)
    if not runs_of_id:
        damage = [one for one in store.damage if one.kind == "run" and one.id.startswith(text)]
        _refuse_damaged(damage, store.folder)
        known = store.experiment_names()
        hint = f"`{command('status', 'STUDY', store=store.folder)}` lists the runs"
        if slash and known and name not in known:
            hint = did_you_mean(name, known)
        raise UserError(f'{store.folder}: there is no run "{text}"; {hint}')
    if len(runs_of_id) > 1:
        raise UserError(
            f'"{text}" is ambiguous: it matches {len(runs_of_id)} runs '
            f"({', '.join(run.id for run in runs_of_id[:10])}); give more characters of the run ID"
        )
    if not store.is_intact(runs_of_id[0], weights=False):
        _refuse_damaged([one for one in store.damage if one.id == runs_of_id[0].id], store.folder)
    return FoundRun(runs_of_id[0])


def _refuse_damaged(damage: Sequence[Damage], folder: Path) -> None:
    """Raise `UserError` if the runs that a text names are there, but damaged."""
    if damage:
        raise UserError(
            f"{folder}: {damage[0].sentence}, so it is left out; the same `paribus run` as before "
            f"trains it again, and `{command('verify', str(folder))}` says more"
        )


def find_pair(a: Reference, b: Reference, store: Reader) -> tuple[FoundExperiment, FoundExperiment]:
    """Return the two experiments that two texts name, by the engines that their study has trained
    them by, or else by the one that has trained both.

    Raises `UserError` if a text names none, or more than one.
    """
    first, second = _found(a, store), _found(b, store)
    common: str | None = None
    if a.engine is None and b.engine is None:
        both = set(_engines(a, first, store)) & set(_engines(b, second, store))
        common = both.pop() if len(both) == 1 else None
    return _by_engine(a, first, common, store), _by_engine(b, second, common, store)


def common_study(a: FoundExperiment, b: FoundExperiment, store: Reader) -> str:
    """Return a study that has both and that commands can read, or "": one made in Python has no
    file."""
    both = {study.name for study in store.studies(b.hash) if not study.preview}
    for study in store.studies(a.hash):
        readable = study.name in built_in_studies() or Path(study.name).is_file()
        if readable and not study.preview and study.name in both:
            return study.name
    return ""


def folder_of(study: str) -> Path | None:
    """Return the folder of a study that the user has named, None if it is none or has no file."""
    if not study:
        return None
    try:
        return load_study(study)[1]
    except ParibusError:
        return None


def common_data(
    a: FoundExperiment, b: FoundExperiment, store: Reader, trusted: Path | None = None
) -> Dataset:
    """Return the data that both are on, found where one of their studies is.

    trusted: as in `sources.find`.

    Raises `UserError` if they are on different data, or if those are not found.
    """
    from paribus.data.sources import find

    fingerprint = store.identity(a.hash).data
    if fingerprint != store.identity(b.hash).data:
        data_a, data_b = a.experiment.data, b.experiment.data
        sides = f'{a.text} is on data "{data_a}" and {b.text} on "{data_b}"'
        if data_a == data_b:
            sides = f'{a.text} and {b.text} are on other images, both called data "{data_a}"'
        raise UserError(f"{sides}; experiments are compared on one dataset")
    places = [place for side in (a, b) for place in store.places(side.hash)]
    return find(fingerprint, [(place.source, place.folder) for place in places], trusted=trusted)


def _found(asked: Reference, store: Reader) -> Meaning:
    """The experiment that a text names. Raises `UserError` if there is none."""
    if (found := _meaning(asked, store)) is not None:
        return found
    known = store.experiment_names()
    raise UserError(
        f'{store.folder}: there is no experiment "{asked.name}" here; '
        f"{did_you_mean(asked.name, known)}"
    )


def _meaning(asked: Reference, store: Reader) -> Meaning | None:
    """The experiment of a name or else of the beginning of a hash, None if there is none. Raises
    `UserError` if there is more than one."""
    if (found := meaning(asked.name, store, asked.study)) is not None:
        return found
    of_hash = store.find_experiments(asked.name)
    if len(of_hash) > 1:
        told = (described(hash_, studies, store) for hash_, studies in of_hash.items())
        raise UserError(
            f'"{asked.name}" names {len(of_hash)} experiments: {"; ".join(told)}; '
            "write more of the hash"
        )
    return next((Meaning(hash_, tuple(studies)) for hash_, studies in of_hash.items()), None)


def _runs(asked: Reference, found: Meaning, store: Reader) -> list[StoredRun]:
    seeds = asked.seeds
    return [
        run
        for run in trained_runs(found.hash, store)
        if (seeds is None or run.seed in seeds) and store.is_intact(run, weights=False)
    ]


def _engines(asked: Reference, found: Meaning, store: Reader) -> list[str]:
    """The engines whose runs a text may mean."""
    return list(dict.fromkeys(run.engine for run in _runs(asked, found, store)))


def _by_engine(
    asked: Reference, found: Meaning, common: str | None, store: Reader
) -> FoundExperiment:
    """The experiment with its runs by the one engine that is meant.

    common: the engine that is taken if neither the text nor the study names one.
    """
    engines = _engines(asked, found, store)
    engine = asked.engine
    if engine is None:
        engine = found.engine if found.engine in engines else common
    if engine is not None and engine not in engines:
        raise UserError(
            f"{asked.text}: {store.folder} has no runs of it by that engine; "
            f"it has runs by {' and '.join(engines) or 'none'}"
        )
    if engine is None and len(engines) > 1:
        raise UserError(
            f"{store.folder} has runs of {asked.name} by {' and '.join(engines)}; "
            f"write {' or '.join(f'{asked.name}{_ENGINE}{one}' for one in engines)}"
        )
    if engine is None and engines:
        engine = engines[0]
    # Not checked: a store may have runs by the engine of a package that is not here.
    experiment = store.experiment(found.hash).model_copy(update={"engine": engine or "auto"})
    return FoundExperiment(
        asked.text,
        found.hash,
        experiment,
        tuple(run for run in _runs(asked, found, store) if run.engine == engine),
        all(study.preview for study in found.studies),
        found.notes,
    )
