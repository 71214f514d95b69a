"""How columns are called."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import pairwise

from paribus.elsewhere.cells import plain
from paribus.elsewhere.frame import Frame
from paribus.errors import UserError, did_you_mean

NAMES = {
    "experiment": (
        "experiment", "method", "model", "variant", "algorithm", "arm", "approach", "system",
        "condition", "treatment", "configuration", "config", "architecture", "arch", "network",
        "group", "setting", "name", "run_name", "file",
    ),
    "seed": (
        "seed", "random_seed", "rng_seed", "seed_id", "trial", "replicate", "replication",
        "repetition", "rep", "repeat",
    ),
    "fold": ("fold", "cv_fold", "fold_id"),
    "run": ("run_id", "run", "id", "uuid", "job_id", "run_name"),
    "epoch": ("epoch", "global_step", "step", "iteration", "iter", "steps", "epochs"),
    "kept": ("kept_epoch",),
    "status": ("status", "state"),
}  # fmt: skip
"""Names of columns, those preferred first, in small letters and with _ between words."""
OF_ROWS = ("seed", "run", "epoch", "kept", "status")
"""Roles of columns that describe rows, whatever their cells are values of."""
BEST_EPOCHS = {f"{one}_{of}" for one in ("best", "chosen", "selected")
               for of in ("epoch", "step", "iteration", "iter")}  # fmt: skip
"""What the epoch may be called that each run keeps, or that was its best by any data."""
NO_SETTINGS = {"reason", "index", "epochs_trained", "kept_epoch", "run_name", *BEST_EPOCHS}
"""Columns that describe a run and are no setting of its experiment."""
PARTS = (*NAMES["fold"], "split")
"""Columns that say on which part of the data a row was measured."""
MEASURED_ON = {"dataset", "data", "split", "fold", "task", "benchmark", "env", "environment"}
"""Columns that say on what a run was measured: methods are compared on the same."""
SPLITS = {"split", "subset", "phase", "partition", "dataset_split", "data_split"}
"""Columns of which one run has rows for each, such as training and test data."""


def called_like(role: str, frame: Frame, taken: Container[str] = ()) -> tuple[str, ...]:
    """Return the columns that are called like a role, those preferred first, but taken ones."""
    free: dict[str, str] = {}
    for name in frame.columns:
        if name not in taken:
            free.setdefault(plain(name), name)
            # As in "config/seed" and "params.seed".
            free.setdefault(plain(re.split(r"[/.]", name)[-1]), name)
    return tuple(free[name] for name in NAMES[role] if name in free)


def beside_values(frame: Frame) -> set[str]:
    """Return the columns that by their names hold no values of experiments: seeds, run IDs, epochs,
    parts of the data, and whatever else describes a run."""
    found = {name for role in OF_ROWS for name in called_like(role, frame)}
    return found | {name for name in frame.columns if plain(name) in {*NO_SETTINGS, *PARTS, "file"}}


def has_word(pattern: re.Pattern[str], name: str) -> bool:
    """Return whether a word of a plain name, or two of them, match."""
    words = name.split("_")
    pairs = ["_".join(pair) for pair in pairwise(words)]
    return any(pattern.fullmatch(one) for one in (*words, *pairs))


def check_there(frame: Frame, option: str, name: str) -> None:
    """Raise `UserError` where a table lacks the column that an option names."""
    if name not in frame.columns:
        raise UserError(
            f'{frame.source}: --{option} {name}: there is no column "{name}"; '
            f"{did_you_mean(name, list(frame.columns))}"
        )
