"""The findings of a study as they are shown, on the page and in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from paribus.measure.runs import StudyResult
from paribus.present import short, wording
from paribus.present.as_json import counts
from paribus.present.contest import contest
from paribus.present.forest import forest
from paribus.present.forest_view import GroupView, group_views
from paribus.present.how_to_read import how_to_read, introduction
from paribus.present.look_text import looks_note
from paribus.present.many_runs import BARS
from paribus.present.set_text import sets_note
from paribus.present.what_differs import aspects_words, consequence_words, difference_words
from paribus.questions import original
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import (
    CountFinding,
    Finding,
    InteractionFinding,
    PairFinding,
    TwoSided,
    Verdict,
)
from paribus.questions.original import Agreement
from paribus.text import count, percent


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
    contest: tuple[GroupView, ...]
    """The picture of a best set; empty of other findings."""


@dataclass(frozen=True)
class Tally:
    """How many of an earlier report's answers stand, do not, or stay open."""

    kind: str
    """"stands", "falls" or "open", for styles."""
    number: int
    word: str


@dataclass(frozen=True)
class FindingsView:
    """All findings of a study."""

    introduction: str
    findings: tuple[FindingView, ...]
    heading: str
    """How many questions are answered, and how often each verdict."""
    looks: str
    """At which look they are, in a study that plans looks; "" in others."""
    sets: str
    """Why a best set and the pairs of its experiments can differ; "" if they do not."""
    groups: tuple[GroupView, ...]
    """The first picture: its rows by what they measure."""
    interval: str
    """The confidence of its intervals."""
    key: tuple[tuple[str, str, str], ...]
    """What each verdict's mark stands for: its key, its word, its meaning."""
    how_to_read: str
    tally: tuple[Tally, ...]
    """An earlier report's answers by whether they stand; empty where there are none."""
    has_original: bool
    """Whether an earlier report's answers are to be shown."""
    bars: str
    """What the bars in place of too many dots are; "" where there are none."""
    agreement: str
    """How many of these stand; "" if there are none."""


def findings_view(result: StudyResult, findings: Sequence[Finding]) -> FindingsView | None:
    """Return the findings as they are shown; None of a study that asks nothing."""
    if not findings:
        return None
    return shown_findings(
        findings,
        introduction=_introduction(result, findings),
        how_to_read=_HOW_TO_READ,
        preview=result.study.preview,
    )


def shown_findings(
    findings: Sequence[Finding], *, introduction: str, how_to_read: str, preview: bool
) -> FindingsView:
    """Return findings as they are shown, of a study or of results from elsewhere."""
    drawn = forest(findings, preview=preview)
    return FindingsView(
        introduction=introduction,
        findings=tuple(_view(number, finding) for number, finding in enumerate(findings, start=1)),
        heading=heading(findings, preview=preview),
        looks=looks_note(findings),
        sets=sets_note(findings),
        groups=() if drawn is None else group_views(drawn),
        interval=percent(0.95),
        key=tuple((kind.value, short.VERDICTS[kind], text) for kind, text in _KEY.items()),
        how_to_read=how_to_read,
        tally=() if preview else _tally(findings),
        has_original=any(finding.question.original for finding in findings),
        bars=BARS if drawn is not None and drawn.has_bars else "",
        agreement=agreement_line(findings),
    )


_KEY = {
    Verdict.BETTER: "the second is better: more accurate, faster, a lower loss",
    Verdict.WORSE: "the second is worse",
    Verdict.EQUAL: "differences as large as what matters are ruled out",
    Verdict.UNDECIDED: "these runs cannot tell; open the row to see how many seeds would",
    Verdict.CONFOUNDED: "more differs than the question is about; an optimizer includes its "
    "learning rate",
    Verdict.NONE: "nothing to judge by; the row says what is missing",
}
_HOW_TO_READ = how_to_read(
    estimate="the second experiment less the first, the mean over seeds",
    right=": losses, counts and times run reversed, times are ratios on a logarithmic axis",
    band=", fixed beforehand",
    axes="A dot is the difference of one seed or one process. Under one heading all rows are drawn "
    "to the same scale. Where large differences would leave the others too small to see, these "
    "follow under a heading of their own, which says how much larger they are drawn.",
)


_ANSWERS = (Verdict.BETTER, Verdict.WORSE, Verdict.EQUAL)
_ORDER = (*_ANSWERS, Verdict.UNDECIDED, Verdict.NONE, Verdict.CONFOUNDED)


def heading(findings: Sequence[Finding], *, preview: bool) -> str:
    """Return how many questions are answered, and how often each verdict was reached."""
    where = "In this preview, " if preview else ""
    answered = [f for f in findings if f.verdict in _ANSWERS]
    others = [f for f in findings if f.verdict not in _ANSWERS]
    text = f"{where}{len(answered)} of {count(len(findings), 'question')} answered"
    if answered:
        text += f": {_verdicts(answered)}"
    if others:
        text += f". Not answered: {_verdicts(others)}"
    amended = [f for f in findings if f.is_amended]
    planned = [f.as_recorded for f in amended if f.as_recorded and not f.changed]
    if amended:
        text += f". {count(len(amended), 'question was', 'questions were')} amended after runs had "
        text += f"ended; as first planned: {_verdicts(planned)}" if planned else "ended"
    return f"{text}."


def _verdicts(findings: Sequence[Finding]) -> str:
    found = Counter(map(short.counted_verdict, sorted(findings, key=_place)))
    return ", ".join(f"{number} {word}" for word, number in found.items())


def _place(finding: Finding) -> tuple[bool, int]:
    """By verdict; counts, which have words of their own, last."""
    return isinstance(finding, CountFinding), _ORDER.index(finding.verdict)


def _tally(findings: Sequence[Finding]) -> tuple[Tally, ...]:
    """How many of an earlier report's answers stand. A preview leaves that open."""
    held = [original.agreement(f).agrees for f in findings if f.question.original]
    yours = _left_to_readers(findings)
    counted = (
        Tally("stands", held.count(True), "confirmed"),
        Tally("falls", held.count(False), "contradicted"),
        Tally("open", held.count(None) - yours, "open"),
        Tally("open", yours, "for you to judge"),
    )
    return tuple(tally for tally in counted if tally.number)


def _view(number: int, finding: Finding) -> FindingView:
    return FindingView(
        anchor=f"question-{number}",
        question=finding.question.ask,
        verdict=finding.verdict.value,
        badge=wording.badge(finding),
        sentence=wording.sentence(finding),
        subject=wording.subject(finding),
        facts=facts(finding),
        reasons=tuple(filter(None, (*wording.reasons(finding), wording.noise(finding)))),
        original=finding.question.original,
        agreement=wording.agreement(finding),
        contest=_contest(finding),
    )


def _contest(finding: Finding) -> tuple[GroupView, ...]:
    shown = contest(finding) if isinstance(finding, BestFinding) else None
    return () if shown is None else group_views(shown)


@singledispatch
def facts(finding: Finding) -> tuple[Fact, ...]:
    """Return what is shown beside the sentence: of a finding about two experiments what differs."""
    return ()


@facts.register
def _(finding: TwoSided) -> tuple[Fact, ...]:
    pair = finding.pair
    nothing = "nothing that is recorded" if pair.recorded_only else "nothing"
    differs = "; ".join(map(difference_words, pair.differences)) or nothing
    others = {
        "asked about": aspects_words(finding.question.about) if pair.differences else "",
        "not asked about": "; ".join(map(difference_words, pair.confounds)),
        "so": "; ".join(map(consequence_words, pair.consequences)),
    }
    return (Fact("differs", differs), *(Fact(name, text) for name, text in others.items() if text))


@facts.register
def _(finding: PairFinding) -> tuple[Fact, ...]:
    differs = facts.dispatch(TwoSided)(finding)
    if finding.ledger is None:
        return differs
    images = "; ".join(
        f"{'too few seeds to tell' if found is None else f'{found:,}'} {category}"
        for category, found in counts(finding.ledger).items()
    )
    return (*differs, Fact("test images", images))


@facts.register
def _(finding: InteractionFinding) -> tuple[Fact, ...]:
    change = "; ".join(map(difference_words, finding.changes[0].differences))
    differs = "; ".join(map(difference_words, finding.pair.differences)) or "nothing"
    found = (Fact("the change", change or "nothing"), Fact("between the places", differs))
    if not finding.pair.confounds:
        return found
    return (
        *found,
        Fact("not asked about", "; ".join(map(difference_words, finding.pair.confounds))),
    )


@facts.register
def _(finding: BestFinding) -> tuple[Fact, ...]:
    return tuple(
        Fact(f"{one.name}, not asked about", "; ".join(map(difference_words, one.differences)))
        for one in finding.confounds
    )


def _introduction(result: StudyResult, findings: Sequence[Finding]) -> str:
    """What the findings are of, and what was fixed before they were known."""
    text = introduction(
        "seeds",
        "The second experiment is compared with the first. The brackets hold an interval: if the "
        "study were repeated 100 times with other seeds, about 95 such intervals would hold the "
        "mean difference on these test images (90, where it says so).",
    )
    if any(finding.question.original for finding in findings):
        origin = result.study.origin or "an earlier report"
        text += f" Beside ours, the answers of {origin}."
    return text


_SHORTER = " After so short a training even identical runs do not say how the full one ends."


def agreement_line(findings: Sequence[Finding]) -> str:
    """Return how many of an earlier report's answers stand; "" where there are none."""
    held = [original.agreement(f) for f in findings if f.question.original]
    if not held:
        return ""
    left = held.count(Agreement.LEFT_TO_FULL_STUDY)
    if left == len(held):
        return f"The original’s {count(left, 'answer')}: left to the full study.{_SHORTER}"
    agrees, disagrees = (sum(one.agrees is kind for one in held) for kind in (True, False))
    text = (
        f"Of the original’s {len(held)} answers, {count(agrees, 'is', 'are')} confirmed and "
        f"{count(disagrees, 'is', 'are')} contradicted"
    )
    if left:
        text += f"; {count(left, 'is', 'are')} left to the full study"
    yours = _left_to_readers(findings)
    if (open_ := len(held) - agrees - disagrees - left - yours) or not (left or yours):
        text += f"; of {open_} it cannot be told"
    if yours:
        text += f"{', and' if open_ else ';'} {count(yours, 'is', 'are')} for you to judge"
    return f"{text}.{_SHORTER * bool(left)}"


def _left_to_readers(findings: Sequence[Finding]) -> int:
    """How many of an earlier report's answers have a finding, but are no verdict to hold it to."""
    return sum(
        original.agreement(one) is Agreement.NOT_COMPARABLE
        and one.verdict is not Verdict.NONE
        and not one.preview
        for one in findings
    )
