"""Asks about pairs of experiments of a table, all as one family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paribus.elsewhere.asked.differences import differ_in, meant_to_differ
from paribus.elsewhere.asked.pairs import asked_pairs, check_shared_seeds
from paribus.elsewhere.asked.questions import ElsewhereBestQuestion, ElsewhereQuestion
from paribus.elsewhere.columns.metrics import metric_of
from paribus.elsewhere.columns.names import plain
from paribus.elsewhere.columns.roles import Roles, roles_of
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import Notice
from paribus.elsewhere.pooled import pooled
from paribus.elsewhere.remarks import of_roles, of_runs
from paribus.elsewhere.runs.missing import settled
from paribus.elsewhere.runs.recorded import recorded
from paribus.elsewhere.runs.records import RecordedExperiment, RecordedRuns
from paribus.elsewhere.shapes.experiment_columns import long_form
from paribus.elsewhere.shapes.metric_rows import one_column_each
from paribus.elsewhere.shapes.seed_columns import by_seed, check_no_seed_columns, seed_columns
from paribus.elsewhere.terms import Missing, Terms, Unit
from paribus.errors import UserError, did_you_mean
from paribus.measure import table
from paribus.measure.metric import Metric
from paribus.questions.best import Contest
from paribus.questions.best_finding import NotAskedAbout
from paribus.questions.compare import Comparison
from paribus.questions.contested import Groups, OwnSeeds
from paribus.questions.family import conclude
from paribus.questions.finding import Finding, Pair
from paribus.questions.kind import Prepared
from paribus.questions.unpaired import UnpairedComparison
from paribus.spec.diff import SettingChanged
from paribus.text import count

_NONE = "(empty)"


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
    of_form: list[Notice] = []
    if terms.wide:
        form = by_seed if seed_columns(frame, terms) else long_form
        frame, of_form = form(frame, terms)
    else:
        check_no_seed_columns(frame, terms)
        frame, of_form = one_column_each(frame, terms)
    roles = roles_of(frame, terms.columns)
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
    units = dict(zip(roles.metric, terms.units, strict=False))
    metrics = tuple(_metric(frame, column, terms, units.get(column)) for column in roles.metric)
    matters = dict(zip(metrics, terms.matters or (0.0,) * len(metrics), strict=True))
    for metric in metrics:
        _check_matters(metric, matters[metric])
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
        _prepared(
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
            _contest(runs, metric, terms, roles, matters=matters[metric]) for metric in metrics
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


def _metric(frame: Frame, column: str, terms: Terms, unit: Unit | None) -> Metric:
    metric = metric_of(column, plain(column), frame.columns[column], terms.better, unit=unit)
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


def _check_matters(metric: Metric, matters: float) -> None:
    try:
        metric.check_difference(matters)
    except ValueError as error:
        raise UserError(f"--matters: {error}") from None


def _prepared(
    runs: RecordedRuns,
    metric: Metric,
    names: tuple[str, str],
    terms: Terms,
    *,
    roles: Roles,
    matters: float,
    family: int,
) -> Prepared:
    by_name = {one.name: one for one in runs.experiments}
    a, b = (by_name[name] for name in names)
    pair = _pair(a, b, terms.about, roles)
    question = ElsewhereQuestion(
        ask=f"Is {b.name} better than {a.name}?",
        compare=names,
        about=terms.about,
        metric=metric.key,
        matters=matters,
    )
    step = runs.steps[metric.key]
    a_rows, b_rows = a.series[metric.key], b.series[metric.key]
    if terms.paired:
        a_rows, b_rows = map(tuple, table.paired(a_rows, b_rows))
        a_SN, b_SN = table.scores(a_rows), table.scores(b_rows)
        both = a_SN is not None and b_SN is not None
        return Comparison(
            question=question,
            pair=pair,
            metric=metric,
            a_S=table.values(a_rows),
            b_S=table.values(b_rows),
            a_SN=a_SN if both else None,
            b_SN=b_SN if both else None,
            correct_a_SN=table.correct(a_rows) if both else None,
            correct_b_SN=table.correct(b_rows) if both else None,
            step=step,
            missing_is_worst=terms.missing is not Missing.UNREPORTED,
        )
    return UnpairedComparison(
        question=question,
        pair=pair,
        metric=metric,
        a_A=table.values(a_rows),
        b_B=table.values(b_rows),
        family=family,
        step=step,
        missing_is_worst=terms.missing is not Missing.UNREPORTED,
    )


def _contest(
    runs: RecordedRuns, metric: Metric, terms: Terms, roles: Roles, *, matters: float
) -> Contest:
    """The question which of all experiments may be the best; of pairs, each over the seeds that
    both have."""
    experiments = runs.experiments
    rows = [one.series[metric.key] for one in experiments]
    values = tuple(map(table.values, rows))
    is_whole = all(np.isfinite(value_R).all() for value_R in values)
    if terms.missing is Missing.UNREPORTED and not is_whole:
        raise UserError("--best: needs all values, and some are unreported; leave --best out")
    first, *others = experiments
    pairs = [_pair(first, one, terms.about, roles) for one in others]
    return Contest(
        question=ElsewhereBestQuestion(
            ask="Which may be the best?",
            best=tuple(one.name for one in experiments),
            about=terms.about,
            metric=metric.key,
            matters=matters,
        ),
        metric=metric,
        runs=OwnSeeds(*table.by_seed(rows)) if terms.paired else Groups(values),
        step=runs.steps[metric.key],
        confounds=tuple(NotAskedAbout(pair.b, pair.confounds) for pair in pairs if pair.confounds),
    )


def _pair(a: RecordedExperiment, b: RecordedExperiment, about: Sequence[str], roles: Roles) -> Pair:
    """Return what is recorded to differ."""
    differences = tuple(
        SettingChanged(column, a.settings[column] or _NONE, b.settings.get(column, "") or _NONE)
        for column in differ_in(a, b)
    )
    meant = meant_to_differ(a, b, about, roles)
    return Pair(
        a=a.name,
        b=b.name,
        differences=differences,
        confounds=tuple(one for one in differences if one.aspect not in meant),
        recorded_only=True,
    )


def finite(found: RecordedExperiment, metric: str) -> NDArray[np.float64]:
    """Return the values of an experiment's runs that have one: (R,)."""
    values = table.values(found.series[metric])
    return values[np.isfinite(values)]
