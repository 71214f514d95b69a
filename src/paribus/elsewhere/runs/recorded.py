"""The runs of a table: which rows are a run, its final value, its settings, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from paribus.elsewhere.columns.roles import Roles, experiments_of
from paribus.elsewhere.runs.examples import read_correct
from paribus.elsewhere.frame import Cell, Frame, is_blank, number, step_of, text_of
from paribus.elsewhere.columns.metrics import percent_bounds
from paribus.elsewhere.columns.names import plain
from paribus.elsewhere.notices import DifferentEnds, KeptEpochs, NotEnded, Notice, UnknownStates
from paribus.elsewhere.terms import Unit
from paribus.elsewhere.runs.records import RecordedExperiment, RecordedRun, RecordedRuns
from paribus.elsewhere.runs.repeats import check_copies, check_once, equal_values, tell_apart
from paribus.elsewhere.runs.states import is_lost, is_running, is_unknown
from paribus.elsewhere.runs.summaries import check_summaries, mean_rows, same_values
from paribus.elsewhere.runs.units import are_percentages, check_logs, check_signs, check_stated, check_units, low_percentages
from paribus.elsewhere.runs.values import by_examples, epoch_of, measured_at, values_of
from paribus.errors import UserError
from paribus.measure.metric import Metric
from paribus.text import listed

_LONGEST_SEED = 1000
"""Python converts no integers of some thousand digits."""
_INTEGER = re.compile(r"0*(\d+)(?:\.0*)?")


def recorded(
    frame: Frame,
    roles: Roles,
    metrics: Sequence[Metric],
    units: Mapping[str, Unit],
) -> RecordedRuns:
    """Return the runs of a table.

    units: of the metrics, by key, as far as they are stated.
    Raises `UserError` for a run that is there twice, a log that was sampled, and a text that is not
    a number.
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
    states = dict.fromkeys(_state(frame, roles, run.rows) for run in runs)
    if unknown := tuple(filter(is_unknown, states)):
        notices.append(UnknownStates(roles.status, unknown))
    runs_of: dict[str, list[RecordedRun]] = {}
    for run in runs:
        runs_of.setdefault(run.experiment, []).append(run)
    numbers = _numbered([run.seed for run in runs])
    final: dict[str, list[Cell]] = {metric.key: [] for metric in metrics}
    experiments = []
    correct = _correct(frame, roles, runs, metrics) if roles.correct else {}
    measured = {metric: measured_at(frame, roles, runs, metric) for metric in metrics}
    for name, own in runs_of.items():
        series = {}
        for metric in metrics:
            found = [
                values_of(
                    frame, roles, run, metric, seed=numbers[run.seed], measured=measured[metric]
                )
                for run in own
            ]
            if metric.scores_are_correctness and correct:
                found = [
                    by_examples(frame, run, one, correct[run])
                    for run, one in zip(own, found, strict=True)
                ]
            final[metric.key] += [one.last for one in found]
            series[metric.key] = tuple(one.series for one in found)
            notices += equal_values(name, own, series[metric.key])
        settings = {column: text_of(frame.columns[column][own[0].rows[0]])
                    for column in roles.config}  # fmt: skip
        settings |= _ends(frame, roles, own, metrics=metrics, notices=notices)
        first = own[0].rows[0]
        parts = tuple(text_of(frame.columns[column][first]) for column in roles.experiment)
        going = frozenset(running.get(name, ())) - {""}
        experiments.append(RecordedExperiment(name, tuple(own), series, settings, parts, going))
    chosen = [run for run in runs if run.kept is not None]
    if early := sum(run.kept != epoch_of(frame, roles, run.rows[-1]) for run in chosen):
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
        state = _state(frame, roles, ordered)
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


def _state(frame: Frame, roles: Roles, rows: Sequence[int]) -> str:
    """What the last row of a run that says so says of its state."""
    states = [_cell(frame, roles.status, row) for row in rows]
    return next(filter(None, reversed(states)), "")


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
            f"{frame.places[rows[1]]}: {called} of {name} is already in "
            f"{frame.places[rows[0]]}; {tell_apart(frame, roles, rows)}"
        )
    epochs = {row: epoch_of(frame, roles, row) for row in rows}
    ordered = sorted(rows, key=lambda row: (epochs[row], row))
    if not frame.is_log:
        for before, after in pairwise(ordered):
            if epochs[before] == epochs[after]:
                raise UserError(
                    f"{frame.places[after]}: {roles.epoch} {epochs[after]:g} of {called} of "
                    f"{name} is already in {frame.places[before]}; "
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
    if len(said) > 1 or kept not in [epoch_of(frame, roles, row) for row in rows]:
        raise UserError(
            f"{frame.places[rows[0]]}: {roles.kept} must be one {roles.epoch} of the run, the same "
            f"in all its rows, got {listed(said, 3)}"
        )
    return kept


def _counts(frame: Frame, roles: Roles, run: RecordedRun) -> int:
    """The row of a run whose values count."""
    if run.kept is None:
        return run.rows[-1]
    return next(row for row in run.rows if epoch_of(frame, roles, row) == run.kept)


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


def _ends(
    frame: Frame,
    roles: Roles,
    runs: Sequence[RecordedRun],
    *,
    metrics: Sequence[Metric],
    notices: list[Notice],
) -> dict[str, str]:
    """The last epoch at which the runs of an experiment were measured, as one of its settings; not
    where each run says which epoch counts."""
    whole = [run for run in runs if not run.lost]
    if not roles.epoch or not whole or all(run.kept is not None for run in whole):
        return {}
    last = [_last_measured(frame, roles, run, metrics) for run in whole]
    low, high = min(last), max(last)
    if low == high:
        return {roles.epoch: f"{low:g}"}
    notices.append(DifferentEnds(runs[0].experiment, roles.epoch, low, high))
    return {roles.epoch: f"{low:g} to {high:g}"}


def _last_measured(
    frame: Frame, roles: Roles, run: RecordedRun, metrics: Sequence[Metric]
) -> float:
    """The last epoch of a run with a value of some metric; its last one if it has none."""
    cells = [frame.columns[metric.key] for metric in metrics]
    rows = [row for row in run.rows if any(not is_blank(column[row]) for column in cells)]
    return epoch_of(frame, roles, (rows or run.rows)[-1])


def _numbered(seeds: Sequence[str]) -> dict[str, int]:
    """Integers for seeds: their own, or their places where one is no integer."""
    if all(seed.isdecimal() and len(seed) <= _LONGEST_SEED for seed in seeds):
        return {seed: int(seed) for seed in seeds}
    return {seed: place for place, seed in enumerate(sorted(set(seeds)))}
