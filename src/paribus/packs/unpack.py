"""Reads a pack as the contents that a store can be united with."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from paribus.packs.index import Index, read_index
from paribus.packs.reading import damaged
from paribus.packs.run_file import path_of, read_run
from paribus.spec.experiment import Experiment
from paribus.spec.identity import read_canonical
from paribus.store.predictions import write_predictions
from paribus.store.rows import EndedRun
from paribus.store.unite import Contents


def contents_of_pack(folder: Path) -> Contents:
    """Return what the pack in a folder has. Every file is read and checked.

    Raises `UserError` if one is missing or damaged, or nothing that a pack could have.
    """
    index = read_index(folder)
    experiments = {
        hash_: read_canonical(identity.canonical, identity.data)
        for hash_, identity in index.identities.items()
    }
    runs = tuple(_checked(folder, id_, index, experiments) for id_ in index.runs)
    if len({(e.run.experiment, e.run.engine, e.run.seed) for e in runs}) < len(runs):
        raise damaged(folder, "a run is there twice")
    return Contents(
        where=folder,
        identities=tuple(index.identities.values()),
        studies=index.studies,
        timings=index.timings,
        runs=runs,
        has_weights=frozenset(),
        unfinished=0,
        write_files=partial(_write_files, folder, index),
    )


def _checked(folder: Path, id_: str, index: Index, experiments: dict[str, Experiment]) -> EndedRun:
    path = path_of(folder, id_)
    ended = read_run(path, index.runs[id_]).ended
    run = ended.run
    if run.id != id_ or run.experiment not in experiments:
        raise damaged(path, "it is not the run that the index means")
    experiment = experiments[run.experiment]
    trained, meant = len(ended.epochs["train_loss"]), experiment.epochs
    all_of_them = run.status == "finished" and experiment.patience is None
    if trained > meant or (all_of_them and trained < meant):
        raise damaged(path, f"it has {trained} epochs, and its experiment {meant}")
    now = index.identities[run.experiment].hash
    return replace(ended, run=replace(run, experiment=now))


def _write_files(folder: Path, index: Index, ended: EndedRun, target: Path) -> None:
    id_ = ended.run.id
    predictions = read_run(path_of(folder, id_), index.runs[id_]).predictions
    assert predictions is not None
    write_predictions(target, predictions, ended.digests)
