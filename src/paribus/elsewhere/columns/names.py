"""How columns are called, and what a table should look like where their names do not say."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container

from paribus.elsewhere.columns.counters import unmeasured
from paribus.elsewhere.columns.metrics import preference
from paribus.elsewhere.frame import Frame, is_value, number, text_of
from paribus.text import listed, plural

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
BEST_EPOCHS = {f"{one}_{of}" for one in ("best", "chosen", "selected")
               for of in ("epoch", "step", "iteration", "iter")}  # fmt: skip
"""What the epoch may be called that each run keeps, or that was its best by any data."""
NO_SETTINGS = {"reason", "index", "epochs_trained", "kept_epoch", "run_name", *BEST_EPOCHS}
"""Columns that describe a run and are no setting of its experiment."""
PARTS = (*NAMES["fold"], "split")
"""Columns that say on which part of the data a row was measured."""
_METRIC = "test_acc"
ADD_WIDE = f"add --wide NAME with what they hold, e.g. --wide {_METRIC}"


def plain(name: str) -> str:
    """Return the name of a column in small letters, with _ between words.

    >>> plain("Random Seed"), plain("accuracy/test")
    ('random_seed', 'accuracy_test')
    """
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", name).lower()).strip("_")


def called_like(role: str, frame: Frame, taken: Container[str] = ()) -> tuple[str, ...]:
    """Return the columns that are called like a role, those preferred first, but taken ones."""
    free: dict[str, str] = {}
    for name in frame.columns:
        if name not in taken:
            free.setdefault(plain(name), name)
            # As in "config/seed" and "params.seed".
            free.setdefault(plain(re.split(r"[/.]", name)[-1]), name)
    return tuple(free[name] for name in NAMES[role] if name in free)


def _settings(frame: Frame, beside: Container[str]) -> list[str]:
    """The columns that may together name experiments: of few different cells, where others have
    numbers that vary more, and each combination is there at least twice."""
    few = [
        name
        for name, cells in frame.columns.items()
        if name not in beside and plain(name) not in {*NO_SETTINGS, *PARTS}
        and preference(plain(name)) is None
        and 1 < len(set(map(text_of, cells))) <= len(cells) / 3
    ]  # fmt: skip
    measured = any(
        name not in few and name not in beside and all(map(is_value, cells))
        for name, cells in frame.columns.items()
    )
    often = Counter(zip(*(map(text_of, frame.columns[name]) for name in few), strict=True))
    return few if few and measured and min(often.values()) > 1 else []


def how_to_write(frame: Frame) -> str:
    """Return what a table should look like, by its own first cells if it may have a column for
    each experiment."""
    beside = {name for role in ("seed", "run", "epoch", "status")
              for name in called_like(role, frame)}  # fmt: skip
    columns = [
        name
        for name, cells in frame.columns.items()
        if name not in beside and plain(name) not in {*NO_SETTINGS, *PARTS}
        and all(number(cell) is not None for cell in cells)
    ]  # fmt: skip
    columns = [one for one in columns if not unmeasured(frame.columns[one])] or columns
    right = "a row is a run, with the name of its experiment in a column"
    if settings := _settings(frame, beside):
        names = listed(settings, len(settings))
        them = plural(len(settings), f"{names} names", f"{names} together name")
        return f"; {right}; if {them} one, add --experiment {','.join(settings)}"
    if len(columns) < 2:
        return f"; {right}"
    seed = (*called_like("seed", frame), "")[0]
    lines = [("experiment", *filter(None, [seed]), _METRIC)]
    for name in columns[:2]:
        cells = [text_of(frame.columns[one][0]) for one in (seed, name) if one]
        lines.append((name, *cells))
    example = "\n".join(f"  {','.join(line)}" for line in lines)
    return f".\nIf {listed(columns, 3)} are experiments, {ADD_WIDE}. Else {right}:\n{example}\n  …"
