"""trainer_state.json of Hugging Face's Trainer, in the folder of a run or of its checkpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paribus.elsewhere.cells import Cell
from paribus.elsewhere.formats.csv import text_of_file
from paribus.elsewhere.formats.run_folders import run_folders, runs_by_name
from paribus.elsewhere.frame import Frame, of_rows
from paribus.elsewhere.readers import ResultReader
from paribus.errors import UserError

_FILE = "trainer_state.json"
_CHECKPOINT = re.compile(r"checkpoint-\d+")
_SETTINGS = ("num_train_epochs", "train_batch_size")


def recognises(path: Path) -> bool:
    """Return whether a path is such a file, or a folder that has some."""
    if path.is_dir():
        return next(path.rglob(_FILE), None) is not None
    return path.name == _FILE


def read(paths: Sequence[Path]) -> Frame:
    """Return a row for each logged step of each run, as its last checkpoint has them."""
    states: dict[Path, dict[str, Any]] = {}
    for path in paths:
        for file in sorted(path.rglob(_FILE)) if path.is_dir() else [path]:
            is_checkpoint = _CHECKPOINT.fullmatch(file.parent.name)
            folder = file.parent.parent if is_checkpoint else file.parent
            state = _state(file)
            known = states.get(folder)
            if known is None or known["global_step"] < state["global_step"]:
                states[folder] = state
    rows: list[dict[str, Cell]] = []
    runs = run_folders(list(states))
    for state, run in zip(states.values(), runs, strict=True):
        of_run = run.cells() | {
            "status": "finished" if _ended(state) else "running",
            **{name: state[name] for name in _SETTINGS if _is_cell(state.get(name))},
        }
        rows += [
            of_run | {name: value for name, value in entry.items() if _is_cell(value)}
            for entry in state["log_history"]
        ]
    source = str(paths[0]) if len(paths) == 1 else f"{len(states)} runs"
    names = ("experiment", "run", "status")
    known = {**{name: (name,) for name in names}, "epoch": ("step",)}
    return of_rows(source, rows, known, runs_by_name(runs, "experiment"))


def _state(file: Path) -> dict[str, Any]:
    """What a file has. Raises `UserError` if it is none of the Trainer's."""
    try:
        state = json.loads(text_of_file(file))
    except (ValueError, RecursionError):
        raise UserError(f"{file}: is not JSON") from None
    if (
        not isinstance(state, dict)
        or not isinstance(state.get("global_step"), int)
        or not isinstance(state.get("log_history"), list)
        or not all(isinstance(entry, dict) for entry in state["log_history"])
    ):
        raise UserError(
            f"{file}: is not a state of Hugging Face's Trainer: it needs global_step and "
            "log_history"
        )
    if not state["log_history"]:
        raise UserError(f"{file}: its log_history is empty; set logging_strategy or eval_strategy")
    return state


def _ended(state: dict[str, Any]) -> bool:
    """Whether training ended: at its last step, or where a callback stopped it."""
    most = state.get("max_steps")
    if not isinstance(most, int) or most <= 0 or state["global_step"] >= most:
        return True
    control: Any = state
    for key in ("stateful_callbacks", "TrainerControl", "args"):
        control = control.get(key) if isinstance(control, dict) else None
    return isinstance(control, dict) and control.get("should_training_stop") is True


def _is_cell(value: object) -> bool:
    return isinstance(value, str | int | float)


READER = ResultReader("Hugging Face's trainer_state.json", recognises, read)
