"""What a store knows a study's experiments by, and what has changed since they were trained.

An experiment is known by its settings, the content of its data and, if it is a custom module, the
digest of its code. So after an edit or with other images it is another experiment, and what was
trained before stays in the store. `identify` says so in a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from paribus.errors import UserError
from paribus.spec.code import NOT_FOUND, code_digest, find_source
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity, identity
from paribus.spec.network import ModuleNetwork
from paribus.store.reader import Reader
from paribus.store.rows import Version
from paribus.store.writer import Writer
from paribus.text import count

_TRAINS_PRESENT = "`paribus run` trains the present code"


@dataclass(frozen=True)
class Adoption:
    """An experiment with runs of a time when the code of custom modules was not recorded."""

    name: str
    now: Identity
    """With its present code."""
    runs: int
    done: bool = False
    """Whether its runs have been taken for runs of the present code."""

    @property
    def note(self) -> str:
        """What to say of it."""
        were = "run was" if self.runs == 1 else "runs were"
        taken = "it is taken to be" if self.done else "`paribus run` takes it to be"
        return (
            f"The code of {self.name} was not recorded when its {self.runs} {were} trained; "
            f"{taken} as it is now."
        )


@dataclass(frozen=True)
class Known:
    """The experiments of a study, as a store knows them."""

    identities: Mapping[str, Identity]
    """By the experiment's name. An experiment that is pinned to code that is not here has none
    without a store."""
    changes: tuple[str, ...] = ()
    """Warnings about changed code and data, one per line."""
    untrainable: Mapping[str, str] = field(default_factory=dict)
    """Why some experiments cannot be trained now, by name: their code is an older one."""
    adoptions: tuple[Adoption, ...] = ()
    """Experiments whose code was not recorded."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of it, a line each."""
        return (*(adoption.note for adoption in self.adoptions), *self.changes)

    def adopted(self, store: Writer) -> Known:
        """Return the experiments once those whose code was not recorded are taken for experiments
        of the present code, for good."""
        if not self.adoptions:
            return self
        taken = {adoption.name: adoption.now for adoption in self.adoptions}
        for adoption in self.adoptions:
            store.adopt_code(self.identities[adoption.name].hash, adoption.now)
        return replace(
            self,
            identities={**self.identities, **taken},
            adoptions=tuple(replace(adoption, done=True) for adoption in self.adoptions),
        )

    def refuse_untrainable(self, names: Sequence[str]) -> None:
        """Raise `UserError` if one of the experiments that are to be trained cannot be."""
        if problems := [self.untrainable[name] for name in names if name in self.untrainable]:
            raise UserError("\n".join(dict.fromkeys(problems)))


@dataclass(frozen=True)
class _Identified:
    identity: Identity | None
    note: str = ""
    untrainable: str = ""
    adoption: Adoption | None = None


def identify(
    experiments: Mapping[str, Experiment],
    data: str,
    folder: Path,
    store: Reader | None = None,
    *,
    study: str = "",
) -> Known:
    """Return the present identities of experiments.

    data: the fingerprint of their dataset. folder: the study's, where custom modules are looked
    for. store: where they may have been trained with other code or on other data; None: nowhere.
    study: its name as typed, to say when its data have changed.

    Nothing is written: `Known.adopted` does that. Raises `UserError` where a network is pinned to
    code that is not known.
    """
    found = {
        name: _of_module(
            name, experiment, experiment.network, data=data, folder=folder, store=store
        )
        if isinstance(experiment.network, ModuleNetwork)
        else _Identified(identity(experiment, data))
        for name, experiment in experiments.items()
    }
    notes = [one.note for one in found.values() if one.note]
    if store is not None and (changed := _changed_data(found, store, study, folder)):
        notes.append(changed)
    return Known(
        {name: one.identity for name, one in found.items() if one.identity is not None},
        tuple(notes),
        {name: one.untrainable for name, one in found.items() if one.untrainable},
        tuple(one.adoption for one in found.values() if one.adoption is not None),
    )


@dataclass(frozen=True)
class PresentCode:
    """The code of an experiment of a store as it is now."""

    folder: Path | None = None
    """File that it is imported from; None if not found, or for layers."""
    digest: str = ""
    changed: str = ""
    """Warning if it has changed since the experiment was trained."""


def present_code(hash_: str, store: Reader) -> PresentCode:
    """Return the present code of an experiment of a store, found where its studies are."""
    trained, network = store.identity(hash_), store.experiment(hash_).network
    if not isinstance(network, ModuleNetwork):
        return PresentCode()
    folders = [folder for study in store.studies(hash_) for folder in study.folders(store.folder)]
    for folder in dict.fromkeys(folders):
        if (source := find_source(network, folder)) is not None:
            if trained.code in ("", source.digest):
                return PresentCode(folder, source.digest)
            changed = (
                f"The code of {network.module} has changed since it was trained: then "
                f"{trained.code[:12]}, now {source.digest[:12]}. {_TRAINS_PRESENT}; "
                "the older runs stay in the store."
            )
            return PresentCode(folder, source.digest, changed)
    return PresentCode()


def _of_module(
    name: str,
    experiment: Experiment,
    network: ModuleNetwork,
    *,
    data: str,
    folder: Path,
    store: Reader | None,
) -> _Identified:
    present = code_digest(experiment, folder)
    unknown = identity(experiment, data)
    versions = [] if store is None else [v for v in store.versions(unknown) if v.data == data]
    if network.code:
        return _pinned(
            name,
            experiment,
            network,
            data=data,
            present=present,
            store=store,
            versions=versions,
        )
    trained = {version.code: version for version in versions if version.runs}
    if present == NOT_FOUND and trained:
        # Without its source, the runs that came last are shown.
        latest = list(trained)[-1]
        reason = "" if latest in ("", NOT_FOUND) else _not_trainable(name, network, present, latest)
        return _Identified(identity(experiment, data, latest), untrainable=reason)
    now = identity(experiment, data, present)
    if present not in trained and "" in trained:
        return _Identified(unknown, adoption=Adoption(name, now, trained[""].runs))
    older = [v for code, v in trained.items() if code not in ("", NOT_FOUND, present)]
    if present in trained or not older:
        return _Identified(now)
    return _Identified(now, _changed(name, network, older[-1]))


def _pinned(
    name: str,
    experiment: Experiment,
    network: ModuleNetwork,
    *,
    data: str,
    present: str,
    store: Reader | None,
    versions: Sequence[Version],
) -> _Identified:
    """The experiment with the code whose digest begins as the study file has it."""
    known = dict.fromkeys(
        code
        for code in (present, *(version.code for version in versions))
        if code and code.startswith(network.code)
    )
    if store is None and not known:
        return _Identified(None)
    if len(known) != 1:
        there = [version.code[:12] for version in versions if version.code]
        raise UserError(
            f'experiments.{name}.network.code: there are no runs of the code "{network.code}" of '
            f"{network.module}; its present code is {present[:12]}, and the store "
            f"has runs of {', '.join(there) or 'none'}"
        )
    (code,) = known
    reason = "" if code == present else _not_trainable(name, network, present, code)
    return _Identified(identity(experiment, data, code), untrainable=reason)


def _not_trainable(name: str, network: ModuleNetwork, present: str, code: str) -> str:
    """Why an experiment of older code cannot be trained."""
    here = f"experiments.{name}.network{'.code' if network.code else ''}: {network.module}"
    what = "is not found" if present == NOT_FOUND else f"is {present[:12]} now"
    do = ", or leave out `code` to train the present one" if network.code else ""
    return (
        f"{here} {what}, so code {code[:12]} can be reported but not trained; restore that code{do}"
    )


def _changed(name: str, network: ModuleNetwork, older: Version) -> str:
    stopped = ""
    if older.half_trained:
        stopped = f" ({older.half_trained} of them not to the end, and not resumed)"
    return (
        f"The code of {name} ({network.module}) has changed since {_runs(older)} trained{stopped}. "
        f"{_TRAINS_PRESENT}; to report the older runs, write network = "
        f'{{ module = "{network.module}", code = "{older.code[:12]}" }}.'
    )


def _changed_data(found: Mapping[str, _Identified], store: Reader, study: str, folder: Path) -> str:
    """What to say if a study's experiments have been trained on other images of the same name."""
    runs = 0
    for name, one in found.items():
        if one.identity is None:
            continue
        versions = store.versions(one.identity)
        if any(v.runs for v in versions if v.data == one.identity.data):
            return ""
        for version in versions:
            if version.runs and any(
                stored.is_called(study, folder, store.folder)
                and name in store.names_in(stored, version.hash)
                for stored in store.studies(version.hash)
            ):
                runs += version.runs
    if not runs:
        return ""
    return (
        f"The images of the data have changed since {count(runs, 'run was', 'runs were')} "
        "trained. They stay in the store; `paribus run` trains on the present images."
    )


def _runs(version: Version) -> str:
    return count(version.runs, "run was", "runs were")
