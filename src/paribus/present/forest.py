"""The first picture: the findings of a study as rows of a forest plot, places in numbers.

Better is always to the right and no difference at the same place, so differences of a metric of
which less is better, and ratios of times, run reversed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

from paribus.present import axes, short, wording
from paribus.present.estimates import amount
from paribus.present.figures.shown import Forest, ForestGroup, ForestRow
from paribus.present.many_runs import dots_or_bars
from paribus.present.sides import NO_BREAK, Labels, sides_with_values
from paribus.questions import original
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import (
    CountFinding,
    Finding,
    NoVerdict,
    PairFinding,
    StepTimeFinding,
    TwoSided,
    Verdict,
)
from paribus.questions.unpaired_finding import UnpairedFinding
from paribus.text import count, percent

_NUMBER_AND_UNIT = re.compile(r"(?<=\d) (?=(?:s|ms|min|h)\b)")
"""The space between them."""


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
def nothing(finding: Finding) -> str:
    """Return why there is nothing to draw of a finding without an estimate."""
    return "nothing to draw yet" if finding.why_none is NoVerdict.UNFINISHED else "nothing to draw"


@nothing.register
def _(finding: StepTimeFinding) -> str:
    return "not timed yet: open the row for the command"


@nothing.register
def _(finding: CountFinding) -> str:
    return "a count: no seeds, no interval"


@nothing.register
def _(finding: BestFinding) -> str:
    return f"{len(finding.contenders)} experiments compared"


def forest(
    findings: Sequence[Finding], *, preview: bool, labels: Labels | None = None
) -> Forest | None:
    """Return the first picture; None of a study that asks nothing. preview: whether they are of
    one."""
    if not findings:
        return None
    groups: dict[str, list[tuple[Finding, ForestRow]]] = {}
    for number, finding in enumerate(findings, start=1):
        groups.setdefault(short.group(finding), []).append(
            (finding, _row(number, finding, labels or {}))
        )
    where = "In this preview: " if preview else ""
    return Forest(
        groups=tuple(
            group for title, members in groups.items() for group in _groups(title, members)
        ),
        heading=f"{where}{count(len(findings), 'question')}",
        has_original=any(finding.question.original for finding in findings),
    )


def _row(number: int, finding: Finding, labels: Labels) -> ForestRow:
    found, at, asked = short.numbers(finding), places(finding), finding.question
    agreement = original.agreement(finding)
    dots, bars = dots_or_bars(at.dots)
    notes = {
        "by less than matters": finding.less_than_matters,
        "exploratory": finding.exploratory,
        "amended": finding.is_amended,
    }
    words = [short.verdict(finding), *(note for note, holds in notes.items() if holds)]
    whys = (_why(finding, at), wording.as_first_planned(finding))
    return ForestRow(
        number=number,
        question=asked.ask,
        sides=sides_with_values(finding, labels),
        n=f"n = {found.n}" if found.n else "",
        verdict=finding.verdict.value,
        word=", ".join(words),
        why="; ".join(filter(None, whys)),
        numbers=found.together,
        estimate=at.estimate,
        low=at.low,
        high=at.high,
        band=at.band,
        dots=dots,
        bars=bars,
        claim=asked.original_verdict,
        original=_NUMBER_AND_UNIT.sub(NO_BREAK, asked.original),
        agreement=wording.agreement(finding),
        agrees=agreement.agrees,
        nothing=nothing(finding) if at.estimate is None else "",
    )


def _why(finding: Finding, at: Places) -> str:
    """What stands behind the verdict of a row. Of an undecided one why it is: dots that all lie on
    one side look like an answer."""
    why = short.why(finding)
    if why or finding.verdict is not Verdict.UNDECIDED or at.low is None or at.high is None:
        return why
    if at.low <= 0 <= at.high:
        return "may go either way"
    family = short.family_of_unclear(finding)
    return f"not clear enough for one of {family} questions" if family > 1 else "not clear enough"


def _groups(title: str, members: Sequence[tuple[Finding, ForestRow]]) -> tuple[ForestGroup, ...]:
    first = members[0][0]
    sizes = {row.number: matters(finding) for finding, row in members}
    # The largest improvement first, what has no number last.
    rows = sorted(
        (row for _, row in members),
        key=lambda row: -math.inf if row.estimate is None else row.estimate,
        reverse=True,
    )
    left, right = ends(first)
    whole = ForestGroup(title, short.unit(first), left, right, 0, (), tuple(rows))
    if isinstance(first, StepTimeFinding):
        scale = axes.ratios()
    else:
        reverse = isinstance(first, TwoSided) and not first.metric.higher_is_better
        scale = axes.differences(reverse=reverse)
    return tuple(_with_sizes(group, sizes) for group in axes.on_axes(whole, scale))


def _with_sizes(group: ForestGroup, sizes: Mapping[int, str]) -> ForestGroup:
    """A group that says which differences do not matter: once, or in each row if rows differ.

    sizes: the smallest that matters of each question, by its number; "" where none is stated.
    """
    shared = {sizes[row.number] for row in group.rows}
    if len(shared) == 1:
        (size,) = shared
        return replace(group, small=f"differences under {size} do not matter" if size else "")
    rows = (
        replace(row, small=f"under {size} does not matter" if size else "")
        for row in group.rows
        for size in (sizes[row.number],)
    )
    return replace(group, rows=tuple(rows))
