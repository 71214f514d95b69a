"""Words that every finding has, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import TypeVar

from paribus.present.what_differs import difference_words
from paribus.questions import original
from paribus.questions.finding import Finding, NoVerdict, TwoSided, Verdict
from paribus.questions.original import Agreement
from paribus.spec.study_plan import AskedQuestion
from paribus.text import count, listed, plural

_VERDICTS = {
    Verdict.CONFOUNDED: "confounded",
    Verdict.BETTER: "better",
    Verdict.WORSE: "worse",
    Verdict.EQUAL: "practically equivalent",
    Verdict.UNDECIDED: "undecided",
    Verdict.NONE: "no verdict",
}
_AGREEMENTS = {
    Agreement.NOTHING_STATED: "",
    Agreement.NOT_COMPARABLE: "for you to judge",
    Agreement.LEFT_TO_FULL_STUDY: "left to the full study",
    Agreement.CONFOUNDED: "cannot be told: more differs than was asked about",
    Agreement.OPEN: "neither confirmed nor contradicted",
    Agreement.AGREES: "agrees",
    Agreement.AGREES_BUT_SMALL: "agrees, though by less than matters",
    Agreement.EQUAL_AS_SMALL: "agrees: the difference is less than matters",
    Agreement.DISAGREES: "disagrees",
}


Words = Callable[[Finding], str]
_Registered = TypeVar("_Registered", bound=Callable[..., str])


class Marked:
    """Words by the type of a finding, as of `singledispatch`, marked with what holds for findings
    of every kind: that they are of a preview."""

    def __init__(self, words: Words, mark: Callable[[Finding, str], str]) -> None:
        self._words = singledispatch(words)
        self._mark = mark

    def __call__(self, finding: Finding) -> str:
        return self._mark(finding, self._words(finding))

    def register(self, words: _Registered) -> _Registered:
        """Register the words of a kind of finding, by the annotation of their parameter."""
        self._words.register(words)
        return words


def _mark_sentence(finding: Finding, words: str) -> str:
    if finding.possible_pairs is not None:
        words = (
            f"Exploratory, unadjusted ({finding.possible_pairs:,} such "
            f"{plural(finding.possible_pairs, 'pair is', 'pairs are')} possible): {words}"
        )
    if finding.exploratory:
        words = f"Exploratory (asked after runs had ended): {words}"
    if planned := as_first_planned(finding):
        words = f"{words} {planned[0].upper()}{planned[1:]}."
    if changed := changed_experiments(finding):
        words = f"{words} {changed}."
    return f"In this preview: {words}" if finding.preview else words


def _mark_badge(finding: Finding, words: str) -> str:
    if finding.exploratory or finding.possible_pairs is not None:
        words = f"{words}, exploratory"
    if finding.changed is not None:
        words = f"{words}, amended"
    elif (before := finding.as_recorded) is not None:
        words = f"{words} (as first planned: {verdict_words(before.verdict)})"
    return f"{words} in this preview" if finding.preview else words


def as_first_planned(finding: Finding) -> str:
    """Return the verdict of a question as it was before it was amended, with what has changed of
    it; "" if nothing has."""
    if (before := finding.as_recorded) is None:
        return ""
    terms, verdict = ", ".join(_changed_terms(before, finding)), verdict_words(before.verdict)
    if finding.changed is not None:
        # Its experiments are not those of the first plan.
        return f"with {terms} as first planned: {verdict}"
    return f"as first planned ({terms}): {verdict}"


def changed_experiments(finding: Finding) -> str:
    """Return which experiments of a question were changed after runs had ended, and what follows;
    "" if none was."""
    if (changed := finding.changed) is None:
        return ""
    words = f"{listed(list(changed.names), 3)} changed after runs had ended"
    if not changed.times:
        return words
    states = plural(changed.times, "state counts", "states count")
    return (
        f"{words}; {plural(len(changed.names), 'its', 'their')} earlier {states} as "
        f"{count(changed.times, 'more question')}"
    )


def _changed_terms(before: Finding, now: Finding) -> list[str]:
    """What of a question has changed, as it was before."""
    old, new = AskedQuestion.of(before.question), AskedQuestion.of(now.question)
    terms = ("metric", "matters", "about")
    return [f"{term} {old.term(term)}" for term in terms if old.term(term) != new.term(term)]


def _sentence(finding: Finding) -> str:
    """Return what to believe, in one sentence with estimate, interval and n."""
    raise NotImplementedError(f"no wording is registered for {type(finding).__name__}")


sentence = Marked(_sentence, _mark_sentence)


@singledispatch
def reasons(finding: Finding) -> tuple[str, ...]:
    """Return what the verdict rests on, a sentence each."""
    return ()


@singledispatch
def noise(finding: Finding) -> str:
    """Return how far single runs lie apart by the seed alone; "" where that is not known."""
    return ""


def _badge(finding: Finding) -> str:
    """Return the verdict in a word or two."""
    return verdict_words(finding.verdict)


badge = Marked(_badge, _mark_badge)


@badge.register
def _two_sided_badge(finding: TwoSided) -> str:
    if finding.why_none is NoVerdict.OPEN:
        return "open"
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
    return "; ".join(map(difference_words, finding.pair.confounds))
