"""The findings of a study as they are shown, on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from paribus.measure.runs import StudyResult
from paribus.present import wording
from paribus.present.look_text import looks_note
from paribus.present.what_differs import consequence_words, difference_words
from paribus.questions import original
from paribus.questions.finding import Finding, TwoSided
from paribus.text import count


@dataclass(frozen=True)
class Fact:
    """A line of a list: what is said, and of what."""

    name: str
    text: str


@dataclass(frozen=True)
class FindingView:
    """A finding as it is shown."""

    anchor: str
    """Where its evidence stands on the page."""
    question: str
    verdict: str
    """The key of its verdict, for styles."""
    badge: str
    sentence: str
    subject: str
    facts: tuple[Fact, ...]
    """What differs between its experiments."""
    reasons: tuple[str, ...]
    original: str
    """What an earlier report had answered; "" if nothing."""
    agreement: str


@dataclass(frozen=True)
class FindingsView:
    """All findings of a study."""

    introduction: str
    findings: tuple[FindingView, ...]
    has_original: bool
    """Whether an earlier report's answers are to be shown."""
    agreement: str
    """How many of these stand; "" if there are none."""


def findings_view(result: StudyResult, findings: Sequence[Finding]) -> FindingsView | None:
    """Return the findings as they are shown; None of a study that asks nothing."""
    if not findings:
        return None
    return FindingsView(
        introduction=_introduction(result, findings),
        findings=tuple(_view(number, finding) for number, finding in enumerate(findings, start=1)),
        has_original=any(finding.question.original for finding in findings),
        agreement=agreement_line(findings),
    )


def _view(number: int, finding: Finding) -> FindingView:
    return FindingView(
        anchor=f"question-{number}",
        question=finding.question.ask,
        verdict=finding.verdict.value,
        badge=wording.badge(finding),
        sentence=wording.sentence(finding),
        subject=wording.subject(finding),
        facts=facts(finding),
        reasons=tuple(wording.reasons(finding)),
        original=finding.question.original,
        agreement=wording.agreement(finding),
    )


@singledispatch
def facts(finding: Finding) -> tuple[Fact, ...]:
    """Return what is shown beside the sentence: of a finding about two experiments what differs."""
    return ()


@facts.register
def _(finding: TwoSided) -> tuple[Fact, ...]:
    pair = finding.pair
    differs = "; ".join(map(difference_words, pair.differences)) or "nothing"
    others = {
        "not asked about": "; ".join(map(difference_words, pair.confounds)),
        "so": "; ".join(map(consequence_words, pair.consequences)),
    }
    return (Fact("differs", differs), *(Fact(name, text) for name, text in others.items() if text))


def _introduction(result: StudyResult, findings: Sequence[Finding]) -> str:
    """What the findings are of, and what was fixed before they were known."""
    text = (
        f"{count(len(findings), 'question')} of the study, with metric, number of seeds and the "
        "smallest difference that matters; the verdicts keep their word if these were fixed "
        "before the numbers were seen. The second experiment is judged against the first. "
        "In brackets an interval that holds the true difference in 95 of 100 such studies (90, "
        "where it says so). "
        "“Undecided” and “no verdict” are answers too: the numbers do not show more."
    )
    if looks := looks_note(findings):
        text += f" {looks}"
    if any(finding.question.original for finding in findings):
        origin = result.study.origin or "an earlier report"
        text += f" Beside ours, the answers of {origin}."
    return text


def agreement_line(findings: Sequence[Finding]) -> str:
    """Return how many of an earlier report's answers stand; "" where there are none."""
    held = [original.agreement(f).agrees for f in findings if f.question.original]
    if not held:
        return ""
    agrees, disagrees = held.count(True), held.count(False)
    open_ = len(held) - agrees - disagrees
    return (
        f"Of the original’s {len(held)} answers, {count(agrees, 'is', 'are')} confirmed and "
        f"{count(disagrees, 'is', 'are')} contradicted; of {open_} it cannot be told."
    )
