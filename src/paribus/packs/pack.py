"""Packs the runs of a store into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.atomic import sweep, sweep_folder, write_atomically
from paribus.data.sources import find
from paribus.errors import ParibusError, UserError
from paribus.measure.predictions import kept_of
from paribus.packs.index import NAME, Index, read_index, write_index
from paribus.packs.run_file import (
    PackedRun,
    compressed,
    content_of,
    digest_of,
    path_of,
    read_content,
)
from paribus.spec.study_plan import PlansDifferError, StudyPlan
from paribus.store.errors import told
from paribus.store.reader import Reader
from paribus.store.rows import EndedRun, united_plans
from paribus.store.timings import in_order
from paribus.store.unite import Contents, contents_of
from paribus.text import count


@dataclass(frozen=True)
class Packed:
    """What has been packed."""

    runs: int
    new: int
    """Runs that were written; the others were there."""
    unfinished: int
    """Runs left out, since they have not ended."""
    size: int
    """Of the whole pack, in bytes."""


def pack(store: Reader, folder: Path, trusted: Path | None = None) -> Packed:
    """Pack the runs of a store that have ended into a folder; what it already holds stays, timings
    that were made elsewhere too.

    trusted: as in `sources.find`.

    Raises `UserError`, and changes nothing, if the folder is no pack, or has runs or studies that
    the store lacks or has otherwise.
    """
    contents = contents_of(store)
    if not contents.runs:
        raise UserError(f"{store.folder}: no run has ended yet; there is nothing to pack")
    packed = _there(folder)
    there = packed.runs
    _refuse_missing(store, contents, folder, packed)
    labels = _Labels(store, trusted)
    digests: dict[str, str] = {}
    missing: list[EndedRun] = []
    for ended in contents.runs:
        id_ = ended.run.id
        digests[id_] = digest_of(_content(ended, store, labels))
        if id_ in there and there[id_] != digests[id_]:
            raise UserError(
                f"{folder}: has run {id_} as it was trained another time than in {store.folder}; "
                "pack into another folder"
            )
        if not _is_sound(path_of(folder, id_), digests[id_]):
            missing.append(ended)
    identities = {identity.hash: identity for identity in contents.identities}
    more = [timing for timing in packed.timings if timing not in contents.timings]
    timings = in_order([*contents.timings, *more])
    index = Index(identities, contents.studies, timings, digests)
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder / NAME)
        sweep_folder(folder, path_of(Path(), "*").name)
        for ended in missing:
            content = compressed(_content(ended, store, labels))
            write_atomically(path_of(folder, ended.run.id), content, sweeps=False)
        text = write_index(index)
        if not (folder / NAME).exists() or (folder / NAME).read_bytes() != text:
            write_atomically(folder / NAME, text)
        size = len(text) + sum(path_of(folder, id_).stat().st_size for id_ in digests)
    return Packed(len(digests), len(missing), contents.unfinished, size)


def _there(folder: Path) -> Index:
    """What a folder already has."""
    if (folder / NAME).exists():
        return read_index(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(
            f"{folder}: already exists and is not a pack; choose another folder with --into"
        )
    return Index({}, (), (), {})


def _refuse_missing(store: Reader, contents: Contents, folder: Path, there: Index) -> None:
    ids = {ended.run.id for ended in contents.runs}
    known = [record.study for record in contents.studies]
    runs = [id_ for id_ in there.runs if id_ not in ids]
    packed = [record.study for record in there.studies]
    studies = [one.label for one in packed if not any(one.is_same(study) for study in known)]
    for missing, word, many in ((runs, "run", "runs"), (studies, "study", "studies")):
        if missing:
            raise UserError(
                f"{folder}: has {count(len(missing), word, many)} that {store.folder} lacks, "
                f"e.g. {missing[0]}; unpack it into the store first: `paribus unpack {folder} "
                f"--into {store.folder}`"
            )
    plans: dict[tuple[str, bool], Mapping[str, StudyPlan]] = {}
    for record in contents.studies:
        key = (record.study.name, record.study.preview)
        try:
            plans[key] = united_plans(plans.get(key, {}), record.plans)
        except PlansDifferError:
            raise UserError(
                f"{store.folder}: has two studies called {record.study.label} with different "
                "plans, and a pack knows a study by its name; keep them in two stores"
            ) from None


class _Labels:
    """The labels of the test images of experiments, each dataset loaded once."""

    def __init__(self, store: Reader, trusted: Path | None) -> None:
        self._store, self._trusted = store, trusted
        self._known: dict[str, NDArray[np.int64]] = {}

    def of(self, experiment: str) -> NDArray[np.int64]:
        fingerprint = self._store.identity(experiment).data
        if fingerprint not in self._known:
            places = [(place.source, place.folder) for place in self._store.places(experiment)]
            try:
                self._known[fingerprint] = find(
                    fingerprint, places, trusted=self._trusted
                ).test_labels
            except UserError as error:
                raise UserError(
                    f"{error} (the probability of the true class is packed: call `paribus pack` "
                    "from the folder that the study was run from)"
                ) from None
        return self._known[fingerprint]


def _content(ended: EndedRun, store: Reader, labels: _Labels) -> bytes:
    run = ended.run
    if run.status != "finished":
        return content_of(PackedRun(ended, None))
    predictions = store.predictions(run.id)
    if predictions is None:
        probability_NK, label_N = store.probabilities(run.id), labels.of(run.experiment)
        if probability_NK is None or probability_NK.shape[:1] != label_N.shape:
            raise ParibusError(
                f"{store.folder}: the probabilities of run {run.id} are damaged; restore the store "
                "from a copy"
            )
        predictions = kept_of(probability_NK, label_N)
    return content_of(PackedRun(ended, predictions))


def _is_sound(path: Path, digest: str) -> bool:
    """Whether a run's file is there, and has what it should."""
    try:
        read_content(path, digest)
    except UserError:
        return False
    return True
