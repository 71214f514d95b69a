"""Which of two experiments takes longer for a training step, from interleaved timings.

Steps of A, B and A again are timed in turns, round after round. What slows the machine slows all
three of a round, so ratios are formed within rounds; A against itself is the control that says what
the ratio of two equals looks like on that machine, then.
"""

# Axes: R rounds.

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paribus.stats.equivalence import EQUIVALENCE_CONFIDENCE, inside_margin
from paribus.stats.metric import shown_p
from paribus.stats.paired import FEWEST_SEEDS, no_spread, t_intervals
from paribus.stats.power import VERDICT_LEVEL
from paribus.stats.verdict import Verdict

MOST_DECIMALS = 3


@dataclass(frozen=True, eq=False)
class TimeComparison:
    """Does a training step of B take longer than one of A?

    `a_R`, `b_R`, `control_R`: seconds of a step in every round, (R,) each and above 0, of A, of B
    and of a second training of A; all empty where nothing was timed. `matters`: the smallest share
    that matters, 0.05 for 5 %; None if none was stated. `confounds`, `preview`: as in `Comparison`.
    `how`: what would time them, as the beginning of a sentence with "does that".
    """

    a: str
    b: str
    a_R: ArrayLike = ()
    b_R: ArrayLike = ()
    control_R: ArrayLike = ()
    matters: float | None = None
    confounds: tuple[str, ...] = ()
    preview: bool = False
    how: str = ""

    def __post_init__(self) -> None:
        a_R, b_R, control_R = (np.asarray(t, float) for t in (self.a_R, self.b_R, self.control_R))
        if a_R.ndim != 1 or not a_R.shape == b_R.shape == control_R.shape:
            raise ValueError(
                f"{self.a}, {self.b}: need one time per round of each; "
                f"got {a_R.shape}, {b_R.shape} and {control_R.shape}"
            )
        if not all((np.isfinite(t) & (t > 0)).all() for t in (a_R, b_R, control_R)):
            raise ValueError(f"{self.a}, {self.b}: times must be finite and above 0")
        if self.matters is not None and not self.matters > 0:
            raise ValueError(f"matters: must be above 0, or None; got {self.matters}")


@dataclass(frozen=True)
class Ratio:
    """A ratio of times over n rounds: geometric mean, 95 % and 90 % interval, p against 1."""

    n: int
    ratio: float
    low: float
    high: float
    low_90: float
    high_90: float
    p: float

    def evidence(self, confidence: float = 0.95) -> str:
        """The ratio, its interval, the confidence and the number of rounds.

        >>> Ratio(20, 1.124, 1.101, 1.147, 1.105, 1.143, 0.0).evidence()
        '1.124 times [1.101, 1.147], 95 %, n = 20 rounds'
        """
        return (
            f"{self.times(confidence)} {self.interval(confidence)}, "
            f"{confidence * 100:.0f} %, n = {self.n} rounds"
        )

    def times(self, confidence: float = 0.95) -> str:
        """The ratio, as exact as the interval that it stands beside."""
        return f"{self.ratio:.{_decimals(*self._ends(confidence))}f} times"

    def interval(self, confidence: float = 0.95) -> str:
        """Both ends in brackets, to two figures of the half-width."""
        low, high = self._ends(confidence)
        decimals = _decimals(low, high)
        return f"[{low:.{decimals}f}, {high:.{decimals}f}]"

    def _ends(self, confidence: float) -> tuple[float, float]:
        return (self.low, self.high) if confidence == 0.95 else (self.low_90, self.high_90)


@dataclass(frozen=True)
class TimeFinding:
    """The answer: `ratio` is B over A, `control` A over A; None where nothing was timed."""

    a: str
    b: str
    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...]
    less_than_matters: bool
    ratio: Ratio | None
    control: Ratio | None
    adjusted_p: float | None


def ratio_of_times(a_R: ArrayLike, b_R: ArrayLike) -> Ratio:
    """B over A, both (R,) seconds, R >= 3: Student's t interval of the mean log ratio.

    Rounds are taken as independent; the control is there to show where they are not. Raises
    ValueError as `t_intervals`, so where all ratios are the same.

    >>> r = ratio_of_times([1.0, 1.1, 1.0], [2.0, 2.2, 2.1])
    >>> r.n, round(r.ratio, 3), round(r.low, 3), round(r.high, 3)
    (3, 2.033, 1.895, 2.18)
    """
    log_R = np.log(np.asarray(b_R, float) / np.asarray(a_R, float))
    t, t_90 = t_intervals(log_R), t_intervals(log_R, EQUIVALENCE_CONFIDENCE)
    mean, low, high, low_90, high_90 = (
        math.exp(x) for x in (t.mean, t.low, t.high, t_90.low, t_90.high)
    )
    return Ratio(log_R.size, mean, low, high, low_90, high_90, float(t.p))


def p_of(question: TimeComparison) -> float:
    """What the question counts with in its study's family; 1 where it has no test.

    >>> p_of(TimeComparison("a", "b"))
    1.0
    """
    ratio = _ratios(question)[0]
    return 1.0 if ratio is None else ratio.p


def judge_times(
    question: TimeComparison, adjusted_p: float | None = None, family: int = 1
) -> TimeFinding:
    """The finding of a question about the time of a training step.

    `adjusted_p`: Holm's over the study's `family` questions; the question's own if None. In this
    order: confounded; worse (slower) or better (faster), where the p is 0.04 or less and the ratio
    is further from 1 than the 95 % interval of the control reaches; equal for practical purposes,
    where both 90 % intervals lie within `matters` of 1; undecided.

    >>> a_R = [1.00, 1.02, 0.99, 1.01, 1.00]
    >>> b_R, control_R = [1.21, 1.22, 1.20, 1.19, 1.21], [1.01, 1.00, 1.00, 1.01, 0.99]
    >>> print(judge_times(TimeComparison("A", "B", a_R, b_R, control_R)).sentence)
    A training step of B takes longer than one of A: 1.201 times [1.183, 1.219], 95 %, n = 5 rounds.
    """
    ratio, control = _ratios(question)
    verdict, less = Verdict.NONE, False
    if ratio is not None and control is not None and not question.preview:
        verdict, less = _verdict(question, ratio, control, adjusted_p)
    reasons: tuple[str, ...] = ()
    if ratio is not None and control is not None:
        reasons = (f"{question.a} against itself: {control.evidence()}.",)
        if verdict not in (Verdict.NONE, Verdict.CONFOUNDED):
            p = ratio.p if adjusted_p is None else adjusted_p
            of = f", adjusted for {family} questions" if family > 1 else ""
            reasons += (
                f"Paired t test of log ratios: {shown_p(p)}{of}; faster or slower takes "
                f"{VERDICT_LEVEL} or less, and a ratio that the first against itself does not "
                "reach.",
            )
    return TimeFinding(
        a=question.a,
        b=question.b,
        verdict=verdict,
        sentence=_sentence(question, ratio, control, verdict, less),
        reasons=reasons,
        less_than_matters=less,
        ratio=ratio,
        control=control,
        adjusted_p=None if ratio is None or verdict is Verdict.CONFOUNDED else adjusted_p,
    )


def _ratios(question: TimeComparison) -> tuple[Ratio | None, Ratio | None]:
    a_R, b_R, control_R = (
        np.asarray(t, float) for t in (question.a_R, question.b_R, question.control_R)
    )
    pairs = ((a_R, b_R), (a_R, control_R))
    if a_R.size < FEWEST_SEEDS or any(no_spread(np.log(y / x)) for x, y in pairs):
        return None, None
    return ratio_of_times(a_R, b_R), ratio_of_times(a_R, control_R)


def _verdict(
    question: TimeComparison, ratio: Ratio, control: Ratio, adjusted_p: float | None
) -> tuple[Verdict, bool]:
    if question.confounds:
        return Verdict.CONFOUNDED, False
    p = ratio.p if adjusted_p is None else adjusted_p
    small = question.matters is not None and _within(ratio, question.matters)
    floor = max(abs(math.log(control.low)), abs(math.log(control.high)))
    if p <= VERDICT_LEVEL and abs(math.log(ratio.ratio)) > floor:
        return Verdict.WORSE if ratio.ratio > 1 else Verdict.BETTER, small
    # A machine on which A is not shown to be as fast as itself cannot show that B is.
    if small and question.matters is not None and _within(control, question.matters):
        return Verdict.EQUAL, False
    return Verdict.UNDECIDED, False


def _within(ratio: Ratio, matters: float) -> bool:
    margin = math.log1p(matters)
    return bool(inside_margin(math.log(ratio.low_90), math.log(ratio.high_90), margin))


def _sentence(
    question: TimeComparison,
    ratio: Ratio | None,
    control: Ratio | None,
    verdict: Verdict,
    less: bool,
) -> str:
    a, b = question.a, question.b
    if ratio is None or control is None:
        how = f"; {question.how} does that" if question.how else ""
        return f"No verdict: steps of {a} and {b} have not been timed side by side{how}."
    step, matters = f"A training step of {b}", question.matters
    match verdict:
        case Verdict.NONE:
            return (
                f"No verdict: this is a preview ({step[0].lower()}{step[1:]} takes "
                f"{ratio.evidence()}, as long as one of {a}); it takes the full study."
            )
        case Verdict.CONFOUNDED:
            return (
                f"Confounded: {a} and {b} also differ in {'; '.join(question.confounds)}, so the "
                f"difference cannot be put down to what was asked about: {step[0].lower()}"
                f"{step[1:]} takes {ratio.evidence()}, as long as one of {a}."
            )
        case Verdict.EQUAL:
            assert matters is not None
            return (
                f"{step} takes as long as one of {a} for practical purposes: "
                f"{ratio.evidence(0.90)}, so whatever the difference is, it is smaller than the "
                f"{_percent(matters)} that matter."
            )
        case Verdict.UNDECIDED:
            own = f"; {a} against itself: {control.evidence()}"
            return (
                f"Undecided between {a} and {b}: a training step of {b} takes {ratio.evidence()}, "
                f"as long as one of {a}{own}; more rounds on a quiet machine would probably decide "
                "it."
            )
    longer = "longer" if verdict is Verdict.WORSE else "less long"
    but = f", but by less than matters ({_percent(matters)})" if less and matters else ""
    return f"{step} takes {longer} than one of {a}{but}: {ratio.evidence()}."


def _decimals(low: float, high: float) -> int:
    half_width = (high - low) / 2
    if half_width <= 0:
        return MOST_DECIMALS
    return min(MOST_DECIMALS, max(2, 1 - math.floor(math.log10(half_width))))


def _percent(share: float) -> str:
    return f"{share * 100:g} %"
