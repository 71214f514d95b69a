"""Words that every finding has, whatever its kind."""

from __future__ import annotations

from functools import singledispatch

from paribus.questions import original
from paribus.questions.finding import Finding, TwoSided, Verdict
from paribus.questions.original import Agreement

_VERDICTS = {
    Verdict.CONFOUNDED: "confounded",
    Verdict.BETTER: "better",
    Verdict.WORSE: "worse",
    Verdict.EQUAL: "equal for practical purposes",
    Verdict.UNDECIDED: "undecided",
    Verdict.NONE: "no verdict",
}
_AGREEMENTS = {
    Agreement.NOTHING_STATED: "",
    Agreement.NOT_COMPARABLE: "for you to judge",
    Agreement.CONFOUNDED: "cannot be told: more differs than was asked about",
    Agreement.OPEN: "neither confirmed nor contradicted",
    Agreement.AGREES: "agrees",
    Agreement.AGREES_BUT_SMALL: "agrees, though by less than matters",
    Agreement.EQUAL_AS_SMALL: "agrees: the difference is less than matters",
    Agreement.DISAGREES: "disagrees",
}


@singledispatch
def sentence(finding: Finding) -> str:
    """Return what to believe, in one sentence with estimate, interval and n."""
    raise NotImplementedError(f"no wording is registered for {type(finding).__name__}")


@singledispatch
def reasons(finding: Finding) -> tuple[str, ...]:
    """Return what the verdict rests on, a sentence each."""
    return ()


@singledispatch
def noise(finding: Finding) -> str:
    """Return how far single runs lie apart by the seed alone; "" where that is not known."""
    return ""


@singledispatch
def badge(finding: Finding) -> str:
    """Return the verdict in a word or two."""
    return verdict_words(finding.verdict)


@badge.register
def _two_sided_badge(finding: TwoSided) -> str:
    # "Better" beside a number of parameters could be misread: it says which way the second differs.
    words = {Verdict.BETTER: finding.metric.better, Verdict.WORSE: finding.metric.worse}
    return words.get(finding.verdict, verdict_words(finding.verdict))


@singledispatch
def subject(finding: Finding) -> str:
    """Return what was compared, in a few words."""
    return ", ".join(finding.question.experiments)


@subject.register
def _two_sided_subject(finding: TwoSided) -> str:
    return f"{finding.a} → {finding.b}, {finding.question.metric}"


@singledispatch
def table_verdict(finding: Finding) -> str:
    """Return the verdict with what has to be said of it in a table."""
    return badge(finding) + (", by less than matters" if finding.less_than_matters else "")


def verdict_words(verdict: Verdict) -> str:
    """Return a verdict in words."""
    return _VERDICTS[verdict]


def agreement(finding: Finding) -> str:
    """Return in words whether a finding agrees with the original's conclusion."""
    return _AGREEMENTS[original.agreement(finding)]


def differ_in(finding: TwoSided) -> str:
    """Return what the experiments differ in that the question is not about."""
    return "; ".join(difference.words for difference in finding.pair.confounds)
