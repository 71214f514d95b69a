"""Does a training step of B take longer than one of A? From interleaved timings.

Each of several processes times A, B and A again, interleaved, round after round. What slows the
machine slows all three of a round, so ratios are formed within rounds, and intervals over the
processes. A against itself is the control that says what the ratio of two equals looks like on that
machine, then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from paribus.measure.metric import asked
from paribus.measure.runs import Timing
from paribus.questions.finding import NoVerdict, Pair, StepTimeFinding, Verdict
from paribus.questions.kind import Context, Kind
from paribus.questions.pair import pair_of, sides, with_engine
from paribus.spec.question import Question
from paribus.stats.paired import no_spread
from paribus.stats.rule import Decision
from paribus.stats.step_times import FEWEST_PROCESSES as FEWEST_PROCESSES
from paribus.stats.step_times import (
    Ratio,
    decide_times,
    process_means,
    ratio_over_processes,
    within,
)
from paribus.text import STORE


def prepare(question: Question, context: Context) -> StepTimes:
    """Return the question with the timings of its two experiments."""
    a, b = sides(question, context)
    key = (a.step_keys, with_engine(a).engine, b.step_keys, with_engine(b).engine)
    return StepTimes(
        question=question,
        pair=pair_of(question, context),
        timings=comparable([timing for timing in context.timings if timing.is_of(*key)]),
        study_name=context.study_name,
        store_folder=context.store_folder,
    )


def comparable(timings: Sequence[Timing]) -> tuple[Timing, ...]:
    """Return those by the same engines on the same kind of processor, and of GPU where one ran the
    steps; of several such, the most."""
    groups: dict[tuple[str, ...], list[Timing]] = {}
    for timing in timings:
        processor = timing.environment.get("processor", "")
        devices = (timing.device("a"), timing.device("b"))
        groups.setdefault((timing.a_engine, timing.b_engine, processor, *devices), []).append(
            timing
        )
    most = max(groups.values(), key=lambda group: len(group), default=[])
    return tuple(most)


STEP_TIME = Kind(Question, prepare, takes_runs=False)


@dataclass(frozen=True, eq=False)
class StepTimes:
    """A question about step times with the timings to answer it from; a `Prepared`.

    `timings`: one per process. The question's `matters` is the smallest share that matters, 0.05
    for 5%. `study_name`, `store_folder`: as in `Context`.
    """

    question: Question
    pair: Pair
    timings: tuple[Timing, ...] = ()
    study_name: str = ""
    store_folder: Path = STORE

    @cached_property
    def ratios(self) -> tuple[Ratio, Ratio] | None:
        """B over A, and A over A; None without enough processes, or if they do not differ.

        Raises ValueError for what are no times, or not as many of each."""
        a_P = [timing.a_seconds for timing in self.timings]
        others = (
            [timing.b_seconds for timing in self.timings],
            [timing.control_seconds for timing in self.timings],
        )
        if len(a_P) < FEWEST_PROCESSES or any(no_spread(process_means(a_P, o)) for o in others):
            return None
        ratio, control = (ratio_over_processes(a_P, other) for other in others)
        return ratio, control

    @property
    def log_ratios(self) -> tuple[float, ...]:
        """The mean log ratio B over A of each process."""
        a_P = [timing.a_seconds for timing in self.timings]
        b_P = [timing.b_seconds for timing in self.timings]
        return tuple(process_means(a_P, b_P).tolist())

    @property
    def p_values(self) -> tuple[float, ...]:
        """Its p, 1 where nothing was timed; none where confounded."""
        if self.pair.confounds:
            return ()
        return (1.0,) if self.ratios is None else (self.ratios[0].p,)

    def conclude(self, adjusted: tuple[float, ...], family: int) -> StepTimeFinding:
        """Return the finding. In this order: confounded; worse (slower) or better (faster), where
        the adjusted p is 0.04 or less and the ratio is further from 1 than the 95% interval of the
        control reaches; practically equivalent, where both 90% intervals lie within
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
            metric=asked(self.question),
            ratio=ratio,
            control=control,
            log_ratios=self.log_ratios if ratio is not None else (),
            adjusted_p=adjusted[0] if ratio is not None and adjusted else None,
            family=family,
            timings=self.timings,
            study_name=self.study_name,
            store_folder=self.store_folder,
        )


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
