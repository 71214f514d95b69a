"""The runs of a table: their final values, their settings, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paribus.elsewhere.cells import Cell, is_blank, step_of, text_of
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import DifferentEnds, KeptEpochs, NotEnded, Notice, UnknownStates
from paribus.elsewhere.recorded.examples import by_examples, correct_of
from paribus.elsewhere.recorded.records import RecordedExperiment, RecordedRun, RecordedRuns
from paribus.elsewhere.recorded.repeats import equal_values, same_values
from paribus.elsewhere.recorded.rows import epoch_of, runs_of, state_of
from paribus.elsewhere.recorded.states import is_unknown
from paribus.elsewhere.recorded.summaries import mean_rows
from paribus.elsewhere.recorded.units import check_cells, check_values
from paribus.elsewhere.recorded.values import measured_at, values_of
from paribus.elsewhere.terms import Unit
from paribus.measure.metric import Metric

_LONGEST_SEED = 1000
"""Python converts no integers of some thousand digits."""


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
    notices = list(check_cells(frame, metrics, units))
    runs, running = runs_of(frame, roles)
    notices += [NotEnded(name, len(seeds)) for name, seeds in running.items()]
    states = dict.fromkeys(state_of(frame, roles, run.rows) for run in runs)
    if unknown := tuple(filter(is_unknown, states)):
        notices.append(UnknownStates(roles.status, unknown))
    by_experiment: dict[str, list[RecordedRun]] = {}
    for run in runs:
        by_experiment.setdefault(run.experiment, []).append(run)
    numbers = _numbered([run.seed for run in runs])
    final: dict[str, list[Cell]] = {metric.key: [] for metric in metrics}
    experiments = []
    correct = correct_of(frame, roles, runs, metrics) if roles.correct else {}
    measured = {metric: measured_at(frame, roles, runs, metric) for metric in metrics}
    for name, own in by_experiment.items():
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
        check_values(frame, roles, metric, experiments, is_stated=metric.key in units)
    steps = {key: step_of(cells) for key, cells in final.items()}
    for key, step in steps.items():
        notices += [*mean_rows(frame, experiments, key, step), *same_values(experiments, key)]
    return RecordedRuns(
        experiments=tuple(experiments),
        steps=steps,
        notices=tuple(notices),
    )


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
    if not roles.epoch or all(run.kept is not None for run in whole):
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
