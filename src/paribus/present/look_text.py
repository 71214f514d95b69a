"""What findings at planned looks have in common, in words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from paribus.questions.best_finding import BestFinding, BestLook
from paribus.questions.finding import Finding, Look, PairFinding
from paribus.text import count, series


@singledispatch
def look_of(finding: Finding) -> Look | BestLook | None:
    """Return the planned look that a finding is of; None without looks."""
    return None


@look_of.register
def _(finding: PairFinding) -> Look | None:
    return finding.evidence.look


@look_of.register
def _(finding: BestFinding) -> BestLook | None:
    return finding.look


def looks_note(findings: Iterable[Finding]) -> str:
    """Return what findings have in common that are judged at planned looks; "" if none is."""
    found = list(findings)
    looks = [look for finding in found if (look := look_of(finding)) is not None]
    if not looks:
        return ""
    text = (
        f"Looks were planned after {series(looks[0].plan)} seeds; n says at which of them a "
        "question was judged."
    )
    if stopped := sum(map(is_futile, found)):
        them = "it" if stopped == 1 else "them"
        text += (
            f" {count(stopped, 'question')} stopped undecided at an earlier look: the last one "
            f"would hardly have decided {them}."
        )
    going = [look.next_seeds for look in looks if look.open]
    if going:
        are = count(len(going), "question is", "questions are")
        text += f" {are} open: the next verdict comes after {min(going)} seeds."
    return text


def is_futile(finding: Finding) -> bool:
    """Return whether training stopped at a look as the last one would hardly have decided it."""
    look = look_of(finding)
    return isinstance(look, Look) and look.futile
