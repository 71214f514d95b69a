"""TensorBoard's event files: a folder for each run."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from paribus.elsewhere.cells import Cell
from paribus.elsewhere.formats.run_folders import run_folders, runs_by_name
from paribus.elsewhere.frame import Frame, of_rows
from paribus.elsewhere.readers import ResultReader
from paribus.errors import UserError, need

_FILES = "*tfevents*"
_SETTINGS = "_hparams_/session_start_info"
_END = "_hparams_/session_end_info"


def recognises(path: Path) -> bool:
    """Return whether a path is an event file, or a folder that has some."""
    if path.is_dir():
        return next(path.rglob(_FILES), None) is not None
    return path.match(_FILES)


def read(paths: Sequence[Path]) -> Frame:
    """Return a row for each step of each run, its hyperparameters in each.

    Raises `UserError` where a file is cut off or has no scalars.
    """
    need("tensorboard", "reading TensorBoard's files")
    files = [
        file for path in paths for file in (sorted(path.rglob(_FILES)) if path.is_dir() else [path])
    ]
    folders = list(dict.fromkeys(file.parent for file in files))
    rows: list[dict[str, Cell]] = []
    runs = run_folders(folders)
    for folder, run in zip(folders, runs, strict=True):
        of_run = run.cells()
        steps: dict[int, dict[str, Cell]] = {}
        for file in files:
            if file.parent == folder:
                began: set[str] = set()
                for event in _events(file):
                    _keep(event, of_run, steps, began)
        rows += [of_run | {"step": step} | steps[step] for step in sorted(steps)]
    source = str(paths[0]) if len(paths) == 1 else f"{len(folders)} runs"
    if not rows:
        raise UserError(f"{source}: its event files have no scalars")
    known = {name: (name,) for name in ("experiment", "run", "status")} | {"epoch": ("step",)}
    return of_rows(source, rows, known, runs_by_name(runs, "experiment"))


def _events(file: Path) -> Iterator[Any]:
    """The events of a file, all of them: not a sample, as TensorBoard itself shows."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event

    chatty = logging.getLogger("tensorboard")
    before = chatty.level
    chatty.setLevel(logging.ERROR)
    try:
        for record in RawEventFileLoader(str(file)).Load():
            yield Event.FromString(record)
    except Exception as error:  # Its stub of TensorFlow and protobuf raise what they like.
        raise UserError(f"{file}: cannot be read as an event file: {error}") from None
    finally:
        chatty.setLevel(before)


def _keep(
    event: Any, of_run: dict[str, Cell], steps: dict[int, dict[str, Cell]], began: set[str]
) -> None:
    """Keep the scalars of an event, and its hyperparameters.

    began: the scalars that its file had so far. Where a file begins with one at a step, the run was
    resumed there, and what older files have of later steps was lost, as TensorBoard has it, too.
    """
    for value in event.summary.value:
        if value.tag == _SETTINGS:
            of_run |= _settings(value.metadata.plugin_data.content)
        elif value.tag == _END:
            of_run["status"] = _status(value.metadata.plugin_data.content)
        elif (scalar := _scalar(value)) is not None:
            if value.tag not in began:
                began.add(value.tag)
                for step in steps:
                    if step >= event.step:
                        steps[step].pop(value.tag, None)
            steps.setdefault(event.step, {})[value.tag] = scalar


def _scalar(value: Any) -> float | None:
    """A number; None of what is none, such as a histogram."""
    from tensorboard.util import tensor_util

    if value.HasField("simple_value"):
        return float(value.simple_value)
    if value.HasField("tensor"):
        array = tensor_util.make_ndarray(value.tensor)
        if array.size == 1 and array.dtype.kind in "fiu":
            return float(array.item())
    return None


def _status(content: bytes) -> str:
    """How a run ended, "" if that is unknown."""
    from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_RUNNING, STATUS_SUCCESS
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    status = HParamsPluginData.FromString(content).session_end_info.status
    words = {STATUS_SUCCESS: "finished", STATUS_FAILURE: "failed", STATUS_RUNNING: "running"}
    return words.get(status, "")


def _settings(content: bytes) -> dict[str, Cell]:
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    found = HParamsPluginData.FromString(content).session_start_info.hparams
    return {
        name: getattr(value, kind)
        for name, value in found.items()
        if (kind := value.WhichOneof("kind")) in ("string_value", "number_value", "bool_value")
    }


READER = ResultReader("a folder of TensorBoard's event files", recognises, read)
