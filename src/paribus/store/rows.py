"""Rows of a store's tables, as records."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paribus.spec.files import built_in_studies
from paribus.spec.study_plan import StudyPlan

Status = Literal["running", "finished", "diverged", "failed"]
Arrays = Mapping[str, NDArray[np.generic]]

TRIAL_MARK = "~"
"""In what a study calls a trial of a tuned experiment, e.g. "adam~3.7"; no study can have a name
with it."""

EPOCH_COLUMNS = (
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "validation_loss",
    "validation_accuracy",
    "train_seconds",
    "test_seconds",
)


@dataclass(frozen=True)
class StoredRun:
    """A row of the table of runs."""

    id: str
    """An opaque key: look runs up by experiment, engine and seed."""
    experiment: str
    """The experiment's hash."""
    seed: int
    engine: str
    bits: str
    """Version that, with the engine's name, fixes the bits of its results; mostly ""."""
    status: Status
    reason: str

    @property
    def ended(self) -> bool:
        """Whether training it again would change nothing: diverging is a result too."""
        return self.status in ("finished", "diverged")


@dataclass(frozen=True)
class Checkpoint:
    """State that a run resumes from."""

    epoch: int
    """The last one that was kept, counted from 1."""
    state: dict[str, NDArray[np.generic]]
    """The engine's state after it."""


@dataclass(frozen=True, eq=False)
class KeptPredictions:
    """What is kept of a run's probabilities where they are not: per test image, (N,) each."""

    class_N: NDArray[np.int16]
    """The class of the highest probability."""
    of_truth_N: NDArray[np.float32]
    """The probability of the true class."""


@dataclass(frozen=True)
class Environment:
    """Where a run was trained from an epoch on."""

    first_epoch: int
    where: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class EndedRun:
    """All that a store has of a run that has ended, but its files."""

    run: StoredRun
    environments: tuple[Environment, ...]
    epochs: Mapping[str, NDArray[np.float64]]
    """(E,) for each of `EPOCH_COLUMNS`."""
    digests: Mapping[str, str]
    """SHA-256 of the files that training wrote, in hex, by their name; none if it diverged."""

    def is_same_training(self, other: EndedRun) -> bool:
        """Whether both have bit-identical results; times and machines may differ."""
        mine, theirs = self.run, other.run
        return (
            (mine.status, mine.reason, mine.experiment, mine.engine, mine.seed)
            == (theirs.status, theirs.reason, theirs.experiment, theirs.engine, theirs.seed)
            and dict(self.digests) == dict(other.digests)
            and all(
                np.array_equal(self.epochs[column], other.epochs[column], equal_nan=True)
                for column in EPOCH_COLUMNS
                if not column.endswith("_seconds")
            )
        )


@dataclass(frozen=True)
class StoredStudy:
    """A row of the table of studies."""

    id: int
    name: str
    """As it was typed: a built-in name or a path; a title if it was made in Python."""
    folder: str | None
    """The folder that its paths start from, from the store's folder; None if not known."""
    preview: bool

    @property
    def label(self) -> str:
        """The study as it could be typed."""
        return f"{self.name} --preview" if self.preview else self.name

    def is_called(self, name: str, folder: Path, store: Path) -> bool:
        """Return whether it is the study of a name, as typed, whose paths start from a folder.

        store: the store's folder.
        """
        # A built-in study is the same from every folder.
        if self.folder is None or self.name in built_in_studies():
            return _alike(self.name, name)
        here = os.path.abspath(store / self.folder) == os.path.abspath(folder)
        return here and Path(self.name).name == Path(name).name

    def placed(self, store: Path) -> StoredStudy:
        """Return it with an absolute folder, None where it is not found. store: the store's."""
        folder = None if self.folder is None else Path(os.path.abspath(store / self.folder))
        found = folder is not None and (folder / Path(self.name).name).is_file()
        return replace(self, folder=str(folder) if found else None)

    def is_same(self, other: StoredStudy) -> bool:
        """Return whether two stores mean one study. Folders are absolute, None if not known."""
        if self.preview != other.preview:
            return False
        if self.folder is None or other.folder is None:
            return _alike(self.name, other.name)
        return self.is_called(other.name, Path(other.folder), Path())

    def folders(self, store: Path) -> list[Path]:
        """Return where its paths may start from, the likeliest first.

        store: the store's folder. Where the study's is not known, these are the current folder
        and the folder of the study's file, if its name is a path.
        """
        known = [] if self.folder is None else [Path(os.path.normpath(store / self.folder))]
        return list(dict.fromkeys([*known, Path(), Path(self.name).parent]))


@dataclass(frozen=True)
class NamedStudy:
    """A study, and what it calls experiments."""

    study: StoredStudy
    called: dict[str, tuple[str, ...]]
    """The hashes of all experiments that it has called so, by name; the latest last."""

    @property
    def experiments(self) -> dict[str, str]:
        """The hash of the latest experiment of each name."""
        return {name: hashes[-1] for name, hashes in self.called.items()}


@dataclass(frozen=True)
class NamedExperiment:
    """Name of an experiment in a study."""

    name: str
    experiment: str
    """Its hash."""
    data: str
    """Its data as typed."""


@dataclass(frozen=True)
class StudyRecord:
    """All that is kept of a study."""

    study: StoredStudy
    names: tuple[NamedExperiment, ...]
    """The latest last."""
    plans: Mapping[str, StudyPlan]
    """By variant, see `Reader.plan`."""


@dataclass(frozen=True)
class Place:
    """Where the data of an experiment were found once."""

    source: str
    """As typed: a name or a path."""
    folder: Path
    """Folders that paths may start from."""


@dataclass(frozen=True)
class Version:
    """An experiment among those that differ from it in data or in code alone."""

    hash: str
    data: str
    code: str
    runs: int
    """How many runs it has."""
    half_trained: int
    """How many of them have not ended."""


def united_plans(
    plans: Mapping[str, StudyPlan], others: Mapping[str, StudyPlan]
) -> dict[str, StudyPlan]:
    """Return the plans that two stores have of a study, by variant. Raises `PlansDifferError`."""
    found = dict(plans)
    for variant, plan in others.items():
        found[variant] = plan if variant not in found else found[variant].united(plan)
    return found


def _alike(name: str, other: str) -> bool:
    """Whether two names may be of one study where its folder is not known: a file may have been
    typed as seen from another folder."""
    of_files = name.endswith(".toml") and other.endswith(".toml")
    return name == other or (of_files and Path(name).name == Path(other).name)
