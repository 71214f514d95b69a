"""Asks about pairs of experiments of a table, all as one family."""

from __future__ import annotations

from dataclasses import dataclass, replace

from paribus.elsewhere.asked.pairs import asked_pairs, check_shared_seeds
from paribus.elsewhere.asked.questions import check_matters, compared, contest
from paribus.elsewhere.columns.metrics import metric_of
from paribus.elsewhere.columns.roles import Roles, roles_of
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import Notice
from paribus.elsewhere.recorded.missing import settled
from paribus.elsewhere.recorded.records import RecordedExperiment, RecordedRuns
from paribus.elsewhere.recorded.runs import recorded
from paribus.elsewhere.remarks import of_roles, of_runs, pooled
from paribus.elsewhere.shapes.experiment_columns import long_form
from paribus.elsewhere.shapes.metric_rows import one_column_each
from paribus.elsewhere.shapes.seed_columns import by_seed, check_no_seed_columns, seed_columns
from paribus.elsewhere.terms import Missing, Terms, Unit
from paribus.errors import UserError, did_you_mean
from paribus.measure.metric import Metric
from paribus.questions.family import conclude
from paribus.questions.finding import Finding
from paribus.questions.kind import Prepared
from paribus.text import count


@dataclass(frozen=True, eq=False)
class Judgement:
    """Findings of a table, and all that they are of."""

    source: str
    roles: Roles
    terms: Terms
    metrics: tuple[Metric, ...]
    experiments: tuple[RecordedExperiment, ...]
    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...]


def judge(frame: Frame, terms: Terms) -> Judgement:
    """Judge every pair of experiments of a table that is asked about, all as one family.

    Raises `UserError` for what is wrong with the table or the terms.
    """
    frame, of_form = _with_a_row_per_run(frame, terms)
    roles = roles_of(frame, terms.columns)
    _check_terms(frame, roles, terms)
    units = dict(zip(roles.metric, terms.units, strict=False))
    metrics = tuple(_metric(frame, column, terms, units.get(column)) for column in roles.metric)
    matters = dict(zip(metrics, terms.matters or (0.0,) * len(metrics), strict=True))
    for metric in metrics:
        check_matters(metric, matters[metric])
    found = recorded(frame, roles, metrics, units)
    if terms.paired:
        _check_seeds(frame, roles, found)
    runs = settled(found, terms.missing)
    pairs = asked_pairs(frame, runs.experiments, terms, roles)
    if terms.paired:
        check_shared_seeds(frame, runs, pairs)
    for column in terms.about:
        settings = runs.experiments[0].settings
        if column not in settings:
            raise UserError(
                f'{frame.source}: --about {column}: no setting is called "{column}"; '
                f"{did_you_mean(column, list(settings))}"
            )
    prepared: list[Prepared] = [
        compared(
            runs,
            metric,
            pair,
            terms,
            roles=roles,
            matters=matters[metric],
            family=len(pairs) * len(metrics),
        )
        for metric in metrics
        for pair in pairs
    ]
    if terms.best:
        prepared += [
            contest(runs, metric, terms, roles, matters=matters[metric]) for metric in metrics
        ]
    of_table = of_roles(frame, roles, terms, metrics)
    of_pool = pooled(frame, roles, terms, runs)
    of_form += [one for one in frame.by_name if one.column in roles.experiment]
    notices = (*of_form, *of_table, *of_pool, *of_runs(runs, roles, terms, pairs))
    return Judgement(
        source=frame.source,
        roles=roles,
        terms=terms,
        metrics=metrics,
        experiments=runs.experiments,
        findings=tuple(conclude(prepared)),
        notices=notices,
    )


def _with_a_row_per_run(frame: Frame, terms: Terms) -> tuple[Frame, list[Notice]]:
    """The table in the shape that all else is asked of, and what is to be said of its own."""
    if terms.wide:
        form = by_seed if seed_columns(frame, terms) else long_form
        return form(frame, terms)
    check_no_seed_columns(frame, terms)
    return one_column_each(frame, terms)


def _check_terms(frame: Frame, roles: Roles, terms: Terms) -> None:
    """Raise `UserError` for terms that these columns cannot have."""
    if roles.correct and not terms.paired:
        raise UserError("--correct: has no effect on runs that are not paired; add --paired")
    if terms.paired and not roles.seed:
        raise UserError(f"{frame.source}: --paired needs a column of seeds; name it with --seed")
    for option, what, given in (
        ("--unit", "unit", terms.units),
        ("--matters", "number", terms.matters),
    ):
        if given and len(given) != len(roles.metric):
            raise UserError(
                f"{option}: needs a {what} for each of {count(len(roles.metric), 'metric')} "
                f"({', '.join(roles.metric)}), got {len(given)}"
            )


def _metric(frame: Frame, column: str, terms: Terms, unit: Unit | None) -> Metric:
    metric = metric_of(column, frame.columns[column], terms.better, unit=unit)
    if terms.missing is Missing.UNREPORTED:
        metric = replace(metric, lacks="went unreported", without="the values of all runs")
    return metric


def _check_seeds(frame: Frame, roles: Roles, found: RecordedRuns) -> None:
    """Raise `UserError` for a run without a seed, which is no pair of any other without one."""
    for one in found.experiments:
        for run in one.runs:
            if not run.seed:
                raise UserError(
                    f"{frame.places[run.rows[0]]}: --paired needs the seed of each run, and "
                    f"{roles.seed} is empty; fill it in, or leave --paired out"
                )
