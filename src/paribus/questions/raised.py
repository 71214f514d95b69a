"""Questions of a study whose seeds were raised without a plan: the rescue of `stats.e_process`."""

# Axes: S seeds.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paribus.questions.best import Contest
from paribus.questions.compare import Comparison
from paribus.questions.finding import Raised
from paribus.questions.kind import Prepared
from paribus.questions.looks import at_last_look, with_first_seeds
from paribus.stats.adjustment import holm
from paribus.stats.e_process import anytime_p, log_e_values, radius, rescue_p
from paribus.stats.equivalence import inside_margin
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL
from paribus.stats.paired import no_spread


def as_raised(prepared: Sequence[Prepared], planned: int, looks: tuple[int, ...]) -> list[Prepared]:
    """Return the questions of a study that planned fewer seeds than it has.

    Each is judged from the planned seeds, at the planned looks if there are any, at 0.04. What that
    leaves undecided the seeds after them can decide, at 0.01, by a test that may be looked at after
    every seed. A comparison that the plan has decided has the planned seeds alone; so has one whose
    other seeds are too few to say anything. `prepared`: all that the study has ever asked.
    """
    as_planned = at_last_look([_first(question, planned) for question in prepared], looks)
    rescued = [
        _rescue(whole, before, planned) for whole, before in zip(prepared, as_planned, strict=True)
    ]
    by_plan = holm([p for before in as_planned for p in before.p_values])
    together = holm(
        [
            p if rescue is None else rescue.p
            for before, rescue in zip(as_planned, rescued, strict=True)
            for p in before.p_values
        ]
    )
    decided = iter(zip(by_plan <= VERDICT_LEVEL, together <= VERDICT_LEVEL, strict=True))
    judged: list[Prepared] = []
    for before, rescue in zip(as_planned, rescued, strict=True):
        own = [next(decided) for _ in before.p_values]
        judged.append(before if rescue is None else rescue.judged(planned, *own[0]))
    return judged


def _is_equal(before: Comparison) -> bool:
    """Whether the planned seeds show that it is practically equivalent."""
    evidence, measured = before.evidence, before.evidence.measured
    if measured is None or before.matters is None or evidence.n < evidence.runs:
        return evidence.identical
    return bool(inside_margin(measured.low_90, measured.high_90, before.matters))


def _first(question: Prepared, planned: int) -> Prepared:
    if isinstance(question, Contest):
        return question.with_first_seeds(planned)
    if not isinstance(question, Comparison):
        return question
    return replace(with_first_seeds(question, planned), planned=planned)


@dataclass(frozen=True)
class _Rescue:
    """A comparison of which more seeds are trained than were planned.

    `before`: as planned. `p`: of the planned seeds and those after them. `direction`: of the mean
    that gave it. `planned_alone`: whether the others are too few to say anything.
    """

    whole: Comparison
    before: Comparison
    p: float
    direction: float
    planned_alone: bool = False

    def judged(self, planned: int, by_plan: bool, together: bool) -> Comparison:
        """Return it with the seeds that decide it. by_plan, together: whether the planned seeds
        show a difference, and whether they do with the others."""
        stands = by_plan or self.planned_alone or (not together and _is_equal(self.before))
        direction = self.before.evidence.direction if stands else self.direction
        raised = Raised(planned, self.whole.paired.size, bool(stands), self.p, direction)
        if stands:
            return replace(self.before, raised=raised)
        return replace(self.whole, planned=self.whole.paired.size, raised=raised)


def _rescue(whole: Prepared, before: Prepared, planned: int) -> _Rescue | None:
    """What the planned seeds and those after them say together; None where no others are trained or
    there is no test."""
    if not isinstance(whole, Comparison) or not isinstance(before, Comparison):
        return None
    if whole.pair.confounds or whole.paired.size <= planned:
        return None
    by_plan, direction = before.evidence.p, before.evidence.direction
    a_S, b_S = whole.pairs()
    d_S, counted = b_S - a_S, int(whole.paired[:planned].sum())
    if d_S.size in (counted, 0) or no_spread(d_S) or not _finite(d_S):
        return _Rescue(whole, before, by_plan, direction, planned_alone=True)
    p = float(rescue_p(by_plan, anytime_p(d_S, after=counted)[-1]))
    if p < by_plan:
        decisive = counted + int(np.argmax(log_e_values(d_S)[counted:]))
        direction = float(d_S[: decisive + 1].mean())
    return _Rescue(whole, before, p, direction)


def _finite(difference_S: NDArray[np.float64]) -> bool:
    """Whether the confidence sequence has an end."""
    if difference_S.size < FEWEST_SEEDS:
        return False
    return bool(np.isfinite(radius(difference_S.std(ddof=1), difference_S.size, 0.05)))
