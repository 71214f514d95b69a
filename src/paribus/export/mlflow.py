"""A store as an MLflow tracking database, SQLite: one MLflow run for each run.

SQLite and not a folder of files, which MLflow itself no longer recommends.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from paribus.errors import UserError, need
from paribus.export.formats import StoreFormat
from paribus.export.tables import ExportedRun, epochs

EXPERIMENT = "paribus"

# SQLAlchemy reads what follows as options, a fragment or an escaped character.
_NOT_IN_ADDRESSES = "?#%"
# MLflow's own limits.
_MOST_AT_ONCE = 1000
_LONGEST = 6000


def write(rows: list[ExportedRun], path: Path, target: Path) -> None:
    """Write a folder with `mlflow.db`: recipes as parameters, epochs as the steps of metrics.

    target: where the folder will be in the end.
    """
    need("mlflow", 'the format "mlflow"')
    # Nobody who writes a file expects it to be reported over the network.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.tracking import MlflowClient

    if found := sorted(set(str(path.resolve())) & set(_NOT_IN_ADDRESSES)):
        raise UserError(
            f"{target}: MLflow takes the path for an address, in which {' '.join(found)} means "
            "something else; choose another folder with --output"
        )
    path.mkdir()
    chatty = logging.getLogger("mlflow.store.db.utils")
    before = chatty.level
    chatty.setLevel(logging.WARNING)
    try:
        client = MlflowClient(tracking_uri=f"sqlite:///{(path / 'mlflow.db').resolve()}")
        artifacts = (target.resolve() / "artifacts").as_uri()
        experiment = client.create_experiment(EXPERIMENT, artifact_location=artifacts)
        for row in rows:
            _write_run(client, experiment, row)
    finally:
        chatty.setLevel(before)


def _write_run(client: Any, experiment: str, row: ExportedRun) -> None:
    from mlflow.entities import Metric, Param

    tags = {
        "mlflow.runName": f"{row.name}, seed {row.seed}",
        "paribus.run": row.run_id,
        "paribus.experiment": row.name,
        "paribus.status": row.reason or row.status,
    }
    run = client.create_run(experiment, start_time=0, tags=tags).info.run_id
    metrics: list[Any] = []
    milliseconds = 0
    for epoch in epochs(row):
        milliseconds += round(1000 * epoch.seconds)
        metrics += [
            Metric(name, value, milliseconds, epoch.number)
            for name, value in epoch.values.items()
            if value is not None
        ]
    parameters = [
        Param(key, str(value)[:_LONGEST])
        for key, value in row.settings().items()
        if value is not None
    ]
    client.log_batch(run, params=parameters)
    for i in range(0, len(metrics), _MOST_AT_ONCE):
        client.log_batch(run, metrics=metrics[i : i + _MOST_AT_ONCE])
    if row.status != "running":
        ending = "FINISHED" if row.status == "finished" else "FAILED"
        client.set_terminated(run, ending, end_time=milliseconds)


FORMAT = StoreFormat("mlflow ui --backend-store-uri sqlite:///{target}/mlflow.db", write)
