"""The first picture: the findings of a study as rows of a forest plot, places in numbers.

Better is always to the right and no difference at the same place, so differences of a metric of
which less is better, and ratios of times, run reversed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

from paribus.present import short, wording
from paribus.present.estimates import amount
from paribus.present.figures.shown import Forest, ForestGroup, ForestRow, Tick
from paribus.present.what_differs import difference_name
from paribus.questions import original
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import (
    CountFinding,
    Finding,
    PairFinding,
    StepTimeFinding,
    TwoSided,
    Verdict,
)
from paribus.questions.unpaired_finding import UnpairedFinding
from paribus.text import MINUS, count, listed, percent

_FITTING = 0.75
"""The share of intervals that an axis must hold."""
_BANDS = 5
"""How many bands an axis is wide on either side, at least."""
_STEPS = (1.0, 2.0, 5.0)
_RATIOS = (1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)


@dataclass(frozen=True)
class Places:
    """Where a finding lies on its axis, better to the right; None where it has no number."""

    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    band: float = 0
    dots: tuple[float, ...] = ()


@singledispatch
def places(finding: Finding) -> Places:
    """Return where a finding lies."""
    return Places()


@places.register
def _(finding: StepTimeFinding) -> Places:
    ratio, matters = finding.ratio, finding.matters
    band = math.log1p(matters) if matters else 0.0
    if ratio is None:
        return Places(band=band)
    equal = finding.verdict is Verdict.EQUAL
    low, high = (ratio.low_90, ratio.high_90) if equal else (ratio.low, ratio.high)
    dots = tuple(-dot for dot in finding.log_ratios)
    return Places(-math.log(ratio.ratio), -math.log(high), -math.log(low), band, dots)


@places.register
def _(finding: PairFinding) -> Places:
    evidence, metric = finding.evidence, finding.metric
    scale = metric.scale * (1 if metric.higher_is_better else -1)
    band = (finding.matters or 0.0) * metric.scale
    dots = tuple(dot * scale for dot in evidence.differences)
    if evidence.mean is None:
        return Places(band=band)
    mean = evidence.mean * scale
    if evidence.measured is None:
        return Places(mean, None, None, band, dots)
    measured = evidence.measured
    ends = (measured.paired.low * scale, measured.paired.high * scale)
    if finding.verdict is Verdict.EQUAL:
        ends = (measured.low_90 * scale, measured.high_90 * scale)
    return Places(mean, min(ends), max(ends), band, dots)


@places.register
def _(finding: UnpairedFinding) -> Places:
    evidence, metric = finding.evidence, finding.metric
    scale = metric.scale * (1 if metric.higher_is_better else -1)
    band = (finding.matters or 0.0) * metric.scale
    if evidence.mean is None:
        return Places(band=band)
    measured = evidence.measured
    if measured is None:
        return Places(evidence.mean * scale, None, None, band)
    equal = finding.verdict is Verdict.EQUAL
    low, high = (measured.low_90, measured.high_90) if equal else (measured.low, measured.high)
    first, last = sorted((float(low) * scale, float(high) * scale))
    return Places(evidence.mean * scale, first, last, band)


@singledispatch
def ends(finding: Finding) -> tuple[str, str]:
    """Return what lies to the left and to the right on its axis, in words."""
    return "", ""


@ends.register
def _(finding: TwoSided) -> tuple[str, str]:
    return finding.metric.worse, finding.metric.better


@ends.register
def _(finding: StepTimeFinding) -> tuple[str, str]:
    return "slower", "faster"


@singledispatch
def matters(finding: Finding) -> str:
    """Return the smallest difference that matters, with its unit; "" if none is stated."""
    return ""


@matters.register
def _(finding: PairFinding | UnpairedFinding) -> str:
    return "" if finding.matters is None else amount(finding.metric, finding.matters)


@matters.register
def _(finding: StepTimeFinding) -> str:
    return "" if finding.matters is None else percent(finding.matters, "g")


@singledispatch
def verdict(finding: Finding) -> str:
    """Return the verdict of a row; of a confounded one with what else differs."""
    return short.verdict(finding)


@verdict.register
def _(finding: TwoSided) -> str:
    word = short.verdict(finding)
    if finding.verdict is not Verdict.CONFOUNDED:
        return word
    names = list(dict.fromkeys(map(difference_name, finding.pair.confounds)))
    return f"{word}: differs in {listed(names)}, too"


@singledispatch
def nothing(finding: Finding) -> str:
    """Return why there is nothing to draw of a finding without an estimate."""
    return "nothing to draw yet"


@nothing.register
def _(finding: CountFinding) -> str:
    return "a count: no seeds, no interval"


@nothing.register
def _(finding: BestFinding) -> str:
    return "a set: open the row to see each"


def forest(findings: Sequence[Finding], *, preview: bool) -> Forest | None:
    """Return the first picture; None of a study that asks nothing. preview: whether they are of
    one."""
    if not findings:
        return None
    groups: dict[str, list[tuple[Finding, ForestRow]]] = {}
    for number, finding in enumerate(findings, start=1):
        groups.setdefault(short.group(finding), []).append((finding, _row(number, finding)))
    where = "In this preview: " if preview else ""
    return Forest(
        groups=tuple(_group(title, members) for title, members in groups.items()),
        heading=f"{where}{count(len(findings), 'question')}",
        has_original=any(finding.question.original for finding in findings),
    )


def _row(number: int, finding: Finding) -> ForestRow:
    found, at, asked = short.numbers(finding), places(finding), finding.question
    agreement = original.agreement(finding)
    notes = {
        "by less than matters": finding.less_than_matters,
        "exploratory": finding.exploratory,
    }
    words = [verdict(finding), *(note for note, holds in notes.items() if holds)]
    return ForestRow(
        number=number,
        question=asked.ask,
        sides=short.sides(finding),
        n=f"n = {found.n}" if found.n else "",
        verdict=finding.verdict.value,
        word=", ".join(words),
        numbers=found.together,
        estimate=at.estimate,
        low=at.low,
        high=at.high,
        band=at.band,
        dots=at.dots,
        claim=asked.original_verdict,
        original=asked.original,
        agreement=wording.agreement(finding),
        agrees=agreement.agrees,
        nothing=nothing(finding) if at.estimate is None else "",
    )


def _group(title: str, members: Sequence[tuple[Finding, ForestRow]]) -> ForestGroup:
    first = members[0][0]
    # The largest improvement first, what has no number last.
    rows = sorted(
        (row for _, row in members),
        key=lambda row: -math.inf if row.estimate is None else row.estimate,
        reverse=True,
    )
    left, right = ends(first)
    shared = {matters(finding) for finding, _ in members}
    small = shared.pop() if len(shared) == 1 else ""
    small = small and f"differences under {small} do not matter"
    group = ForestGroup(title, short.unit(first), left, right, 0, (), tuple(rows), small)
    if all(row.estimate is None for row in rows):
        return group
    if isinstance(first, StepTimeFinding):
        limit = _limit(rows, (math.log(ratio) for ratio in _RATIOS))
        return replace(group, limit=limit, ticks=_ratio_ticks(limit))
    reverse = isinstance(first, TwoSided) and not first.metric.higher_is_better
    limit, ticks = axis_of_differences(rows, reverse=reverse)
    return replace(group, limit=limit, ticks=ticks)


def axis_of_differences(
    rows: Sequence[ForestRow], *, reverse: bool
) -> tuple[float, tuple[Tick, ...]]:
    """Return the end of the axis that rows share, and its ticks. reverse: if less is better."""
    limit = _limit(rows, _round_numbers())
    return limit, _difference_ticks(limit, reverse=reverse)


def _round_numbers() -> Iterable[float]:
    return (step * 10.0**power for power in range(-9, 9) for step in _STEPS)


def _limit(rows: Sequence[ForestRow], candidates: Iterable[float]) -> float:
    """The smallest round number of at least five bands at which three quarters of the intervals
    fit, or the estimates of rows without one."""
    reach = sorted(
        max(abs(place) for place in (row.estimate, row.low, row.high) if place is not None)
        for row in rows
        if row.estimate is not None
    )
    bands = sorted(row.band for row in rows)
    least = max(reach[math.ceil(_FITTING * len(reach)) - 1], _BANDS * bands[len(bands) // 2])
    return next((limit for limit in candidates if limit >= least * (1 - 1e-9)), least)


def _ratio_ticks(limit: float) -> tuple[Tick, ...]:
    """Ratios at the ends and about half way."""
    shown = [ratio for ratio in _RATIOS if math.log(ratio) <= limit * (1 + 1e-9)]
    half = [ratio for ratio in shown if 0.3 * limit <= math.log(ratio) <= 0.7 * limit]
    found = [Tick(0.0, "same")]
    for ratio in dict.fromkeys([*half[-1:], shown[-1]]):
        text = f"{ratio:g}×"
        found += [Tick(-math.log(ratio), text), Tick(math.log(ratio), text)]
    return tuple(sorted(found, key=lambda tick: tick.at))


def _difference_ticks(limit: float, *, reverse: bool) -> tuple[Tick, ...]:
    signs: Callable[[float], float] = (lambda at: -at) if reverse else (lambda at: at)
    return tuple(
        Tick(at, f"{signs(at):+g}".replace("-", MINUS) if at else "0")
        for at in (-limit, -limit / 2, 0.0, limit / 2, limit)
    )
