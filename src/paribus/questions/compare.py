"""Is experiment B better than experiment A? A paired comparison over seeds."""

# Axes: S seeds, N images.

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.measure import table
from paribus.measure.metric import Metric, asked
from paribus.questions.finding import (
    Evidence,
    Look,
    Measured,
    NoVerdict,
    Pair,
    PairFinding,
    Raised,
    Verdict,
)
from paribus.questions.kind import Context, Kind
from paribus.questions.pair import other_bits, pair_of, same_probabilities, sides, together
from paribus.questions.seeds_to_decide import seeds_to_decide
from paribus.questions.tuned import TuningRuns, as_tuned, tuning_of
from paribus.questions.unpaired import UnpairedComparison
from paribus.questions.verdict import verdict_of
from paribus.seeding import stream
from paribus.spec.question import PairQuestion, Question
from paribus.stats.e_process import RESCUE_EQUIVALENCE_ALPHA, radius
from paribus.stats.equivalence import EQUIVALENCE_CONFIDENCE, inside_margin
from paribus.stats.failures import FarRuns, far_from_siblings, unseen_failure_rate
from paribus.stats.flips import FlipLedger, flip_ledger
from paribus.stats.levels import mean_and_sd
from paribus.stats.limits import FEWEST_SEEDS
from paribus.stats.looks import Looks
from paribus.stats.new_images import compare_on_new_images, p_for_new_images
from paribus.stats.noise import NoiseFloor, noise_floor
from paribus.stats.paired import compare_pairs, no_spread, t_intervals
from paribus.stats.replay_of_equals import reversal_rate_of_equals
from paribus.stats.rule import decide
from paribus.stats.sign_flips import sign_flip
from paribus.stats.single_run import replay

Floats = NDArray[np.float64]


def prepare(question: Question, context: Context) -> Comparison | UnpairedComparison:
    """Return the comparison of the seeds with which runs of both have ended."""
    metric, results = asked(question), sides(question, context)
    if not context.same_seeds:
        rows = (table.final(result, metric) for result in results)
        a_A, b_B = map(table.values, rows)
        return UnpairedComparison(
            question=question,
            pair=pair_of(question, context),
            metric=metric,
            a_A=a_A,
            b_B=b_B,
            # It is asked by itself, of no study.
            family=1,
            planned=context.planned,
        )
    a, b = together(results, metric, context)
    a_S, b_S = table.values(a), table.values(b)
    # Where all values are the same, images alone show whether the runs are.
    n = context.looks[0] if context.looks else None
    images = context.images or np.array_equal(a_S[:n], b_S[:n])
    a_SN, b_SN = (table.scores(side) if images else None for side in (a, b))
    both = a_SN is not None and b_SN is not None
    correctness = metric.scores_are_correctness and images
    return Comparison(
        question=question,
        pair=pair_of(question, context),
        metric=metric,
        a_S=a_S,
        b_S=b_S,
        planned=context.planned,
        a_SN=a_SN if both else None,
        b_SN=b_SN if both else None,
        correct_a_SN=table.correct(a) if correctness else None,
        correct_b_SN=table.correct(b) if correctness else None,
        same_probabilities=np.array_equal(a_S, b_S) and same_probabilities(results, context),
        next_seed=context.next_seed,
        other_bits=other_bits(results),
        tuning=tuning_of(results, [row.seed for row in a]),
    )


COMPARE = Kind(Question, prepare)


@dataclass(frozen=True, eq=False)
class Comparison:
    """A question about two experiments with the numbers to answer it from; a `Prepared`.

    `a_S`, `b_S`: the metric of every run, (S,) each, the same seeds in the same order; NaN (or
    infinite) where a run was trained but has no value, as it diverged or never got there. Such a
    value is taken to be worse than any number, so a seed that is merely not trained yet must be
    left out, not given as NaN.
    `planned`: the number of seeds that the study fixed; None if all of them are here.
    `a_SN`, `b_SN`: seeds × images of the scores whose mean over images is the metric (for
    accuracy 1 or 0); both or none. Without them nothing is said of new images.
    `correct_a_SN`, `correct_b_SN`: which images the runs that have a value classify correctly.
    `same_probabilities`: each run of B gives every true class the probability that its pair does.
    `look`: the planned look that all of this is of, if there are any. `raised`: how it is judged if
    seeds were raised without a plan. Both: `questions.looks`, `questions.raised`.
    `step`: to what the values are rounded, 0 if not. `missing_is_worst`: False where nobody knows
    what a value that is not here would be. `tuning`: how both were tuned, where they were; the
    seeds are then replicates.
    """

    question: PairQuestion
    pair: Pair
    metric: Metric
    a_S: ArrayLike
    b_S: ArrayLike
    planned: int | None = None
    a_SN: ArrayLike | None = None
    b_SN: ArrayLike | None = None
    correct_a_SN: ArrayLike | None = None
    correct_b_SN: ArrayLike | None = None
    same_probabilities: bool = False
    next_seed: int | None = None
    look: Look | None = None
    raised: Raised | None = None
    other_bits: tuple[int, ...] = ()
    step: float = 0.0
    missing_is_worst: bool = True
    tuning: tuple[TuningRuns, TuningRuns] | None = None

    def __post_init__(self) -> None:
        a_S, b_S, names = _floats(self.a_S), _floats(self.b_S), f"{self.pair.a}, {self.pair.b}"
        if a_S.ndim != 1 or a_S.shape != b_S.shape:
            raise ValueError(
                f"{names}: need one value per seed of each; got {a_S.shape} and {b_S.shape}"
            )
        if self.planned is not None and self.planned < a_S.size:
            raise ValueError(f"planned: {self.planned} seeds, but there are {a_S.size}")
        if (self.a_SN is None) != (self.b_SN is None):
            raise ValueError("a_SN, b_SN: give both or none")
        for name, values_S, score_SN in (("a", a_S, self.a_SN), ("b", b_S, self.b_SN)):
            if score_SN is not None:
                _check_scores(name, values_S, _floats(score_SN))

    @property
    def matters(self) -> float | None:
        """The smallest difference that matters, in the metric's raw unit; None if none was stated,
        and then nothing can be called equal."""
        return self.question.matters or None

    @property
    def paired(self) -> NDArray[np.bool_]:
        """Which seeds have a value of both: (S,)."""
        return np.asarray(np.isfinite(_floats(self.a_S)) & np.isfinite(_floats(self.b_S)))

    def pairs(self) -> tuple[Floats, Floats]:
        """Return the values of both over the seeds that have both."""
        return _floats(self.a_S)[self.paired], _floats(self.b_S)[self.paired]

    def image_pairs(self) -> tuple[Floats, Floats] | None:
        """Return the scores of both over the seeds that have both: (S, N) each."""
        if self.a_SN is None or self.b_SN is None:
            return None
        return _floats(self.a_SN)[self.paired], _floats(self.b_SN)[self.paired]

    def favoring(self, evidence: Evidence, *, b_is_better: bool) -> int:
        """Return how many runs without a value favor a side by being left out, so that a verdict
        for it may be due to that. Such a run is worse than any other, unless nobody knows."""
        if not self.missing_is_worst:
            return evidence.missing_a + evidence.missing_b
        return evidence.missing_b if b_is_better else evidence.missing_a

    @cached_property
    def evidence(self) -> Evidence:
        """The numbers of this question on its own."""
        return _measure(self)

    @property
    def p_values(self) -> tuple[float, ...]:
        """Its p, 1 where there is no test; none where confounded, as that is known before anything
        is trained."""
        return () if self.pair.confounds else (self.evidence.p,)

    def conclude(self, adjusted: tuple[float, ...], family: int) -> PairFinding:
        """Return the finding, once the adjusted p is known."""
        evidence = replace(
            self.evidence,
            adjusted_p=adjusted[0] if adjusted and self.evidence.measured else None,
            family=family,
        )
        verdict, less, shown = Verdict.NONE, False, None
        goes_on = self.look is not None and self.look.open
        if evidence.identical and not self.pair.confounds and not goes_on:
            verdict = Verdict.EQUAL
        if evidence.measured is not None and not goes_on:
            verdict = _verdict(self, evidence, evidence.measured)
            less = _less_than_matters(self, evidence, evidence.measured, verdict)
            shown = _equal_on_new_images(self, evidence.measured, verdict)
            if verdict is Verdict.UNDECIDED:
                needed, as_seen = seeds_to_decide(
                    evidence.measured.paired, evidence.family, self.matters
                )
                evidence = replace(
                    evidence,
                    seeds_to_decide=needed.cautious,
                    seeds_if_spread_holds=needed.as_observed,
                    seeds_as_seen=as_seen,
                )
        finding = PairFinding(
            question=self.question,
            verdict=verdict,
            why_none=_why_none(evidence) if verdict is Verdict.NONE else None,
            less_than_matters=less,
            pair=self.pair,
            metric=self.metric,
            shown_for_new_images=shown,
            evidence=evidence,
            noise=_noise(self),
            ledger=_ledger(self),
            other_bits=self.other_bits,
        )
        return finding if self.tuning is None else as_tuned(finding, self.tuning)


def _measure(question: Comparison) -> Evidence:
    a_S, b_S = question.pairs()
    runs = question.paired.size
    images = question.image_pairs()
    evidence = Evidence(
        n=a_S.size,
        runs=runs,
        planned=runs if question.planned is None else question.planned,
        missing_a=runs - int(np.isfinite(question.a_S).sum()),
        missing_b=runs - int(np.isfinite(question.b_S).sum()),
        mean=float((b_S - a_S).mean()) if a_S.size else None,
        level_a=mean_and_sd(a_S),
        level_b=mean_and_sd(b_S),
        replay=replay(question.a_S, question.b_S),
        images=images[0].shape[1] if images else 0,
        differences=tuple((b_S - a_S).tolist()),
        next_seed=question.next_seed,
        unseen_failure_rate=unseen_failure_rate(runs) if runs and a_S.size == runs else None,
        look=question.look,
        raised=question.raised,
        far_a=_far(question, question.a_S),
        far_b=_far(question, question.b_S),
    )
    if evidence.replay is not None:
        counts = (int(np.isfinite(values).sum()) for values in (question.a_S, question.b_S))
        evidence = replace(evidence, replay_of_equals=reversal_rate_of_equals(*counts))
    if runs < evidence.planned or a_S.size < FEWEST_SEEDS:
        return evidence
    if no_spread(b_S - a_S):
        # Not one image of one seed tells them apart: there is no luck to allow for.
        same = images is not None and bool(np.array_equal(*images))
        same = same and a_S.size == runs
        return replace(evidence, identical=same, bit_identical=same and question.same_probabilities)
    is_coarse = (b_S - a_S).std(ddof=1) < question.step * (1 - 1e-9)
    step = question.step if is_coarse else 0.0
    shares = _shares(question.look)
    confidence = 1 - 0.05 * shares.difference
    equivalence = 1 - (1 - EQUIVALENCE_CONFIDENCE) * shares.equality
    interval_90 = t_intervals(b_S - a_S, equivalence, step)
    new_images_p = float(p_for_new_images(images[1] - images[0])) if images else None
    measured = Measured(
        paired=compare_pairs(a_S, b_S, confidence, step),
        low_90=float(interval_90.low),
        high_90=float(interval_90.high),
        # A stream of its own: what is drawn does not depend on the other questions.
        sign_flip=sign_flip(b_S - a_S, stream(0, "sign flips")),
        new_images=compare_on_new_images(*images, confidence) if images else None,
        new_images_p=None if new_images_p is None else min(1, new_images_p / shares.difference),
        new_images_90=compare_on_new_images(*images, equivalence) if images else None,
    )
    if question.raised is not None and not question.raised.by_plan:
        measured = _at_any_time(measured)
    return replace(evidence, measured=measured, rounded_to=step)


def _at_any_time(measured: Measured) -> Measured:
    """The same with the intervals of a confidence sequence, and without other images, for which
    there is none."""
    paired = measured.paired
    half, half_90 = (
        float(radius(paired.sd, paired.n, alpha)) for alpha in (0.05, RESCUE_EQUIVALENCE_ALPHA)
    )
    return Measured(
        paired=replace(paired, low=paired.mean - half, high=paired.mean + half),
        low_90=paired.mean - half_90,
        high_90=paired.mean + half_90,
        sign_flip=measured.sign_flip,
        new_images=None,
        new_images_p=None,
        new_images_90=None,
    )


@dataclass(frozen=True)
class _Shares:
    """What a look has of the level for differences, and of the 5% for equivalence."""

    difference: float = 1.0
    equality: float = 1.0


def _shares(look: Look | None) -> _Shares:
    if look is None or not look.taken:
        return _Shares()
    plan, at = Looks(look.plan), look.taken - 1
    return _Shares(float(plan.difference_weights[at]), float(plan.equality_weights[at]))


def _far(question: Comparison, value_S: ArrayLike) -> tuple[FarRuns, ...]:
    """The runs that lie far from the others of their experiment, of those with a value."""
    has_S = _floats(value_S)[np.isfinite(_floats(value_S))]
    if has_S.size < FEWEST_SEEDS:
        return ()
    correct_SN = question.correct_a_SN
    image = 0.0 if correct_SN is None else question.metric.whole / _floats(correct_SN).shape[1]
    return tuple(far_from_siblings(has_S, max(question.step, image)))


def _why_none(evidence: Evidence) -> NoVerdict:
    if evidence.runs < evidence.planned:
        return NoVerdict.UNFINISHED
    if evidence.look is not None and evidence.look.open:
        return NoVerdict.OPEN
    if evidence.n < evidence.runs:
        return NoVerdict.MISSING_VALUES
    if evidence.n < FEWEST_SEEDS:
        return NoVerdict.TOO_FEW_SEEDS
    return NoVerdict.ROUNDED if evidence.rounded_to else NoVerdict.NO_SPREAD


def _verdict(question: Comparison, evidence: Evidence, measured: Measured) -> Verdict:
    if evidence.adjusted_p is None:
        return Verdict.CONFOUNDED
    decision = decide(
        evidence.direction,
        evidence.adjusted_p,
        measured.low_90,
        measured.high_90,
        matters=question.matters,
    )
    return verdict_of(
        decision,
        higher_is_better=question.metric.higher_is_better,
        excluded=evidence.n < evidence.runs,
        rounded=evidence.rounded_to > 0,
        is_favored=lambda b: question.favoring(evidence, b_is_better=b) > 0,
    )


def _less_than_matters(
    question: Comparison, evidence: Evidence, measured: Measured, verdict: Verdict
) -> bool:
    different = verdict in (Verdict.BETTER, Verdict.WORSE)
    # With runs left out that would have widened the difference, its size is not known.
    if not different or question.matters is None or evidence.n < evidence.runs:
        return False
    return bool(inside_margin(measured.low_90, measured.high_90, question.matters))


def _equal_on_new_images(question: Comparison, measured: Measured, verdict: Verdict) -> bool | None:
    """Whether equality holds there too; None for other verdicts, which depend on the family."""
    new_90 = measured.new_images_90
    if new_90 is None or question.matters is None or verdict is not Verdict.EQUAL:
        return None
    return bool(inside_margin(new_90.low, new_90.high, question.matters))


def _noise(question: Comparison) -> NoiseFloor | None:
    """How far runs of A lie apart; None unless each has a value."""
    a_S = _floats(question.a_S)
    if len(a_S) < FEWEST_SEEDS or not np.isfinite(a_S).all():
        return None
    return noise_floor(a_S, question.correct_a_SN, question.metric.whole)


def _ledger(question: Comparison) -> FlipLedger | None:
    if question.correct_a_SN is None or question.correct_b_SN is None:
        return None
    return flip_ledger(question.correct_a_SN, question.correct_b_SN)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _check_scores(name: str, values_S: Floats, score_SN: Floats) -> None:
    if score_SN.ndim != 2 or len(score_SN) != values_S.size:
        raise ValueError(f"{name}_SN: needs {values_S.size} seeds × images; got {score_SN.shape}")
    has = np.isfinite(values_S)
    # 1e-6: accuracies and losses may have been averaged in float32.
    if not np.allclose(score_SN[has].mean(axis=1), values_S[has], rtol=1e-5, atol=1e-6):
        raise ValueError(f"{name}_SN: its means over images are not {name}_S")
