"""Which experiments of a table are compared with which."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from paribus.elsewhere.frame import Frame
from paribus.elsewhere.records import RecordedRuns
from paribus.elsewhere.terms import Terms
from paribus.errors import UserError, did_you_mean


def asked_pairs(frame: Frame, names: Sequence[str], terms: Terms) -> list[tuple[str, str]]:
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


def check_shared_seeds(frame: Frame, runs: RecordedRuns, pairs: Sequence[tuple[str, str]]) -> None:
    seeds = {one.name: {run.seed for run in one.runs} for one in runs.experiments}
    if not any(seeds[a] & seeds[b] for a, b in pairs):
        a, b = pairs[0]
        others = ", nor have any other two that are compared" if len(pairs) > 1 else ""
        raise UserError(
            f"{frame.source}: --paired: {a} and {b} have no seed in common{others}; leave out "
            "--paired, and runs are compared unpaired"
        )
