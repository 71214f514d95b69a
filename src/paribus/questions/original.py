"""A finding beside the conclusion of the report that a study repeats."""

from __future__ import annotations

from enum import Enum, auto

from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import Finding, NoVerdict, Verdict


class Agreement(Enum):
    """Whether a finding agrees with the original's conclusion."""

    NOTHING_STATED = auto()
    """The original says nothing on the question."""
    NOT_COMPARABLE = auto()
    """It says something, but not as a verdict: readers judge for themselves."""
    LEFT_TO_FULL_STUDY = auto()
    """What was judged is a preview: the original is of the full study."""
    CONFOUNDED = auto()
    OPEN = auto()
    """Neither confirmed nor contradicted."""
    AGREES = auto()
    AGREES_BUT_SMALL = auto()
    """The same direction, by less than matters."""
    EQUAL_AS_SMALL = auto()
    """The original found no difference, and ours is less than matters."""
    DISAGREES = auto()

    @property
    def agrees(self) -> bool | None:
        """None where it cannot be told."""
        if self in (Agreement.AGREES, Agreement.AGREES_BUT_SMALL, Agreement.EQUAL_AS_SMALL):
            return True
        return False if self is Agreement.DISAGREES else None


def agreement(finding: Finding) -> Agreement:
    """Return whether a finding agrees with the original's conclusion.

    That one experiment is the best is confirmed where no other may be, and contradicted where it is
    shown not to be.
    """
    said = finding.question.original_verdict
    if not said:
        stated = finding.question.original
        return Agreement.NOT_COMPARABLE if stated else Agreement.NOTHING_STATED
    if finding.preview:
        return Agreement.LEFT_TO_FULL_STUDY
    if finding.verdict is Verdict.CONFOUNDED:
        return Agreement.CONFOUNDED
    if isinstance(finding, BestFinding):
        return _about_best(finding, said)
    if finding.verdict in (Verdict.NONE, Verdict.UNDECIDED):
        return Agreement.OPEN
    if finding.verdict.value == said:
        small = finding.less_than_matters
        return Agreement.AGREES_BUT_SMALL if small else Agreement.AGREES
    if said == "equal" and finding.less_than_matters:
        return Agreement.EQUAL_AS_SMALL
    return Agreement.DISAGREES


def _about_best(finding: BestFinding, said: str) -> Agreement:
    # What a look has excluded stays so, whatever comes.
    if finding.why_none not in (None, NoVerdict.OPEN):
        return Agreement.OPEN
    best = [one.name for one in finding.best]
    if said not in best:
        return Agreement.DISAGREES
    if finding.verdict is not Verdict.BETTER:
        return Agreement.OPEN
    return Agreement.AGREES_BUT_SMALL if finding.less_than_matters else Agreement.AGREES
