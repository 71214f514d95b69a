"""Finds experiments and runs of a store by what users call them, and their data again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.errors import UserError, did_you_mean
from paribus.spec.experiment import Experiment
from paribus.spec.files import built_in_studies
from paribus.store.known import present_code
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun, StoredStudy

if TYPE_CHECKING:
    from paribus.data.dataset import Dataset

# What stands in a text, e.g. "cnn@torch" or "cnn/0".
_ENGINE, _SEED = "@", "/"


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


@dataclass(frozen=True)
class Reference:
    """A text that names an experiment, and the seeds that are asked for; None: all."""

    text: str
    seeds: range | None = None

    @property
    def name(self) -> str:
        """The experiment's name, or the beginning of its hash."""
        return self.text.partition(_ENGINE)[0]

    @property
    def engine(self) -> str | None:
        """The engine whose runs are meant; None if it is left open."""
        _, at, engine = self.text.partition(_ENGINE)
        return engine if at else None


def find_run(text: str, store: Reader) -> StoredRun:
    """Return the run that a text names: the start of its id, or EXPERIMENT/SEED.

    Raises `UserError` if it names none, or more than one.
    """
    found = store.find_runs(text)
    if not found:
        name, slash, _ = text.partition(_SEED)
        known = store.experiment_names()
        hint = "`paribus status STUDY` lists the runs"
        if slash and known and name not in known:
            hint = did_you_mean(name, known)
        raise UserError(f'{store.folder}: there is no run "{text}"; {hint}')
    if len(found) > 1:
        raise UserError(
            f'"{text}" names {len(found)} runs: {", ".join(run.id for run in found[:10])}; '
            "write more of the id"
        )
    return found[0]


def find_pair(a: Reference, b: Reference, store: Reader) -> tuple[FoundExperiment, FoundExperiment]:
    """Return the two experiments that two texts name, by one engine where there is just one that
    has trained both.

    Raises `UserError` if a text names none, or more than one.
    """
    first, second = _match(a, store), _match(b, store)
    common: str | None = None
    if a.engine is None and b.engine is None:
        both = {run.engine for run in first.runs} & {run.engine for run in second.runs}
        common = both.pop() if len(both) == 1 else None
    return _by_engine(a, first, common, store), _by_engine(b, second, common, store)


def described(hash_: str, studies: Sequence[StoredStudy], store: Reader) -> str:
    """Return an experiment of a store in words that tell it from others of its name."""
    experiment, code = store.experiment(hash_), store.identity(hash_).code
    images = "" if experiment.images is None else f", {experiment.images:,} training images"
    images += f", code {code[:12]}" if code else ""
    labels = dict.fromkeys(study.label for study in studies)
    return f"{hash_[:12]} ({experiment.epochs} epochs{images}, of {' and '.join(labels)})"


def common_study(a: FoundExperiment, b: FoundExperiment, store: Reader) -> str:
    """Return a study that has both and that commands can read, or "": one made in Python has no
    file."""
    both = {study.name for study in store.studies(b.hash) if not study.preview}
    for study in store.studies(a.hash):
        readable = study.name in built_in_studies() or Path(study.name).is_file()
        if readable and not study.preview and study.name in both:
            return study.name
    return ""


def common_data(a: FoundExperiment, b: FoundExperiment, store: Reader) -> Dataset:
    """Return the data that both are on, found where one of their studies is.

    Raises `UserError` if they are on different data, or if those are not found.
    """
    from paribus.data.sources import find

    fingerprint = store.identity(a.hash).data
    if fingerprint != store.identity(b.hash).data:
        data_a, data_b = a.experiment.data, b.experiment.data
        if data_a == data_b:
            raise UserError(
                f'{a.text} and {b.text} are on other images, both called data "{data_a}"; '
                "experiments are compared on one data set"
            )
        raise UserError(
            f'{a.text} is on data "{data_a}" and {b.text} on "{data_b}"; '
            "experiments are compared on one data set"
        )
    places = [place for side in (a, b) for place in store.places(side.hash)]
    return find(fingerprint, [(place.source, place.folder) for place in places])


@dataclass(frozen=True)
class _Match:
    """An experiment that a text names, with its studies and its runs of the seeds asked for."""

    hash: str
    studies: Sequence[StoredStudy]
    runs: Sequence[StoredRun]


def _match(asked: Reference, store: Reader) -> _Match:
    """Raises `UserError` if the text names no experiment, or more than one."""
    name = asked.name
    found = store.find_experiments(name)
    if not found:
        known = store.experiment_names()
        raise UserError(
            f'{store.folder}: there is no experiment "{name}" here; {did_you_mean(name, known)}'
        )
    in_full = [hash_ for hash_, studies in found.items() if not _only_previews(studies)]
    chosen = _present(in_full if in_full else list(found), store)
    if len(chosen) > 1:
        raise UserError(
            f'"{name}" names {len(chosen)} experiments: '
            + "; ".join(described(hash_, found[hash_], store) for hash_ in chosen)
            + "; write the beginning of a hash instead"
        )
    seeds = asked.seeds
    runs = [run for run in store.runs(chosen[0]) if seeds is None or run.seed in seeds]
    return _Match(chosen[0], found[chosen[0]], runs)


def _present(hashes: Sequence[str], store: Reader) -> list[str]:
    """Of experiments that differ in their code alone, that of the present code, or else the one
    that was trained last."""
    groups: dict[tuple[str, str], list[str]] = {}
    for hash_ in hashes:
        identity = store.identity(hash_)
        groups.setdefault((identity.recipe, identity.data), []).append(hash_)
    chosen = []
    for group in groups.values():
        in_order = [v.hash for v in store.versions(store.identity(group[0])) if v.hash in group]
        unchanged = [hash_ for hash_ in in_order if not present_code(hash_, store).changed]
        chosen.append((unchanged or in_order)[-1])
    return chosen


def _by_engine(
    asked: Reference, match: _Match, common: str | None, store: Reader
) -> FoundExperiment:
    """The experiment with its runs by the one engine that is meant.

    common: the engine that is taken if the text names none.
    """
    engines = list(dict.fromkeys(run.engine for run in match.runs))
    engine = common if asked.engine is None else asked.engine
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
    experiment = store.experiment(match.hash).model_copy(update={"engine": engine or "auto"})
    runs = tuple(run for run in match.runs if run.engine == engine)
    return FoundExperiment(asked.text, match.hash, experiment, runs, _only_previews(match.studies))


def _only_previews(studies: Sequence[StoredStudy]) -> bool:
    return all(study.preview for study in studies)
