"""What is to be said of a table: what was guessed, and what its runs lack."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from paribus.elsewhere.asked.pairs import differ_in, lengths_differ, meant_to_differ
from paribus.elsewhere.cells import number, plain, text_of
from paribus.elsewhere.columns.metrics import has_sign, is_named_percent, preference
from paribus.elsewhere.columns.names import BEST_EPOCHS, NO_SETTINGS, called_like
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.columns.summary_names import is_best, is_summary
from paribus.elsewhere.columns.sweeps import MOST_BUDGETS
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import (
    AboutGuessed,
    AbsentSeeds,
    AlikeNames,
    BestEpochs,
    BestOfSeveral,
    Confounded,
    DifferentLengths,
    DirectionGuessed,
    Folds,
    Guessed,
    LargeMatters,
    LastOfLog,
    LogGuessed,
    MeansInARow,
    NoSettings,
    Notice,
    OneValueEach,
    PairsDropped,
    PairsInOneColumn,
    Pooled,
    SeedsNotPaired,
    SummaryOfRuns,
    SweepGuessed,
    UnitGuessed,
    Unnamed,
    Unused,
)
from paribus.elsewhere.recorded.missing import absent_seeds, by_number
from paribus.elsewhere.recorded.records import RecordedExperiment, RecordedRuns
from paribus.elsewhere.terms import Terms
from paribus.measure.metric import Metric
from paribus.stats.limits import FEWEST_SEEDS


def of_roles(frame: Frame, roles: Roles, terms: Terms, metrics: Sequence[Metric]) -> list[Notice]:
    notices: list[Notice] = [
        Guessed(role, roles.of(role)) for role in roles.guessed if role != "status"
    ]
    if roles.budgets:
        notices.append(SweepGuessed(roles.experiment[-1], roles.budgets))
    elif "epoch" in roles.guessed and not frame.is_log and _has_few(frame, roles.epoch):
        notices.append(LogGuessed(roles.epoch, roles.experiment, bool(roles.kept)))
    elif roles.epoch and not roles.kept:
        notices.append(LastOfLog(roles.epoch))
    best = [name for name in roles.unused if plain(name) in BEST_EPOCHS]
    if roles.epoch and not roles.kept and best:
        notices.append(BestEpochs(best[0]))
    if called_like("fold", frame)[:1] == (roles.seed,):
        notices.append(Folds(roles.seed))
    for metric in metrics:
        if terms.better is None:
            notices.append(DirectionGuessed(metric.key, metric.higher_is_better))
        signed = any(map(has_sign, frame.columns[metric.key]))
        if metric.is_share and not terms.units and not signed:
            in_percent = metric.scale == 1
            notices.append(UnitGuessed(metric.key, in_percent, is_named_percent(metric.key)))
        if is_best(plain(metric.key)):
            notices.append(BestOfSeveral(metric.key))
        if is_summary(plain(metric.key)):
            notices.append(SummaryOfRuns(metric.key))
    for metric, matters in zip(metrics, terms.matters, strict=False):
        if matters >= metric.mistyped_from:
            notices.append(LargeMatters(metric.key, matters, matters * metric.scale))
    if roles.unused:
        notices.append(Unused(roles.unused))
    return notices


def of_runs(
    runs: RecordedRuns, roles: Roles, terms: Terms, pairs: Sequence[tuple[str, str]]
) -> list[Notice]:
    notices = list(runs.notices)
    experiments = runs.experiments
    if all(len(one.runs) == 1 for one in experiments):
        notices.append(OneValueEach(len(experiments)))
    possible = len(experiments) * (len(experiments) - 1) // 2
    if len(pairs) < possible and not _asked_by_name(terms):
        one_of = roles.experiment[:-1] if roles.budgets else roles.experiment
        notices.append(PairsInOneColumn(one_of))
    alike: dict[str, list[str]] = {}
    for one in experiments:
        alike.setdefault(_alike(one.name), []).append(one.name)
    notices += [AlikeNames(tuple(same)) for same in alike.values() if len(same) > 1]
    notices += [
        MeansInARow(one.name)
        for one in experiments
        if len(one.runs) == 1 and is_summary(plain(one.name))
    ]
    notices += _unnamed(experiments)
    if not any(one.settings for one in experiments):
        notices.append(NoSettings())
    notices += _of_settings(experiments, roles, terms, pairs)
    by_name = {one.name: [run.seed for run in one.runs] for one in experiments}
    if terms.paired:
        running = {one.name: one.running for one in experiments}
        dropped: dict[tuple[int, tuple[str, ...]], list[tuple[str, str]]] = {}
        for a, b in pairs:
            on_one = set(by_name[a]) ^ set(by_name[b])
            # It is said of the others that they have not ended.
            lacking = sorted(on_one - running[a] - running[b], key=by_number)
            shared = len(set(by_name[a]) & set(by_name[b]))
            if lacking or (on_one and shared < FEWEST_SEEDS):
                on_one_side = () if shared < FEWEST_SEEDS else tuple(lacking)
                dropped.setdefault((shared, on_one_side), []).append((a, b))
        notices += [PairsDropped(tuple(two), *key) for key, two in dropped.items()]
    elif roles.seed:
        seeds = {frozenset(found) for found in by_name.values()}
        first = by_name[experiments[0].name]
        if len(seeds) == 1 and "" not in first and len(first) > 1:
            notices.append(SeedsNotPaired(len(first)))
        compared = set(by_name) if terms.best else {name for pair in pairs for name in pair}
        if absent := absent_seeds([one for one in experiments if one.name in compared]):
            notices.append(AbsentSeeds(tuple((name, tuple(one)) for name, one in absent.items())))
    return notices


def _of_settings(
    experiments: Sequence[RecordedExperiment],
    roles: Roles,
    terms: Terms,
    pairs: Sequence[tuple[str, str]],
) -> list[Notice]:
    """What is to be said of settings that differ, where nobody has said what is meant to."""
    if terms.about:
        return []
    by_name = {one.name: one for one in experiments}
    sides = [(by_name[a], by_name[b]) for a, b in pairs]
    meant = [meant_to_differ(a, b, (), roles) for a, b in sides]
    confounds = [
        column
        for two, by in zip(sides, meant, strict=True)
        for column in (() if by else differ_in(*two))
        if differ_in(*two) != (roles.epoch,)
    ]
    apart = dict.fromkeys(one.name for two in sides if lengths_differ(*two, roles) for one in two)
    ends = tuple((name, by_name[name].settings[roles.epoch]) for name in apart)
    about = tuple(dict.fromkeys(column for by in meant for column in by))
    return [
        *([AboutGuessed(about)] if about else []),
        *([Confounded(tuple(dict.fromkeys(confounds)))] if confounds else []),
        *([DifferentLengths(roles.epoch, ends)] if ends else []),
    ]


def _alike(name: str) -> str:
    """What names of one experiment have in common, such as 0.1 and 1e-1, or but for characters that
    are not seen."""
    seen = "".join(one for one in name if unicodedata.category(one) != "Cf")
    value = number(seen)
    return plain(seen) if value is None or value != value else repr(value)


def _unnamed(experiments: Sequence[RecordedExperiment]) -> list[Notice]:
    """The runs without seed and ID, where others have either."""
    without = {one.name: sum(not run.is_named for run in one.runs) for one in experiments}
    if sum(without.values()) == sum(len(one.runs) for one in experiments):
        return []
    return [Unnamed(name, runs) for name, runs in without.items() if runs]


def _asked_by_name(terms: Terms) -> bool:
    return bool(terms.compare) or terms.baseline is not None


def _has_few(frame: Frame, column: str) -> bool:
    """Whether a column counts so far only that its numbers may be ones of a sweep."""
    return 1 < len(set(map(text_of, frame.columns[column]))) <= MOST_BUDGETS


def pooled(frame: Frame, roles: Roles, terms: Terms, found: RecordedRuns) -> Iterator[Notice]:
    """Which columns tell runs of one experiment apart as a setting does, such as a dataset: each
    run has one value, and there are at most half as many values as runs. All its runs count
    alike."""
    runs = [(one.name, run.rows) for one in found.experiments for run in one.runs if run.rows]
    columns: dict[str, tuple[str, ...]] = {}
    for column in roles.unused:
        is_known = plain(column) in NO_SETTINGS or preference(plain(column)) is not None
        if is_known or column in terms.columns.ignored:
            continue
        cells = frame.columns[column]
        of_run = [(name, {text_of(cells[row]) for row in rows} - {""}) for name, rows in runs]
        if any(len(values) > 1 for _, values in of_run):
            continue
        value_of = [(name, next(iter(values), "")) for name, values in of_run]
        values = tuple(dict.fromkeys(value for _, value in value_of))
        if len({*value_of}) > len(found.experiments) and len(values) <= len(runs) / 2:
            columns[column] = values
    if columns:
        yield Pooled(roles.experiment, columns)
