"""Which test examples a run gets right: a file for each run, named in a column of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.elsewhere.cells import step_of, text_of
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.recorded.records import RecordedRun
from paribus.elsewhere.recorded.values import Read
from paribus.errors import UserError
from paribus.measure.metric import Metric

# N test examples


def read_correct(path: Path, place: str) -> NDArray[np.bool_]:
    """Return which examples a run classifies correctly, (N,): from a file of NumPy (.npy) or a text
    with a 1 or a 0 for each example.

    place: what messages begin with. Raises `UserError` if it is no such file.
    """
    try:
        if path.suffix == ".npy":
            found = np.load(path, allow_pickle=False)
        else:
            words = path.read_text("utf-8-sig").replace(",", " ").split()
            found = np.array([float(word) for word in words])
    except OSError as error:
        raise UserError(f"{place}: {path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError):
        raise UserError(
            f"{place}: {path}: must be an array of NumPy (.npy) or a text with a 1 or a 0 for each "
            "example"
        ) from None
    is_number = found.dtype.kind in "biuf"
    if found.ndim != 1 or not found.size or not is_number or not np.isin(found, (0, 1)).all():
        raise UserError(
            f"{place}: {path}: needs a 1 or a 0 for each example, got an array of {found.dtype} of "
            f"shape {found.shape}"
        )
    return np.asarray(found, dtype=np.bool_)


def by_examples(
    frame: Frame, run: RecordedRun, read: Read, correct_N: NDArray[np.bool_] | None
) -> Read:
    """Return the series with its scores; its value is then their mean, without rounding.

    Raises `UserError` if that is not the value in the table.
    """
    series, place = read.series, frame.places[run.rows[-1]]
    if not math.isfinite(series.value):
        return read
    if correct_N is None:
        raise UserError(f"{place}: has a value and no file of examples; name the file")
    # A share, or a percentage.
    score_N = correct_N * (100 / series.metric.scale)
    value = float(score_N.mean())
    if abs(value - series.value) > max(step_of([read.last]), 1e-6 * 100 / series.metric.scale):
        raise UserError(
            f"{place}: {series.metric.key} is {series.value:g}, but of its examples {value:g} are "
            "right; name the file of this run"
        )
    exact = replace(
        series, value=value, read_scores=lambda: score_N, read_correct=lambda: correct_N
    )
    return Read(exact, value)


def correct_of(
    frame: Frame, roles: Roles, runs: Sequence[RecordedRun], metrics: Sequence[Metric]
) -> dict[RecordedRun, NDArray[np.bool_] | None]:
    """Which examples each run gets right, (N,); None of one without a value."""
    accuracies = [metric.key for metric in metrics if metric.scores_are_correctness]
    if len(accuracies) != 1:
        raise UserError(
            f"--correct {roles.correct}: needs one accuracy among the metrics, got "
            f"{', '.join(accuracies) or 'none'}; name it with --metric"
        )
    found: dict[RecordedRun, NDArray[np.bool_] | None] = {}
    for run in runs:
        row = run.rows[-1]
        named = text_of(frame.columns[roles.correct][row])
        found[run] = read_correct(frame.folder / named, frame.places[row]) if named else None
    sizes = {one.size for one in found.values() if one is not None}
    if len(sizes) > 1:
        raise UserError(
            f"--correct {roles.correct}: the files have different numbers of examples, got "
            f"{', '.join(map(str, sorted(sizes)))}"
        )
    return found
