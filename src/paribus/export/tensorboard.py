"""A store as TensorBoard's event files: a folder for each run, its recipe as hyperparameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paribus.errors import need
from paribus.export.formats import StoreFormat
from paribus.export.tables import ExportedRun, epochs, recipe

# Charts of one prefix stand together.
_TAGS = {
    "train_loss": "loss/train",
    "test_loss": "loss/test",
    "validation_loss": "loss/validation",
    "train_accuracy": "accuracy/train",
    "test_accuracy": "accuracy/test",
    "validation_accuracy": "accuracy/validation",
}


def write(rows: list[ExportedRun], path: Path, target: Path) -> None:
    """Write EXPERIMENT/RUN/events... for each run: steps are epochs, and the time of a step is the
    seconds of training and evaluation before it, so that the relative axis shows those."""
    need("tensorboard", 'the format "tensorboard"')
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    path.mkdir()
    for row in rows:
        writer = EventFileWriter(str(path / row.name.replace(", ", "+") / row.run_id))
        for event in _events(row):
            writer.add_event(event)
        writer.close()


def _events(row: ExportedRun) -> list[Any]:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    settings = {"seed": row.seed, "engine": row.engine, **recipe(row.experiment)}
    known = {key: value for key, value in settings.items() if value is not None}
    events = [Event(wall_time=0, summary=hparams_pb(known))]
    seconds = 0.0
    for epoch in epochs(row):
        seconds += epoch.seconds
        scalars = [
            Summary.Value(tag=tag, simple_value=epoch.values[column])
            for column, tag in _TAGS.items()
            if epoch.values[column] is not None
        ]
        events.append(Event(wall_time=seconds, step=epoch.number, summary=Summary(value=scalars)))
    return events


FORMAT = StoreFormat("tensorboard --logdir {target}", write)
