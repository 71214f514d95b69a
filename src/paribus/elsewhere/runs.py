"""The runs of a table: which rows are a run, its final value, its settings, and what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from paribus.elsewhere.columns import Roles, experiments_of, plain
from paribus.elsewhere.examples import read_correct
from paribus.elsewhere.frame import Cell, Frame, has_spread, is_blank, number, step_of, text_of
from paribus.elsewhere.metrics import percent_bounds
from paribus.elsewhere.notices import (
    DifferentEnds,
    KeptEpochs,
    NotEnded,
    Notice,
    UnknownStates,
)
from paribus.elsewhere.options import Unit
from paribus.elsewhere.records import RecordedExperiment, RecordedRun, RecordedRuns
from paribus.elsewhere.repeats import check_copies, check_once, equal_values, tell_apart
from paribus.elsewhere.states import is_lost, is_running, is_unknown
from paribus.elsewhere.summaries import check_summaries, mean_rows, same_values
from paribus.elsewhere.units import (
    are_percentages,
    check_logs,
    check_signs,
    check_stated,
    check_units,
    low_percentages,
)
from paribus.errors import UserError
from paribus.measure.metric import Metric
from paribus.measure.table import Series
from paribus.text import listed

_INTEGER = re.compile(r"0*(\d+)(?:\.0*)?")
_LARGEST = 1e100
"""Beyond it squares of values overflow."""
_LATEST = 1e15
"""Integers beyond it are not told apart."""


def recorded(
    frame: Frame,
    roles: Roles,
    metrics: Sequence[Metric],
    units: Mapping[str, Unit],
) -> RecordedRuns:
    """Return the runs of a table.

    units: of the metrics, by key, as far as they are stated.
    Raises `UserError` for a run that is there twice, a log that was sampled, and what is no number.
    """
    notices: list[Notice] = []
    for metric in metrics:
        check_signs(frame, metric.key)
        if metric.key in units:
            bounds = percent_bounds(plain(metric.key))
            check_stated(frame, metric.key, units[metric.key], bounds)
            notices += low_percentages(frame, metric.key, units[metric.key])
    runs, running = _runs(frame, roles)
    notices += [NotEnded(name, len(seeds)) for name, seeds in running.items()]
    notices += _unknown_states(frame, roles, runs)
    runs_of: dict[str, list[RecordedRun]] = {}
    for run in runs:
        runs_of.setdefault(run.experiment, []).append(run)
    numbers = _numbered([run.seed for run in runs])
    final: dict[str, list[Cell]] = {metric.key: [] for metric in metrics}
    experiments = []
    correct = _correct(frame, roles, runs, metrics) if roles.correct else {}
    for name, own in runs_of.items():
        series = {}
        for metric in metrics:
            found = [_series(frame, roles, run, metric, seed=numbers[run.seed]) for run in own]
            if metric.scores_are_correctness and correct:
                found = [
                    _by_examples(frame, run, one, correct[run])
                    for run, one in zip(own, found, strict=True)
                ]
            final[metric.key] += [one.last for one in found]
            series[metric.key] = tuple(one.series for one in found)
            notices += equal_values(name, own, series[metric.key])
        settings = {column: text_of(frame.columns[column][own[0].rows[0]])
                    for column in roles.config}  # fmt: skip
        settings |= _ends(frame, roles, own, notices)
        first = own[0].rows[0]
        parts = tuple(text_of(frame.columns[column][first]) for column in roles.experiment)
        going = frozenset(running.get(name, ())) - {""}
        experiments.append(RecordedExperiment(name, tuple(own), series, settings, parts, going))
    chosen = [run for run in runs if run.kept is not None]
    if early := sum(run.kept != _epoch(frame, roles, run.rows[-1]) for run in chosen):
        notices.append(KeptEpochs(roles.kept, roles.epoch, early))
    for metric in metrics:
        if not are_percentages(metric.key, frame.columns[metric.key]):
            if metric.key not in units:
                check_logs(
                    frame, metric, [s for one in experiments for s in one.series[metric.key]]
                )
            check_units(
                metric,
                {one.name: [s.value for s in one.series[metric.key]] for one in experiments},
                {one.name: [frame.places[_counts(frame, roles, run)] for run in one.runs]
                 for one in experiments},
            )  # fmt: skip
    steps = {key: step_of(cells) for key, cells in final.items()}
    for key, step in steps.items():
        notices += [*mean_rows(frame, experiments, key, step), *same_values(experiments, key)]
    return RecordedRuns(
        experiments=tuple(experiments),
        steps=steps,
        notices=tuple(notices),
    )


def _runs(frame: Frame, roles: Roles) -> tuple[list[RecordedRun], dict[str, list[str]]]:
    """The runs that have ended, and the seeds of those that have not, by experiment."""
    names = experiments_of(frame, roles.experiment)
    rows_of: dict[tuple[str, str, str], list[int]] = {}
    unnamed: set[str] = set()
    for row, name in enumerate(names):
        run, seed = _cell(frame, roles.run, row), _seed(frame, roles, row)
        if not (run or seed or roles.epoch):
            # Without ids, and without a log, a row is a run.
            run = f"row {row + 1}"
            unnamed.add(run)
        rows_of.setdefault((name, run, seed), []).append(row)
    found = []
    running: dict[str, list[str]] = {}
    is_log = any(len(rows) > 1 for rows in rows_of.values())
    for (name, run, seed), rows in rows_of.items():
        ordered = _by_epoch(frame, roles, rows, name=name, called=_called(run, seed))
        state = _cell(frame, roles.status, ordered[-1])
        if is_running(state):
            running.setdefault(name, []).append(seed)
        else:
            lost, kept = is_lost(state), _kept(frame, roles, ordered) if is_log else None
            named = run not in unnamed
            found.append(RecordedRun(name, run or seed, seed, tuple(ordered), lost, kept, named))
    check_summaries(frame, roles, found)
    check_once(frame, roles, found)
    check_copies(frame, roles, found)
    return found, running


def _cell(frame: Frame, column: str, row: int) -> str:
    return text_of(frame.columns[column][row]) if column else ""


def _seed(frame: Frame, roles: Roles, row: int) -> str:
    """The seed of a row, the same for 1, 01 and 1.0."""
    seed = _cell(frame, roles.seed, row)
    found = _INTEGER.fullmatch(seed)
    return found[1] if found else seed


def _unknown_states(frame: Frame, roles: Roles, runs: Sequence[RecordedRun]) -> Iterator[Notice]:
    """Which states of runs that count are none that is known."""
    states = dict.fromkeys(_cell(frame, roles.status, run.rows[-1]) for run in runs)
    if unknown := tuple(filter(is_unknown, states)):
        yield UnknownStates(roles.status, unknown)


def _called(run: str, seed: str) -> str:
    return f"run {run}" if run else f"seed {seed}" if seed else "the only run"


def _by_epoch(
    frame: Frame, roles: Roles, rows: list[int], *, name: str, called: str
) -> Sequence[int]:
    """The rows of a run by epoch. Raises `UserError` where it has two without, or of one epoch."""
    if len(rows) == 1:
        return rows
    if not roles.epoch:
        raise UserError(
            f"{frame.places[rows[1]]}: {called} of {name} is there already, in "
            f"{frame.places[rows[0]]}; {tell_apart(frame, roles, rows)}"
        )
    epoch_of = {row: _epoch(frame, roles, row) for row in rows}
    ordered = sorted(rows, key=lambda row: (epoch_of[row], row))
    if not frame.is_log:
        for before, after in pairwise(ordered):
            if epoch_of[before] == epoch_of[after]:
                raise UserError(
                    f"{frame.places[after]}: {roles.epoch} {epoch_of[after]:g} of {called} of "
                    f"{name} is there already, in {frame.places[before]}; "
                    f"{tell_apart(frame, roles, [before, after])}"
                )
    return ordered


def _kept(frame: Frame, roles: Roles, rows: Sequence[int]) -> float | None:
    """The epoch of a run of a log whose values count, None if that is the last one. Raises
    `UserError` if it is none of its epochs, or its rows do not agree."""
    if not roles.kept or not roles.epoch:
        return None
    cells = [frame.columns[roles.kept][row] for row in rows]
    said = list(dict.fromkeys(text_of(cell) for cell in cells if not is_blank(cell)))
    if not said:
        return None
    kept = number(said[0])
    if len(said) > 1 or kept not in [_epoch(frame, roles, row) for row in rows]:
        raise UserError(
            f"{frame.places[rows[0]]}: {roles.kept} must be one {roles.epoch} of the run, the same "
            f"in all its rows, got {listed(said, 3)}"
        )
    return kept


def _counts(frame: Frame, roles: Roles, run: RecordedRun) -> int:
    """The row of a run whose values count."""
    if run.kept is None:
        return run.rows[-1]
    return next(row for row in run.rows if _epoch(frame, roles, row) == run.kept)


def _epoch(frame: Frame, roles: Roles, row: int) -> float:
    """The epoch of a row. Raises `UserError` if it has none."""
    cell = frame.columns[roles.epoch][row]
    epoch = number(cell)
    if epoch is None or not abs(epoch) <= _LATEST:
        raise UserError(
            f'{frame.places[row]}: "{text_of(cell)}" is no {roles.epoch}; each row of a log needs '
            "one"
        )
    return epoch


@dataclass(frozen=True, eq=False)
class _Read:
    series: Series
    last: Cell


def _series(frame: Frame, roles: Roles, run: RecordedRun, metric: Metric, *, seed: int) -> _Read:
    """The rows of a run and a metric, and the cell of its final value."""
    cells = frame.columns[metric.key]
    # In a log an empty cell is of a moment at which something else was measured.
    rows = [row for row in run.rows if len(run.rows) == 1 or not is_blank(cells[row])]
    values = [_number(cells[row], frame.places[row], metric.key) for row in rows]
    epoch_E = np.array([_epoch(frame, roles, row) if roles.epoch else 1.0 for row in rows])
    _check_whole(frame, run, metric, epoch_E)
    counts = range(len(rows)) if run.kept is None else np.flatnonzero(epoch_E == run.kept)
    last = int(counts[-1]) if len(counts) else None
    if run.kept is not None and rows and last is None and not run.lost:
        raise UserError(
            f"{frame.places[run.rows[0]]}: {metric.key} has values at other epochs and none at "
            f"{roles.epoch} {run.kept:g}, which {roles.kept} names; export every epoch"
        )
    final = math.nan if last is None or run.lost else values[last]
    series = Series(
        experiment=run.experiment,
        run_id=run.name,
        seed=seed,
        metric=metric,
        epoch_E=epoch_E.astype(np.int64),
        value_E=np.array(values, dtype=np.float64),
        value=final,
        read_scores=lambda: None,
        read_correct=lambda: None,
    )
    return _Read(series, None if last is None else cells[rows[last]])


def _correct(
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


def _by_examples(
    frame: Frame, run: RecordedRun, read: _Read, correct_N: NDArray[np.bool_] | None
) -> _Read:
    """The series with its scores; its value is then their mean, without rounding.

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
    return _Read(exact, value)


def _number(cell: Cell, place: str, column: str) -> float:
    value = number(cell)
    if value is not None:
        if value and not math.isnan(value) and not 1 / _LARGEST <= abs(value) <= _LARGEST:
            raise UserError(
                f"{place}: {column}: {value:g} is beyond ±{_LARGEST:g}, or nearer to 0 than "
                f"{1 / _LARGEST:g}; correct it, or leave the cell empty if the run diverged"
            )
        return value
    text = text_of(cell)
    if has_spread(cell):
        raise UserError(
            f'{place}: {column}: "{text}" is a mean with its spread; a verdict needs a row for '
            "each run"
        )
    raise UserError(
        f'{place}: {column}: "{text}" is not a number; correct it, or leave the cell empty if the '
        "run has no value"
    )


def _check_whole(
    frame: Frame, run: RecordedRun, metric: Metric, epoch_E: NDArray[np.float64]
) -> None:
    """Raise `UserError` where a log has gaps: its last row need not be the run's last epoch.

    The first and the last gap may differ from the others, as before training and after it.
    """
    gaps = np.diff(epoch_E)[1:-1]
    if gaps.size and not np.allclose(gaps, gaps[0]):
        shown = ", ".join(f"{epoch:g}" for epoch in epoch_E[:5])
        raise UserError(
            f"{frame.source}: the log of {metric.key} of run {run.name} of {run.experiment} has "
            f"gaps (it has {shown} …), so it was sampled, and its last value need not be the "
            "final one; export the whole log, or a row for each run with its final value"
        )


def _ends(
    frame: Frame, roles: Roles, runs: Sequence[RecordedRun], notices: list[Notice]
) -> dict[str, str]:
    """The last epoch of the runs of an experiment, as one of its settings; not where each run says
    which epoch counts."""
    whole = [run for run in runs if not run.lost]
    if not roles.epoch or not whole or all(run.kept is not None for run in whole):
        return {}
    last = [_epoch(frame, roles, run.rows[-1]) for run in whole]
    low, high = min(last), max(last)
    if low == high:
        return {roles.epoch: f"{low:g}"}
    notices.append(DifferentEnds(runs[0].experiment, roles.epoch, low, high))
    return {roles.epoch: f"{low:g} to {high:g}"}


def _numbered(seeds: Sequence[str]) -> dict[str, int]:
    """Integers for seeds: their own, or their places where one is no integer."""
    if all(seed.isdecimal() for seed in seeds):
        return {seed: int(seed) for seed in seeds}
    return {seed: place for place, seed in enumerate(sorted(set(seeds)))}
