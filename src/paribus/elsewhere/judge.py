"""Asks about pairs of experiments of a table, all as one family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from paribus.elsewhere.columns import Roles, Stated, plain, roles_of
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.metrics import is_best, is_summary, metric_of
from paribus.elsewhere.notices import (
    AbsentSeeds,
    AlikeNames,
    BestOfSeveral,
    DirectionGuessed,
    Guessed,
    MeansInARow,
    NoSettings,
    Notice,
    OneValueEach,
    PairsDropped,
    SeedsNotPaired,
    SummaryOfRuns,
    UnitGuessed,
    Unused,
)
from paribus.elsewhere.question import ElsewhereBestQuestion, ElsewhereQuestion
from paribus.elsewhere.runs import RecordedExperiment, RecordedRuns, recorded
from paribus.elsewhere.units import has_sign, is_named_percent
from paribus.errors import UserError, did_you_mean
from paribus.measure import table
from paribus.measure.metric import Metric
from paribus.questions.best import Contest
from paribus.questions.best_finding import NotAskedAbout
from paribus.questions.compare import Comparison
from paribus.questions.family import conclude
from paribus.questions.finding import Finding, Pair
from paribus.questions.kind import Prepared
from paribus.questions.unpaired import UnpairedComparison
from paribus.spec.diff import SettingChanged
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count

_NONE = "(empty)"


@dataclass(frozen=True)
class Terms:
    """What is asked of a table.

    `columns`: which column is what, as far as it is stated. `better`: "higher" or "lower", None to
    go by the metric's name. `paired`: whether runs of one seed belong together. `matters`: the
    smallest difference that matters of each metric, in its own unit; empty if none was stated.
    `about`: the columns that are meant to differ; by default the only one that does. `compare`:
    pairs of experiments; `baseline`: the one that all others are compared with; by default every
    pair. `best`: whether it is asked, too, which of all may be the best. `unreported`: whether runs
    without a value have one that is not here.
    """

    columns: Stated = field(default_factory=Stated)
    better: str | None = None
    paired: bool = False
    matters: tuple[float, ...] = ()
    about: tuple[str, ...] = ()
    compare: tuple[tuple[str, str], ...] = ()
    baseline: str | None = None
    best: bool = False
    unreported: bool = False


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
    roles = roles_of(frame, terms.columns)
    if roles.correct and not terms.paired:
        raise UserError("--correct: has no effect on runs that are not paired; add --paired")
    if terms.paired and not roles.seed:
        raise UserError(f"{frame.source}: --paired needs a column of seeds; name it with --seed")
    metrics = tuple(_metric(frame, column, terms) for column in roles.metric)
    if terms.matters and len(terms.matters) != len(metrics):
        raise UserError(
            f"--matters: needs a number for each of {count(len(metrics), 'metric')} "
            f"({', '.join(roles.metric)}), got {len(terms.matters)}"
        )
    matters = dict(zip(metrics, terms.matters or (0.0,) * len(metrics), strict=True))
    for metric in metrics:
        _check_matters(metric, matters[metric])
    runs = recorded(frame, roles, metrics, unreported=terms.unreported)
    pairs = _pairs(frame, [one.name for one in runs.experiments], terms)
    if terms.paired:
        _check_shared_seeds(frame, runs, pairs)
    for column in terms.about:
        settings = runs.experiments[0].settings
        if column not in settings:
            raise UserError(
                f'{frame.source}: --about {column}: no setting is called "{column}"; '
                f"{did_you_mean(column, list(settings))}"
            )
    prepared: list[Prepared] = [
        _prepared(
            runs, metric, pair, terms, matters=matters[metric], family=len(pairs) * len(metrics)
        )
        for metric in metrics
        for pair in pairs
    ]
    if terms.best:
        prepared += [_contest(runs, metric, terms, matters[metric]) for metric in metrics]
    notices = (*_of_roles(frame, roles, terms, metrics), *_of_runs(runs, roles, terms, pairs))
    return Judgement(
        source=frame.source,
        roles=roles,
        terms=terms,
        metrics=metrics,
        experiments=runs.experiments,
        findings=tuple(conclude(prepared)),
        notices=notices,
    )


def _metric(frame: Frame, column: str, terms: Terms) -> Metric:
    metric = metric_of(column, plain(column), frame.columns[column], terms.better)
    if terms.unreported:
        metric = replace(metric, lacks="went unreported", without="the values of all runs")
    return metric


def _check_matters(metric: Metric, matters: float) -> None:
    try:
        metric.check_difference(matters)
    except ValueError as error:
        raise UserError(f"--matters: {error}") from None


def _check_shared_seeds(frame: Frame, runs: RecordedRuns, pairs: Sequence[tuple[str, str]]) -> None:
    seeds = {one.name: {run.seed for run in one.runs} for one in runs.experiments}
    if not any(seeds[a] & seeds[b] for a, b in pairs):
        a, b = pairs[0]
        others = ", nor have any other two that are compared" if len(pairs) > 1 else ""
        raise UserError(
            f"{frame.source}: --paired: {a} and {b} have no seed in common{others}; leave out "
            "--paired, and runs are compared unpaired"
        )


def _pairs(frame: Frame, names: Sequence[str], terms: Terms) -> list[tuple[str, str]]:
    if len(names) < 2:
        raise UserError(
            f"{frame.source}: has one experiment ({names[0] if names else 'none'}); a comparison "
            "needs two; --experiment names the column that tells experiments apart"
        )
    for name in _asked(terms):
        if name not in names:
            raise UserError(
                f'{frame.source}: there is no experiment "{name}"; {did_you_mean(name, names)}'
            )
    for a, b in terms.compare:
        if a == b:
            raise UserError(f"--compare {a} {b}: compares an experiment with itself; name two")
    if terms.compare:
        return list(dict.fromkeys(terms.compare))
    if terms.baseline is not None:
        return [(terms.baseline, name) for name in names if name != terms.baseline]
    return list(combinations(names, 2))


def _asked(terms: Terms) -> list[str]:
    named = [name for pair in terms.compare for name in pair]
    return named if terms.baseline is None else [*named, terms.baseline]


def _prepared(
    runs: RecordedRuns,
    metric: Metric,
    names: tuple[str, str],
    terms: Terms,
    *,
    matters: float,
    family: int,
) -> Prepared:
    by_name = {one.name: one for one in runs.experiments}
    a, b = (by_name[name] for name in names)
    pair = _pair(a, b, terms.about)
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
            missing_is_worst=not terms.unreported,
        )
    return UnpairedComparison(
        question=question,
        pair=pair,
        metric=metric,
        a_A=table.values(a_rows),
        b_B=table.values(b_rows),
        family=family,
        step=step,
        missing_is_worst=not terms.unreported,
    )


def _contest(runs: RecordedRuns, metric: Metric, terms: Terms, matters: float) -> Contest:
    """The question which of all experiments may be the best; of pairs, each over the seeds that
    both have."""
    experiments = runs.experiments
    rows = [one.series[metric.key] for one in experiments]
    values, ran = tuple(map(table.values, rows)), None
    if terms.unreported and not all(np.isfinite(value_R).all() for value_R in values):
        raise UserError("--best: needs all values, and some are unreported; leave --best out")
    if terms.paired:
        values, ran = table.by_seed(rows)
    first, *others = experiments
    pairs = [_pair(first, one, terms.about) for one in others]
    return Contest(
        question=ElsewhereBestQuestion(
            ask="Which may be the best?",
            best=tuple(one.name for one in experiments),
            about=terms.about,
            metric=metric.key,
            matters=matters,
        ),
        metric=metric,
        values=values,
        paired=terms.paired,
        ran=ran,
        step=runs.steps[metric.key],
        confounds=tuple(NotAskedAbout(pair.b, pair.confounds) for pair in pairs if pair.confounds),
    )


def _pair(a: RecordedExperiment, b: RecordedExperiment, about: Sequence[str]) -> Pair:
    """Return what is recorded to differ. Where nobody says what is meant to, one setting may."""
    differences = tuple(
        SettingChanged(column, before or _NONE, b.settings.get(column, "") or _NONE)
        for column, before in a.settings.items()
        if before != b.settings.get(column, "")
    )
    meant = about or tuple(one.aspect for one in differences[:1] if len(differences) == 1)
    return Pair(
        a=a.name,
        b=b.name,
        differences=differences,
        confounds=tuple(one for one in differences if one.aspect not in meant),
        recorded_only=True,
    )


def _of_roles(frame: Frame, roles: Roles, terms: Terms, metrics: Sequence[Metric]) -> list[Notice]:
    notices: list[Notice] = [
        Guessed(role, roles.of(role)) for role in roles.guessed if role != "status"
    ]
    for metric in metrics:
        if terms.better is None:
            notices.append(DirectionGuessed(metric.key, metric.higher_is_better))
        if metric.is_share and not any(map(has_sign, frame.columns[metric.key])):
            in_percent = metric.scale == 1
            notices.append(UnitGuessed(metric.key, in_percent, is_named_percent(metric.key)))
        if is_best(plain(metric.key)):
            notices.append(BestOfSeveral(metric.key))
        if is_summary(plain(metric.key)):
            notices.append(SummaryOfRuns(metric.key))
    if roles.unused:
        notices.append(Unused(roles.unused))
    return notices


def _of_runs(
    runs: RecordedRuns, roles: Roles, terms: Terms, pairs: Sequence[tuple[str, str]]
) -> list[Notice]:
    notices = list(runs.notices)
    experiments = runs.experiments
    if all(len(one.runs) == 1 for one in experiments):
        notices.append(OneValueEach(len(experiments)))
    alike: dict[str, list[str]] = {}
    for one in experiments:
        alike.setdefault(plain(one.name), []).append(one.name)
    notices += [AlikeNames(tuple(same)) for same in alike.values() if len(same) > 1]
    notices += [
        MeansInARow(one.name)
        for one in experiments
        if len(one.runs) == 1 and is_summary(plain(one.name))
    ]
    if not any(one.settings for one in experiments):
        notices.append(NoSettings())
    by_name = {one.name: [run.seed for run in one.runs] for one in experiments}
    if terms.paired:
        dropped: dict[tuple[int, tuple[str, ...]], list[tuple[str, str]]] = {}
        for a, b in pairs:
            lacking = sorted(set(by_name[a]) ^ set(by_name[b]))
            if lacking:
                shared = len(set(by_name[a]) & set(by_name[b]))
                on_one_side = () if shared < FEWEST_SEEDS else tuple(lacking)
                dropped.setdefault((shared, on_one_side), []).append((a, b))
        notices += [PairsDropped(tuple(two), *key) for key, two in dropped.items()]
    elif roles.seed:
        seeds = {frozenset(found) for found in by_name.values()}
        if len(seeds) == 1 and len(experiments[0].runs) > 1:
            notices.append(SeedsNotPaired(len(experiments[0].runs)))
        compared = set(by_name) if terms.best else {name for pair in pairs for name in pair}
        asked = {name: set(found) for name, found in by_name.items() if name in compared}
        if absent := _absent(asked):
            notices.append(AbsentSeeds(absent))
    return notices


def _absent(seeds: Mapping[str, set[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Which seeds each experiment lacks, of those that have others with some of its own: seeds of
    which none are shared were chosen to differ."""
    absent = []
    for name, own in seeds.items():
        others = (theirs for theirs in seeds.values() if theirs & own)
        lacking = set[str]().union(*others) - own - {""}
        if lacking:
            in_order = sorted(lacking, key=lambda seed: (len(seed) * seed.isdecimal(), seed))
            absent.append((name, tuple(in_order)))
    return tuple(absent)


def finite(found: RecordedExperiment, metric: str) -> NDArray[np.float64]:
    """Return the values of an experiment's runs that have one: (R,)."""
    values = table.values(found.series[metric])
    return values[np.isfinite(values)]
