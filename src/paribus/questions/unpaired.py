"""Is experiment B better than experiment A, where their runs share no seeds?"""

# Axes: A runs of one experiment, B runs of the other.

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.measure.metric import Metric
from paribus.questions.finding import NoVerdict, Pair, Verdict
from paribus.questions.unpaired_finding import UnpairedEvidence, UnpairedFinding, UnpairedSide
from paribus.questions.verdict import verdict_of
from paribus.spec.question import PairQuestion
from paribus.stats.equivalence import inside_margin
from paribus.stats.failures import far_from_siblings
from paribus.stats.levels import mean_and_sd
from paribus.stats.limits import FEWEST_SEEDS
from paribus.stats.paired import no_spread
from paribus.stats.replay_of_equals import reversal_rate_of_equals
from paribus.stats.rule import decide
from paribus.stats.single_run import replay
from paribus.stats.unpaired import compare_unpaired

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class UnpairedComparison:
    """A question about two experiments with the values of their runs; a `Prepared`.

    `a_A`, `b_B`: the metric of every run, NaN where it has none. `family`: how many questions are
    judged together. `planned`: the runs of each that were fixed beforehand; None if that is not
    known. `step`: to what the values are rounded, 0 if not. `missing_is_worst`: whether a run
    without a value is worse than any other; if not, nobody knows what its value would be.
    """

    question: PairQuestion
    pair: Pair
    metric: Metric
    a_A: ArrayLike
    b_B: ArrayLike
    family: int
    planned: int | None = None
    step: float = 0.0
    missing_is_worst: bool = True

    @cached_property
    def evidence(self) -> UnpairedEvidence:
        """The numbers of this question on its own."""
        a_A, b_B = _finite(self.a_A), _finite(self.b_B)
        found = replay(a_A, b_B)
        evidence = UnpairedEvidence(
            a=_side(self.a_A, self.step),
            b=_side(self.b_B, self.step),
            mean=float(b_B.mean() - a_A.mean()) if a_A.size and b_B.size else None,
            planned=self.planned or 0,
            replay=found,
            replay_of_equals=None if found is None else reversal_rate_of_equals(a_A.size, b_B.size),
        )
        if evidence.unfinished:
            return evidence
        if min(a_A.size, b_B.size) < FEWEST_SEEDS or (no_spread(a_A) and no_spread(b_B)):
            return evidence
        is_coarse = min(a_A.std(ddof=1), b_B.std(ddof=1)) < self.step * (1 - 1e-9)
        step = self.step if is_coarse else 0.0
        measured = compare_unpaired(a_A, b_B, self.family, step)
        return replace(evidence, measured=measured, rounded_to=step)

    @property
    def p_values(self) -> tuple[float, ...]:
        """Its p, 1 where there is no test; none where confounded."""
        if self.pair.confounds:
            return ()
        measured = self.evidence.measured
        return (1.0 if measured is None else float(measured.p),)

    def conclude(self, adjusted: tuple[float, ...], family: int) -> UnpairedFinding:
        """Return the finding, once the adjusted p is known."""
        evidence = replace(
            self.evidence,
            adjusted_p=adjusted[0] if adjusted and self.evidence.measured else None,
            family=family,
        )
        verdict = self._verdict(evidence)
        return UnpairedFinding(
            question=self.question,
            verdict=verdict,
            why_none=_why_none(evidence) if verdict is Verdict.NONE else None,
            less_than_matters=self._less_than_matters(evidence, verdict),
            pair=self.pair,
            metric=self.metric,
            evidence=evidence,
        )

    @property
    def _matters(self) -> float | None:
        return self.question.matters or None

    def _verdict(self, evidence: UnpairedEvidence) -> Verdict:
        measured = evidence.measured
        if measured is None:
            return Verdict.NONE
        if evidence.adjusted_p is None:
            return Verdict.CONFOUNDED
        decision = decide(
            measured.mean,
            evidence.adjusted_p,
            measured.low_90,
            measured.high_90,
            matters=self._matters,
        )
        sides = {False: evidence.a, True: evidence.b}
        return verdict_of(
            decision,
            higher_is_better=self.metric.higher_is_better,
            excluded=evidence.missing > 0,
            rounded=evidence.rounded_to > 0,
            # Nobody knows which side is favored, unless a missing value is the worst.
            is_favored=lambda b: bool(
                sides[b].missing if self.missing_is_worst else evidence.missing
            ),
        )

    def _less_than_matters(self, evidence: UnpairedEvidence, verdict: Verdict) -> bool:
        measured = evidence.measured
        if verdict not in (Verdict.BETTER, Verdict.WORSE) or measured is None:
            return False
        if self._matters is None or evidence.missing:
            return False
        return bool(inside_margin(measured.low_90, measured.high_90, self._matters))


def _why_none(evidence: UnpairedEvidence) -> NoVerdict:
    if evidence.unfinished:
        return NoVerdict.UNFINISHED
    if min(evidence.a.n, evidence.b.n) < FEWEST_SEEDS:
        return NoVerdict.MISSING_VALUES if evidence.missing else NoVerdict.TOO_FEW_SEEDS
    if evidence.missing:
        return NoVerdict.MISSING_VALUES
    return NoVerdict.ROUNDED if evidence.rounded_to else NoVerdict.NO_SPREAD


def _side(value_R: ArrayLike, step: float) -> UnpairedSide:
    has_R = _finite(value_R)
    far = tuple(far_from_siblings(has_R, step)) if has_R.size >= FEWEST_SEEDS else ()
    return UnpairedSide(np.asarray(value_R).size, tuple(has_R.tolist()), mean_and_sd(has_R), far)


def _finite(values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    return numbers[np.isfinite(numbers)]
