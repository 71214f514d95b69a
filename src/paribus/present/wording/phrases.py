"""What a comparison over seeds is of, in the phrases in which kinds differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from paribus.present.wording.generic import verdict_words
from paribus.questions.finding import InteractionFinding, PairFinding, Verdict

MORE = {Verdict.BETTER: "gains more", Verdict.WORSE: "gains less"}


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
