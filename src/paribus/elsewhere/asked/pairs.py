"""Which experiments of a table are compared with which, and in which settings they differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from paribus.elsewhere.cells import is_value, plain
from paribus.elsewhere.columns.names import MEASURED_ON
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.recorded.records import RecordedExperiment, RecordedRuns
from paribus.elsewhere.terms import Terms
from paribus.errors import UserError, did_you_mean
from paribus.questions.finding import Pair
from paribus.spec.diff import SettingChanged

_NONE = "(empty)"


def asked_pairs(
    frame: Frame, experiments: Sequence[RecordedExperiment], terms: Terms, roles: Roles
) -> list[tuple[str, str]]:
    """Return the pairs that are asked about: those that are named, those with the baseline, or
    every pair. Of experiments that several columns name together those pairs alone that differ in
    one of them, and of several methods of a sweep over epochs not in these; but only if each
    experiment is in such a pair, so that none is left out.

    Raises `UserError` where there are not two experiments, or one that is named is not there.
    """
    names = [one.name for one in experiments]
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
    pairs = list(combinations(experiments, 2))
    near = [(a, b) for a, b in pairs if _columns_apart(a, b) == 1]
    if roles.budgets:
        near = [(a, b) for a, b in near if a.parts[-1] == b.parts[-1]]
    covers_all = {one.name for pair in near for one in pair} == set(names)
    return [(a.name, b.name) for a, b in (near if covers_all else pairs)]


def _columns_apart(a: RecordedExperiment, b: RecordedExperiment) -> int:
    """In how many of the columns that name experiments two differ."""
    return sum(one != other for one, other in zip(a.parts, b.parts, strict=True))


def _asked(terms: Terms) -> list[str]:
    named = [name for pair in terms.compare for name in pair]
    return named if terms.baseline is None else [*named, terms.baseline]


def check_shared_seeds(frame: Frame, runs: RecordedRuns, pairs: Sequence[tuple[str, str]]) -> None:
    """Raise `UserError` where no two that are compared have a seed in common."""
    seeds = {one.name: {run.seed for run in one.runs} for one in runs.experiments}
    if not any(seeds[a] & seeds[b] for a, b in pairs):
        a, b = pairs[0]
        others = ", nor have any other two that are compared" if len(pairs) > 1 else ""
        raise UserError(
            f"{frame.source}: --paired: {a} and {b} have no seed in common{others}; leave out "
            "--paired, and runs are compared unpaired"
        )


def differ_in(a: RecordedExperiment, b: RecordedExperiment) -> tuple[str, ...]:
    """Return the settings in which two experiments differ."""
    return tuple(name for name in a.settings if a.settings[name] != b.settings.get(name, ""))


def meant_to_differ(
    a: RecordedExperiment, b: RecordedExperiment, about: Sequence[str], roles: Roles
) -> tuple[str, ...]:
    """Return which settings are meant to differ: those that are stated. If none are, the only one
    that does, unless it says what the experiments were measured on, or that they were not trained
    for as long."""
    if about:
        return tuple(about)
    found = differ_in(a, b)
    if len(found) != 1 or plain(found[0]) in MEASURED_ON or lengths_differ(a, b, roles):
        return ()
    return found


def lengths_differ(a: RecordedExperiment, b: RecordedExperiment, roles: Roles) -> bool:
    """Return whether the logs of one experiment all end at one epoch, and those of the other at
    another."""
    ends = [one.settings.get(roles.epoch) for one in (a, b)]
    return all(map(is_value, ends)) and ends[0] != ends[1]


def pair_of(
    a: RecordedExperiment, b: RecordedExperiment, about: Sequence[str], roles: Roles
) -> Pair:
    """Return two experiments with what is recorded to differ between them."""
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
