"""What a comparison over seeds is of, in the phrases in which kinds differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from paribus.present.estimates import with_interval
from paribus.present.wording.generic import verdict_words
from paribus.questions.finding import InteractionFinding, Measured, PairFinding, Verdict
from paribus.questions.tuned_finding import TunedFinding
from paribus.text import count

MORE = {Verdict.BETTER: "gains more", Verdict.WORSE: "gains less"}


def examples(finding: PairFinding) -> str:
    """Return what runs were tested on: results from elsewhere need not be of images."""
    return "examples" if finding.pair.recorded_only else "images"


@dataclass(frozen=True)
class Phrases:
    """`different`, `equal`: the verdicts as clauses; `undecided`: what is, behind that word;
    `between`: what there may be a difference between;
    `either`: what may be, where the interval holds 0; `quantity`: what the numbers are."""

    different: str
    equal: str
    undecided: str
    between: str
    either: str
    quantity: str


@singledispatch
def phrases(finding: PairFinding) -> Phrases:
    """Return the phrases of a finding."""
    a, b = finding.a, finding.b
    return Phrases(
        different=f"{b} is {verdict_words(finding.verdict)} than {a}",
        equal=f"{a} and {b} are practically equivalent",
        undecided=f"between {a} and {b}",
        between=f"between {a} and {b}",
        either=f"{b} may be better or worse",
        quantity=finding.metric.label,
    )


@phrases.register
def _(finding: InteractionFinding) -> Phrases:
    first, second = finding.changes
    there = f"the change from {second.a} to {second.b}"
    here = f"that from {first.a} to {first.b}"
    upper = there[0].upper() + there[1:]
    return Phrases(
        different=f"{upper} {MORE.get(finding.verdict, '')} than {here}",
        equal=f"{upper} gains as much as {here}, for practical purposes",
        undecided=f"whether {there} gains as much as {here}",
        between=f"between {there} and {here}",
        either="it may gain more or less",
        quantity=f"difference of the changes in {finding.metric.label}",
    )


@singledispatch
def unit(finding: PairFinding) -> str:
    """Return what is counted, of which each has a run of both experiments."""
    return "seed"


@unit.register
def _(finding: TunedFinding) -> str:
    return "replicate"


def seeds(finding: PairFinding, number: int) -> str:
    """Return so many seeds, or what takes their place, in words."""
    return count(number, unit(finding))


def quantity(finding: PairFinding) -> str:
    """Return what the numbers are, and which way is better where it is down."""
    better = "" if finding.metric.higher_is_better else " (lower is better)"
    return phrases(finding).quantity + better


def estimated(finding: PairFinding, measured: Measured) -> str:
    """Return what the numbers are, with estimate and interval."""
    paired = measured.paired
    numbers = with_interval(
        finding.metric,
        paired.mean,
        paired.low,
        paired.high,
        confidence=0.95,
        n=seeds(finding, paired.n),
    )
    return f"{quantity(finding)} {numbers}"
