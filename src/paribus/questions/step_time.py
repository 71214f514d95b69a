"""Does a training step of B take longer than one of A? From interleaved timings.

Steps of A, B and A again are timed in turns, round after round. What slows the machine slows all
three of a round, so ratios are formed within rounds; A against itself is the control that says what
the ratio of two equals looks like on that machine, then.
"""

# Axes: R rounds.

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paribus.measure.metric import named
from paribus.measure.runs import Timing
from paribus.questions.finding import NoVerdict, Pair, StepTimeFinding, Verdict
from paribus.questions.kind import Context, Kind
from paribus.questions.pair import pair_of, sides, with_engine
from paribus.spec.question import Question
from paribus.stats.limits import FEWEST_SEEDS
from paribus.stats.paired import no_spread
from paribus.stats.ratio import Ratio, ratio_of_times
from paribus.stats.rule import Decision
from paribus.stats.step_times import decide_times, within


def prepare(question: Question, context: Context) -> StepTimes:
    """Return the question with the timing of its two experiments, if there is one."""
    a, b = sides(question, context)
    key = (a.step_keys, with_engine(a).engine, b.step_keys, with_engine(b).engine)
    return StepTimes(
        question=question,
        pair=pair_of(question, context),
        timing=next((timing for timing in context.timings if timing.is_of(*key)), None),
        study_name=context.study_name,
    )


STEP_TIME = Kind(Question, prepare)


@dataclass(frozen=True, eq=False)
class StepTimes:
    """A question about step times with the timing to answer it from; a `Prepared`.

    `timing`: seconds of a step in every round, above 0; None if nothing was timed. The question's
    `matters` is the smallest share that matters, 0.05 for 5 %. `study_name`: as in `Context`.
    """

    question: Question
    pair: Pair
    timing: Timing | None = None
    study_name: str = ""

    def __post_init__(self) -> None:
        a_R, b_R, control_R = self._seconds()
        names = f"{self.pair.a}, {self.pair.b}"
        if a_R.ndim != 1 or not a_R.shape == b_R.shape == control_R.shape:
            raise ValueError(
                f"{names}: need one time per round of each; "
                f"got {a_R.shape}, {b_R.shape} and {control_R.shape}"
            )
        if not all((np.isfinite(t) & (t > 0)).all() for t in (a_R, b_R, control_R)):
            raise ValueError(f"{names}: times must be finite and above 0")

    @cached_property
    def ratios(self) -> tuple[Ratio, Ratio] | None:
        """B over A, and A over A; None without enough rounds that differ."""
        a_R, b_R, control_R = self._seconds()
        pairs = ((a_R, b_R), (a_R, control_R))
        if a_R.size < FEWEST_SEEDS or any(no_spread(np.log(y / x)) for x, y in pairs):
            return None
        return ratio_of_times(a_R, b_R), ratio_of_times(a_R, control_R)

    @property
    def p_values(self) -> tuple[float, ...]:
        """Its p, 1 where nothing was timed; none where confounded."""
        if self.pair.confounds:
            return ()
        return (1.0,) if self.ratios is None else (self.ratios[0].p,)

    def conclude(self, adjusted: tuple[float, ...], family: int) -> StepTimeFinding:
        """Return the finding. In this order: confounded; worse (slower) or better (faster), where
        the adjusted p is 0.04 or less and the ratio is further from 1 than the 95 % interval of the
        control reaches; equal for practical purposes, where both 90 % intervals lie within
        `matters` of 1; undecided."""
        ratio, control = self.ratios or (None, None)
        verdict, less = Verdict.NONE, False
        if ratio is not None and control is not None:
            verdict, less = _verdict(self, ratio, control, adjusted)
        return StepTimeFinding(
            question=self.question,
            verdict=verdict,
            why_none=NoVerdict.NOT_TIMED if verdict is Verdict.NONE else None,
            less_than_matters=less,
            pair=self.pair,
            metric=named(self.question.metric),
            ratio=ratio,
            control=control,
            adjusted_p=adjusted[0] if ratio is not None and adjusted else None,
            family=family,
            timing=self.timing,
            study_name=self.study_name,
        )

    def _seconds(self) -> tuple[NDArray[np.float64], ...]:
        timing = self.timing
        seconds = (
            ((), (), ())
            if timing is None
            else (timing.a_seconds, timing.b_seconds, timing.control_seconds)
        )
        return tuple(np.asarray(t, dtype=np.float64) for t in seconds)


def _verdict(
    steps: StepTimes, ratio: Ratio, control: Ratio, adjusted: tuple[float, ...]
) -> tuple[Verdict, bool]:
    """The verdict, and whether a difference is shown to be less than matters."""
    if not adjusted:
        return Verdict.CONFOUNDED, False
    matters = steps.question.matters or None
    small = matters is not None and within(ratio, matters)
    match decide_times(ratio, control, adjusted[0], matters):
        case Decision.HIGHER:
            return Verdict.WORSE, small
        case Decision.LOWER:
            return Verdict.BETTER, small
        case Decision.EQUAL:
            return Verdict.EQUAL, False
        case Decision.UNDECIDED:
            return Verdict.UNDECIDED, False
