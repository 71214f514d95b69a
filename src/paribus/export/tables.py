"""Runs and epochs as rows, the same for every tool that takes tables."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.measure.from_store import read_run
from paribus.measure.table import by_epoch
from paribus.spec.experiment import Experiment
from paribus.spec.kept import kept_epoch
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer
from paribus.store.reader import Reader
from paribus.store.rows import EPOCH_COLUMNS, Status

# E epochs

Value = str | int | float | bool | None

# What a column holds. Settings of the recipe stand as in study files, `optimizer.lr` for
# `optimizer = { lr = ... }`.
RUN_COLUMNS = {
    "experiment": "what studies call the experiment",
    "seed": "all randomness of the run comes from it",
    "engine": "what trained it",
    "status": "running, finished, diverged or failed",
    "reason": "why it failed, or when it diverged",
    "run": "the run's id",
}
LAST_COLUMNS = {
    "epochs_trained": "epochs so far",
    "kept_epoch": "the epoch, counted from 1, whose network a finished run keeps",
}
EPOCH_MEANINGS = {
    "train_loss": "mean cross entropy of the epoch's batches as they were trained, nats",
    "train_accuracy": "share of correct answers in the same batches, 0 to 1",
    "test_loss": "mean cross entropy on all test images at the epoch's end, nats",
    "test_accuracy": "share of correct answers on them, 0 to 1",
    "validation_loss": "the same on the validation images, nats; empty if there are none",
    "validation_accuracy": "the same, 0 to 1",
    "train_seconds": "time of training, evaluation left out, seconds",
    "test_seconds": "time of evaluation, seconds",
}
_SUMMED = ("train_seconds", "test_seconds")


@dataclass(frozen=True)
class ExportedRun:
    """One run with its epochs."""

    run_id: str
    name: str
    seed: int
    engine: str
    status: Status
    reason: str
    experiment: Experiment
    epochs: Mapping[str, NDArray[np.float64]]
    """(E,) for each of `EPOCH_COLUMNS`."""

    @property
    def length(self) -> int:
        return len(self.epochs["train_loss"])

    @property
    def kept_epoch(self) -> int | None:
        """The epoch whose network a finished run keeps, counted from 1."""
        return kept_epoch(self.experiment, self.epochs) if self.status == "finished" else None

    def key(self) -> dict[str, Value]:
        return {"experiment": self.name, "seed": self.seed, "engine": self.engine}

    def settings(self) -> dict[str, Value]:
        """What tools list as parameters of a run; the kept epoch among them, by which `paribus
        judge` finds the results in a log of all epochs."""
        return {
            "seed": self.seed,
            "engine": self.engine,
            **recipe(self.experiment),
            "kept_epoch": self.kept_epoch,
        }


@dataclass(frozen=True)
class ExportedEpoch:
    """One epoch of a run."""

    number: int
    """Counted from 1."""
    values: Mapping[str, float | None]
    """Of each of `EPOCH_COLUMNS`; None where there is no number."""

    @property
    def seconds(self) -> float:
        """Duration of training and evaluation."""
        return (self.values["train_seconds"] or 0.0) + (self.values["test_seconds"] or 0.0)


def store_rows(store: Reader) -> list[ExportedRun]:
    """Every run of a store, by name, engine and seed."""
    rows = [
        ExportedRun(
            run_id=run.id,
            name=", ".join(store.names(run.experiment)),
            seed=run.seed,
            engine=run.engine,
            status=run.status,
            reason=run.reason,
            experiment=store.experiment(run.experiment),
            epochs=by_epoch(read_run(run, store, None)),
        )
        for run in store.find_runs("")
    ]
    return sorted(rows, key=lambda row: (row.name, row.engine, row.seed, row.run_id))


def recipe(experiment: Experiment) -> dict[str, Value]:
    """All settings of an experiment, tables and lists written out.

    >>> from paribus.spec.recipe import Sgd
    >>> base = Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.01), epochs=2)
    >>> {key: value for key, value in recipe(base).items() if key.startswith(("net", "opt"))}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'network': 'flatten, linear 10', 'optimizer': 'sgd', 'optimizer.lr': 0.01,
     'optimizer.momentum': 0.0, 'optimizer.nesterov': False, 'optimizer.weight_decay': 0.0}
    """
    settings: dict[str, Value] = {"network": _network(experiment)}
    for key, value in experiment.settings().items():
        if key == "tune":  # A run is of one setting, whatever chose it.
            continue
        if isinstance(value, dict) and key != "network":
            settings[key] = value["name"]
            settings |= {f"{key}.{k}": _cell(v) for k, v in value.items() if k != "name"}
        elif key != "network":
            settings[key] = _cell(value)
    return settings


def run_records(rows: list[ExportedRun]) -> list[dict[str, Value]]:
    """A record for each run: what it is, its recipe, the results of the epoch that it keeps (of its
    last one if it has not finished), and the seconds of all its epochs."""
    records: list[dict[str, Value]] = []
    for row in rows:
        last = row.kept_epoch or row.length
        kept = {
            column: float(values.sum() if column in _SUMMED else values[last - 1])
            if row.length
            else None
            for column, values in row.epochs.items()
        }
        records.append(
            {
                **row.key(),
                "status": row.status,
                "reason": row.reason,
                **recipe(row.experiment),
                "epochs_trained": row.length,
                "kept_epoch": row.kept_epoch,
                **{column: _known(value) for column, value in kept.items()},
                "run": row.run_id,
            }
        )
    return records


def epoch_records(rows: list[ExportedRun]) -> list[dict[str, Value]]:
    """A record for each epoch of each run, epochs counted from 1."""
    return [
        {
            **row.key(),
            "kept_epoch": row.kept_epoch,
            "epoch": epoch.number,
            **epoch.values,
            "run": row.run_id,
        }
        for row in rows
        for epoch in epochs(row)
    ]


def epochs(row: ExportedRun) -> Iterator[ExportedEpoch]:
    """Yield every epoch of a run."""
    table = np.array([row.epochs[column] for column in EPOCH_COLUMNS]).T
    for number, values in enumerate(table.tolist(), start=1):
        yield ExportedEpoch(number, dict(zip(EPOCH_COLUMNS, map(_known, values), strict=True)))


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _network(experiment: Experiment) -> str:
    network = experiment.network
    if isinstance(network, ModuleNetwork):
        return f"{network.module} {json.dumps(network.arguments)}"
    return ", ".join(format_layer(layer) for layer in network)


def _cell(value: Any) -> Value:
    cell: Value = ", ".join(map(str, value)) if isinstance(value, list) else value
    return cell
