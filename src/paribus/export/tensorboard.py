"""A store as TensorBoard's event files: a folder for each run, its recipe as hyperparameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from paribus.errors import need
from paribus.export.formats import StoreFormat
from paribus.export.tables import ExportedRun, epochs

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
    from tensorboard.plugins.scalar.metadata import create_summary_metadata
    from tensorboard.util.tensor_util import make_tensor_proto

    known = {key: value for key, value in row.settings().items() if value is not None}
    events = [Event(wall_time=0, summary=hparams_pb(known))]
    seconds = 0.0
    for epoch in epochs(row):
        seconds += epoch.seconds
        # As doubles, in the form of TensorFlow 2: the older one keeps seven digits.
        scalars = [
            Summary.Value(
                tag=tag,
                tensor=make_tensor_proto(np.float64(epoch.values[column])),
                metadata=create_summary_metadata("", ""),
            )
            for column, tag in _TAGS.items()
            if epoch.values[column] is not None
        ]
        events.append(Event(wall_time=seconds, step=epoch.number, summary=Summary(value=scalars)))
    if row.status != "running":
        events.append(Event(wall_time=seconds, summary=_end(row, seconds)))
    return events


def _end(row: ExportedRun, seconds: float) -> Any:
    """How a run ended. TensorBoard's own function for it needs TensorFlow."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    status = STATUS_SUCCESS if row.status == "finished" else STATUS_FAILURE
    ended = HParamsPluginData(session_end_info=SessionEndInfo(status=status, end_time_secs=seconds))
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(ended),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])


FORMAT = StoreFormat("tensorboard --logdir {target}", write)
