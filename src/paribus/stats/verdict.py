"""From a study's questions to findings: the one entry to this package for a report."""

# Axes: S seeds, Q questions.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from paribus.stats import wording
from paribus.stats.comparison import Comparison
from paribus.stats.equivalence import EQUIVALENCE_CONFIDENCE, inside_margin
from paribus.stats.evidence import Evidence, Measured
from paribus.stats.holm import holm
from paribus.stats.images import compare_on_new_images
from paribus.stats.paired import FEWEST_SEEDS, compare_pairs, no_spread, t_intervals
from paribus.stats.power import VERDICT_LEVEL, seeds_to_decide, seeds_to_plan
from paribus.stats.replay import replay
from paribus.stats.rule import Decision, decide
from paribus.stats.sign_flip import sign_flip


class Verdict(StrEnum):
    """What is to be believed of B against A. NONE: there is not what it takes for a verdict."""

    CONFOUNDED = "confounded"
    BETTER = "better"
    WORSE = "worse"
    EQUAL = "equal for practical purposes"
    UNDECIDED = "undecided"
    NONE = "no verdict"


@dataclass(frozen=True)
class Finding:
    """The answer to one question: is B better than A?

    `sentence` says it in plain words with estimate, interval and number of seeds; `reasons` are
    sentences that say what it rests on. `less_than_matters`: better or worse, but shown to be by
    less than matters. `shown_for_new_images`: whether better, worse or equal also holds with the
    test images drawn anew; None where there are no images or another verdict.
    """

    a: str
    b: str
    metric: str
    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...]
    less_than_matters: bool
    shown_for_new_images: bool | None
    evidence: Evidence


def judge(question: Comparison, rng: np.random.Generator | None = None) -> Finding:
    """The finding of a study that asks one question; see `judge_family`.

    >>> from paribus.stats import Metric
    >>> accuracy = Metric("test accuracy", higher_is_better=True, unit="points", scale=100)
    >>> a_S, b_S = [0.981, 0.984, 0.983, 0.980], [0.985, 0.987, 0.988, 0.984]
    >>> print(judge(Comparison("sgd", "adam", accuracy, a_S, b_S, matters=0.001)).sentence)
    adam is better than sgd: test accuracy +0.40 points [0.27, 0.53], 95 %, n = 4 seeds.
    """
    return judge_family([question], rng)[0]


def judge_family(
    questions: Sequence[Comparison],
    rng: np.random.Generator | None = None,
    beside: Sequence[float] = (),
) -> list[Finding]:
    """The findings of all questions of one study, in their order, Holm-adjusted together.

    `questions` must be all that the study asks: leaving some out after seeing the numbers undoes
    the adjustment. Confounded ones do not count, as that is known before anything is trained;
    those without a test (too few seeds, say) count with p = 1. `rng` is used, and needed, only
    where a question has more than 20 seeds. `beside`: the p values of questions that the study asks
    and others answer (`times.p_of`). Sources: those of each part; docs/statistics.md.

    >>> judge_family([])
    []
    """
    evidence_Q = [_measure(question, rng) for question in questions]
    counted_Q = [not question.confounds for question in questions]
    p_Q = [e.p for e, counted in zip(evidence_Q, counted_Q, strict=True) if counted]
    adjusted = iter(holm([*p_Q, *beside]))
    findings = []
    for question, evidence, counted in zip(questions, evidence_Q, counted_Q, strict=True):
        adjusted_p = float(next(adjusted)) if counted else None
        evidence = replace(
            evidence,
            adjusted_p=None if evidence.measured is None else adjusted_p,
            family=len(p_Q) + len(beside),
        )
        findings.append(_conclude(question, evidence))
    return findings


def _measure(question: Comparison, rng: np.random.Generator | None) -> Evidence:
    """All that the numbers of one question say on their own."""
    a_S, b_S = question.pairs()
    runs = question.paired.size
    evidence = Evidence(
        n=a_S.size,
        runs=runs,
        planned=runs if question.planned is None else question.planned,
        missing_a=runs - int(np.isfinite(question.a_S).sum()),
        missing_b=runs - int(np.isfinite(question.b_S).sum()),
        mean=float((b_S - a_S).mean()) if a_S.size else None,
        level_a=_level(a_S),
        level_b=_level(b_S),
        replay=replay(question.a_S, question.b_S),
    )
    if question.preview or runs < evidence.planned or a_S.size < FEWEST_SEEDS:
        return evidence
    images = question.image_pairs()
    if no_spread(b_S - a_S):
        # Not one image of one seed tells them apart: there is no luck to allow for.
        same = images is not None and bool(np.array_equal(*images))
        return replace(evidence, identical=same and a_S.size == runs)
    interval_90 = t_intervals(b_S - a_S, EQUIVALENCE_CONFIDENCE)
    measured = Measured(
        paired=compare_pairs(a_S, b_S),
        low_90=float(interval_90.low),
        high_90=float(interval_90.high),
        sign_flip=sign_flip(b_S - a_S, rng),
        new_images=compare_on_new_images(*images) if images else None,
        new_images_90=compare_on_new_images(*images, EQUIVALENCE_CONFIDENCE) if images else None,
    )
    return replace(evidence, measured=measured)


def _level(value_S: NDArray[np.float64]) -> tuple[float, float] | None:
    # ddof=1: the seeds are a sample of those that could have been drawn.
    return (float(value_S.mean()), float(value_S.std(ddof=1))) if value_S.size > 1 else None


def _conclude(question: Comparison, evidence: Evidence) -> Finding:
    """The verdict and its words, once the family's adjustment is known."""
    verdict, less, shown = Verdict.NONE, False, None
    if evidence.identical and not question.confounds:
        verdict = Verdict.EQUAL
    if evidence.measured is not None:
        verdict = _verdict(question, evidence, evidence.measured)
        less = _less_than_matters(question, evidence, evidence.measured, verdict)
        shown = _shown_for_new_images(question, evidence.measured, verdict)
        if verdict is Verdict.UNDECIDED:
            needed, as_seen = _seeds_to_decide(question, evidence, evidence.measured)
            evidence = replace(evidence, seeds_to_decide=needed, seeds_as_seen=as_seen)
    match verdict, evidence.measured:
        case Verdict.NONE, _:
            sentence = wording.no_verdict(question, evidence)
        case Verdict.EQUAL, None:
            sentence = wording.identical(question, evidence)
        case Verdict.CONFOUNDED, Measured() as measured:
            sentence = wording.confounded(question, measured)
        case Verdict.EQUAL, Measured() as measured:
            sentence = wording.equal(question, measured, shown)
        case Verdict.UNDECIDED, Measured() as measured:
            sentence = wording.undecided(question, evidence, measured)
        case _, Measured() as measured:
            sentence = wording.different(question, evidence, measured, verdict, less, shown)
        case _:
            raise AssertionError("a verdict without a test")
    return Finding(
        a=question.a,
        b=question.b,
        metric=question.metric.name,
        verdict=verdict,
        sentence=sentence,
        reasons=wording.reasons(question, evidence),
        less_than_matters=less,
        shown_for_new_images=shown,
        evidence=evidence,
    )


def _verdict(question: Comparison, evidence: Evidence, measured: Measured) -> Verdict:
    if evidence.adjusted_p is None:
        return Verdict.CONFOUNDED
    decision = decide(
        measured.paired.mean,
        evidence.adjusted_p,
        measured.low_90,
        measured.high_90,
        question.matters,
    )
    if decision in (Decision.HIGHER, Decision.LOWER):
        b_is_better = (decision == Decision.HIGHER) == question.metric.higher_is_better
        # A run without a value is worse than any other. Leaving it out flatters its side, so a
        # verdict against that side stands, and no other does.
        flattered = evidence.missing_b if b_is_better else evidence.missing_a
        if flattered == 0:
            return Verdict.BETTER if b_is_better else Verdict.WORSE
    if evidence.n < evidence.runs:
        return Verdict.NONE
    return Verdict.EQUAL if decision == Decision.EQUAL else Verdict.UNDECIDED


def _less_than_matters(
    question: Comparison, evidence: Evidence, measured: Measured, verdict: Verdict
) -> bool:
    different = verdict in (Verdict.BETTER, Verdict.WORSE)
    # With runs left out that would have widened the difference, its size is not known.
    if not different or question.matters is None or evidence.n < evidence.runs:
        return False
    return bool(inside_margin(measured.low_90, measured.high_90, question.matters))


def _shown_for_new_images(
    question: Comparison, measured: Measured, verdict: Verdict
) -> bool | None:
    new, new_90 = measured.new_images, measured.new_images_90
    if new is None or new_90 is None:
        return None
    if verdict in (Verdict.BETTER, Verdict.WORSE):
        return new.low > 0 or new.high < 0
    if verdict is Verdict.EQUAL and question.matters is not None:
        return bool(inside_margin(new_90.low, new_90.high, question.matters))
    return None


def _seeds_to_decide(
    question: Comparison, evidence: Evidence, measured: Measured
) -> tuple[int | None, int | None]:
    """The seeds of a new study that would decide it, more than this one has; and those that would
    do if the true difference were as large as the one seen, where they are not more."""
    paired = measured.paired
    # The hardest of Holm's steps: what the question needs if no other one is decided.
    level = VERDICT_LEVEL / evidence.family
    as_seen = seeds_to_decide(paired.mean, paired.sd, question.matters, level)
    as_seen = None if as_seen is None else max(as_seen, paired.n + 1)
    if question.matters is not None:
        planned = seeds_to_plan(paired.sd, question.matters, level)
        # The estimate is not used as long as that will do: it is as uncertain as the verdict.
        if planned is None or planned > paired.n:
            fewer = as_seen is not None and (planned is None or as_seen < planned)
            return planned, as_seen if fewer else None
    return as_seen, as_seen
