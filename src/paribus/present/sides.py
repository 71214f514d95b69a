"""What a finding compares, each side with where its runs lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import singledispatch

import numpy as np

from paribus.present import short
from paribus.present.estimates import difference, mean_levels
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import (
    CellLevel,
    CountFinding,
    Finding,
    InteractionFinding,
    PairFinding,
    StepTimeFinding,
    TwoSided,
)
from paribus.questions.unpaired_finding import UnpairedFinding

Labels = Mapping[str, str]
"""What to call experiments in place of their names; of those that it lacks, the name."""

NO_BREAK = "\u00a0"
"""A space at which no line breaks."""


@singledispatch
def values(finding: Finding) -> tuple[str, str] | None:
    """Return the means of A and of B with their unit; None where they are not known."""
    return None


@values.register
def _(finding: CountFinding) -> tuple[str, str] | None:
    before, after = finding.count_a, finding.count_b
    return None if before is None or after is None else (f"{before:,}", f"{after:,}")


@values.register
def _(finding: PairFinding) -> tuple[str, str] | None:
    a, b = finding.evidence.level_a, finding.evidence.level_b
    if a is None or b is None:
        return None
    return mean_levels(finding.metric, a, b)


@values.register
def _(finding: UnpairedFinding) -> tuple[str, str] | None:
    a, b = finding.evidence.a.level, finding.evidence.b.level
    if a is None or b is None:
        return None
    return mean_levels(finding.metric, a, b)


@values.register
def _(finding: StepTimeFinding) -> tuple[str, str] | None:
    if finding.ratio is None:
        return None
    a, b = (
        _typical_ms([getattr(timing, side) for timing in finding.timings])
        for side in ("a_seconds", "b_seconds")
    )
    return a, b


@values.register
def _(finding: InteractionFinding) -> tuple[str, str] | None:
    """What the change gains in either place."""
    cells = finding.cells
    if any(cell.level is None for cell in cells):
        return None

    def gain(without: CellLevel, with_it: CellLevel) -> str:
        assert without.level is not None
        assert with_it.level is not None
        return difference(finding.metric, with_it.level[0] - without.level[0])

    return gain(*cells[:2]), gain(*cells[2:])


@singledispatch
def called(finding: TwoSided, labels: Labels) -> tuple[str, str]:
    """Return what to call A and B."""
    return labels.get(finding.a, finding.a), labels.get(finding.b, finding.b)


@called.register
def _(finding: InteractionFinding, labels: Labels) -> tuple[str, str]:
    first, second = (
        f"{labels.get(change.a, change.a)} → {labels.get(change.b, change.b)}"
        for change in finding.changes
    )
    return first, second


def sides_with_values(finding: Finding, labels: Labels) -> str:
    """Return the experiments in the order of their comparison, each with its mean where it is
    known."""
    if isinstance(finding, BestFinding):
        return ", ".join(labels.get(one.name, one.name) for one in finding.best)
    if not isinstance(finding, TwoSided):
        return short.sides(finding)
    a, b = called(finding, labels)
    if (known := values(finding)) is not None:
        # A number stays beside its unit.
        a, b = (
            f"{one} {value.replace(' ', NO_BREAK)}"
            for one, value in zip((a, b), known, strict=True)
        )
    between = "," if isinstance(finding, InteractionFinding) else " →"
    return f"{a}{between} {b}"


def _typical_ms(seconds_P: Sequence[Sequence[float]]) -> str:
    """The geometric mean over processes: the quotient of two is the ratio of the finding."""
    typical = math.exp(np.mean([np.log(seconds).mean() for seconds in seconds_P]))
    return f"{typical * 1000:.3g} ms"
