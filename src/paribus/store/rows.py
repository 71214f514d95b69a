"""Rows of a store's tables, as records."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paribus.spec.files import built_in_studies

Status = Literal["running", "finished", "diverged", "failed"]
Arrays = Mapping[str, NDArray[np.generic]]

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
    """What decides the engine's bits beside its name; mostly ""."""
    status: Status
    reason: str

    @property
    def ended(self) -> bool:
        """Whether training it again would change nothing: diverging is a result too."""
        return self.status in ("finished", "diverged")


@dataclass(frozen=True)
class Checkpoint:
    """What a run resumes from."""

    epoch: int
    """The last one that was kept, counted from 1."""
    state: dict[str, NDArray[np.generic]]
    """The engine's state after it."""


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
            return self.name == name
        here = os.path.abspath(store / self.folder) == os.path.abspath(folder)
        return here and Path(self.name).name == Path(name).name

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
class Place:
    """Where the data of an experiment were found once."""

    source: str
    """As typed: a name or a path."""
    folder: Path
    """What a path may start from."""


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
