"""The picture of a best set: how far each experiment is from the best other one, as a forest plot.

Better is to the right, as in the first picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from paribus.present import axes, estimates
from paribus.present.figures.shown import Forest, ForestGroup, ForestRow
from paribus.present.sides import Labels
from paribus.present.wording.best import in_order, ranks, to_best
from paribus.questions.best_finding import BestFinding, Contender
from paribus.questions.finding import Finding, Verdict


def contest(finding: BestFinding, labels: Labels | None = None) -> Forest | None:
    """Return the picture of a best set; None where nothing is known of it yet."""
    rows = tuple(
        _row(number, finding, one, labels or {})
        for number, one in enumerate(in_order(finding), start=1)
    )
    if all(row.estimate is None for row in rows):
        return None
    metric = finding.metric
    asked = finding.question.matters
    small = f"differences under {estimates.amount(metric, asked)} do not matter" if asked else ""
    group = ForestGroup(
        title=f"{metric.label[:1].upper()}{metric.label[1:]}, from the best other one",
        unit=metric.unit,
        left=metric.worse,
        right=metric.better,
        limit=0,
        ticks=(),
        rows=rows,
        small=small,
    )
    scale = axes.differences(reverse=not metric.higher_is_better)
    return Forest(
        axes.on_axes(group, scale, small_first=True),
        heading=finding.question.ask,
        has_original=False,
    )


def contests(findings: Sequence[Finding], labels: Labels) -> list[tuple[int, BestFinding, Forest]]:
    """Return the pictures of all best sets of a study, with the number of each question."""
    return [
        (number, finding, shown)
        for number, finding in enumerate(findings, start=1)
        if isinstance(finding, BestFinding) and (shown := contest(finding, labels)) is not None
    ]


def _row(number: int, finding: BestFinding, one: Contender, labels: Labels) -> ForestRow:
    metric = finding.metric
    scale = metric.scale * (1 if metric.higher_is_better else -1)
    estimate = low = high = None
    if one.to_best is not None:
        estimate = one.to_best * scale
    ends = [end * scale for end in (one.low, one.high) if end is not None and math.isfinite(end)]
    if len(ends) == 2:
        low, high = sorted(ends)
    verdict, word = _place(finding, one)
    level = "" if one.level is None else estimates.level(metric, *one.level)
    return ForestRow(
        number=number,
        question=labels.get(one.name, one.name),
        sides=", ".join(filter(None, (level, f"rank {ranks(one)}"))),
        n=f"n = {one.seeds}",
        verdict=verdict.value,
        word=word,
        numbers=to_best(metric, one),
        estimate=estimate,
        low=low,
        high=high,
        band=finding.question.matters * metric.scale,
        nothing="" if estimate is not None else _nothing(one),
    )


def _nothing(one: Contender) -> str:
    return "no run has a value" if one.missing == one.seeds else "too few seeds in common"


def _place(finding: BestFinding, one: Contender) -> tuple[Verdict, str]:
    if not one.may_be_best:
        return Verdict.WORSE, "not the best"
    if not one.compared:
        return Verdict.NONE, "not compared"
    if finding.verdict is Verdict.BETTER:
        return Verdict.BETTER, "the best"
    return Verdict.UNDECIDED, "may be the best"
