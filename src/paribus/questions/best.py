"""Which of several experiments may be the best? A set, intervals to the best, ranks.

It adds no p-value to the family: that the best one is missing from the set has a level of its own.
"""

# Axes: E experiments, S seeds, R runs of one experiment.

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from paribus.measure import table
from paribus.measure.metric import Metric, named
from paribus.questions.best_finding import BestFinding, BestLook, Contender, NotAskedAbout
from paribus.questions.finding import NoVerdict, Verdict
from paribus.questions.guard import confounds_with_first
from paribus.questions.kind import Context, Kind
from paribus.questions.pair import first_seeds, together, with_engine
from paribus.spec.question import BestQuestion
from paribus.stats.best import ranks_with_set
from paribus.stats.best_course import BestCourse, Stage, follow_best, judge_at_once, stages_of
from paribus.stats.every_pair import paired, unpaired
from paribus.stats.levels import mean_and_sd
from paribus.stats.limits import FEWEST_SEEDS
from paribus.stats.looks import Looks
from paribus.stats.paired import no_spread

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def prepare(question: BestQuestion, context: Context) -> Contest:
    """Return the question with the values of its experiments.

    With looks, of the first seeds of each; else of the seeds whose runs of all have ended.
    """
    metric = named(question.metric)
    results = [context.experiments[name] for name in question.experiments]
    if context.looks:
        rows = [first_seeds(table.final(result, metric), context) for result in results]
    else:
        rows = together(results, metric, context)
    confounds = confounds_with_first(
        {result.name: with_engine(result) for result in results}, question.about
    )
    return Contest(
        question=question,
        metric=metric,
        values=tuple(table.values(side) for side in rows),
        planned=context.planned,
        confounds=tuple(NotAskedAbout(*found) for found in confounds.items()),
    )


BEST = Kind(BestQuestion, prepare, tested=False)


@dataclass(frozen=True, eq=False)
class Contest:
    """A question about the best with the numbers to answer it from; a `Prepared`.

    `values`: of each experiment in the order of the question, (S,) in the order of the seeds, of as
    many as it has; NaN where a run ended without a value. `planned`: as in `Comparison`. `looks`:
    the planned ones, if it is judged at such. `paired`: False if runs share no seeds; then nothing
    is planned. `ran`: where each has seeds of its own, those that it has a run of, (S,) of all that
    there are; two are then compared over those that they share, and nothing is planned. `step`: as
    in `Comparison`.
    """

    question: BestQuestion
    metric: Metric
    values: tuple[Floats, ...]
    planned: int | None = None
    confounds: tuple[NotAskedAbout, ...] = ()
    looks: tuple[int, ...] = ()
    paired: bool = True
    ran: tuple[Flags, ...] | None = None
    step: float = 0.0

    p_values: tuple[float, ...] = ()

    def with_first_seeds(self, n: int) -> Contest:
        """Return the question with the first n seeds alone, which a study had planned. Others that
        were added without a plan have no say in it."""
        return replace(self, values=tuple(value_S[:n] for value_S in self.values), planned=n)

    def at_looks(self, looks: tuple[int, ...]) -> Contest:
        """Return the question as it is judged at planned looks."""
        return replace(self, looks=looks)

    @cached_property
    def course(self) -> BestCourse | None:
        """Where it stands, higher is better; None with too few runs for any test."""
        matters = self.question.matters or None
        if not self.paired or self.ran is not None:
            if not self._compared.any():
                return None
            sides = [
                self._sign * np.where(np.isfinite(value_R), value_R, np.nan)
                for value_R in self.values
            ]
            pairs = unpaired(sides) if self.ran is None else paired(sides, np.stack(self.ran))
            return judge_at_once(pairs, self._runs, matters=matters)
        if self._stages[0].seeds < FEWEST_SEEDS:
            return None
        trained = [len(value_S) for value_S in self.values]
        value_ES = np.full((len(trained), max(trained)), np.nan)
        for row_S, value_S in zip(value_ES, self.values, strict=True):
            row_S[: len(value_S)] = self._sign * np.where(np.isfinite(value_S), value_S, np.nan)
        return follow_best(value_ES, trained, self._stages, matters=matters)

    @property
    def _stages(self) -> tuple[Stage, ...]:
        if not self.looks:
            return (Stage(self.planned or self.trained),)
        stages = stages_of(Looks(self.looks))
        # No number of seeds can tell what makes the differences of a confounded question.
        return stages[:1] if self.confounds else stages

    @property
    def _sign(self) -> int:
        return 1 if self.metric.higher_is_better else -1

    @property
    def trained(self) -> int:
        """The seeds that all have."""
        return min(map(len, self.values))

    @property
    def _runs(self) -> list[int]:
        """The runs of each."""
        if self.ran is None:
            return list(map(len, self.values))
        return [int(ran_S.sum()) for ran_S in self.ran]

    @cached_property
    def _compared(self) -> Flags:
        """Which two have enough values for a test: (E, E)."""
        has = list(map(np.isfinite, self.values))
        n_EF = np.zeros((len(has), len(has)))
        for e, f in permutations(range(len(has)), 2):
            if self.paired:
                both = min(len(has[e]), len(has[f]))
                n_EF[e, f] = (has[e][:both] & has[f][:both]).sum()
            else:
                n_EF[e, f] = min(has[e].sum(), has[f].sum())
        return n_EF >= FEWEST_SEEDS

    @property
    def look(self) -> BestLook | None:
        """The planned look that it is judged at, if there are any."""
        if not self.looks or self.course is None:
            return None
        return BestLook(self.looks, self.course.taken, self.course.open)

    @property
    def needed(self) -> dict[str, int]:
        """The seeds of each experiment that it needs by now, at planned looks."""
        look, course = self.look, self.course
        assert look is not None
        assert course is not None
        return {
            name: look.next_seeds if look.open and may else max(int(judged), self.looks[0])
            for name, may, judged in zip(
                self.question.best, course.may_be_best, course.judged, strict=True
            )
        }

    def conclude(self, adjusted: tuple[float, ...], family: int) -> BestFinding:
        """Return the finding; the family does not matter."""
        course, look = self.course, self.look
        verdict, why = Verdict.NONE, self._why_none()
        taken = course is not None and course.taken > 0 and why is not NoVerdict.ROUNDED
        within = bool(course.all_within) if taken and course and self.question.matters else None
        if why is None and course is not None:
            verdict = _verdict(self, course)
        return BestFinding(
            question=self.question,
            verdict=verdict,
            why_none=why,
            less_than_matters=verdict is Verdict.BETTER and bool(within),
            metric=self.metric,
            contenders=tuple(
                self._contender(e, course if taken else None) for e in range(len(self.values))
            ),
            trained=self._trained_in_question,
            planned=look.next_seeds if look is not None and look.open else self._stages[-1].seeds,
            all_within=within,
            confounds=self.confounds,
            look=look,
            paired=self.paired,
            rounded_to=self.step if why is NoVerdict.ROUNDED else 0.0,
        )

    @property
    def _trained_in_question(self) -> int:
        """The seeds that all have that may still be the best."""
        if self.course is None:
            return self.trained
        pairs = zip(self.values, self.course.may_be_best, strict=True)
        return min(len(value_S) for value_S, may in pairs if may)

    def _why_none(self) -> NoVerdict | None:
        course = self.course
        if course is None:
            planned = self.planned or self.trained
            unfinished = self.trained < planned
            return NoVerdict.UNFINISHED if unfinished else NoVerdict.TOO_FEW_SEEDS
        if not course.taken:
            return NoVerdict.UNFINISHED
        if self._rounded:
            return NoVerdict.ROUNDED
        return NoVerdict.OPEN if course.open else None

    @property
    def _rounded(self) -> bool:
        """Whether the values of two, or their differences, vary less than they are rounded."""
        varying = [_finite(value_R) for value_R in self.values]
        if self.paired and self.step:
            differences = [_finite(b_S - a_S) for a_S, b_S in combinations(self.values, 2)]
            varying = [one_S for one_S in differences if one_S.size and not no_spread(one_S)]
        return any(
            value_R.size >= FEWEST_SEEDS and value_R.std(ddof=1) < self.step * (1 - 1e-9)
            for value_R in varying
        )

    def _contender(self, e: int, course: BestCourse | None) -> Contender:
        seeds = self._runs[e] if course is None else int(course.judged[e])
        value_S = self.values[e][:seeds] if self.ran is None else self.values[e][self.ran[e]]
        has_S = _finite(value_S)
        low = high = None
        if course is not None:
            # 0 is added as an end may be -0.
            ends = self._sign * course.low[e] + 0.0, self._sign * course.high[e] + 0.0
            low, high = float(min(ends)), float(max(ends))
        first, last = self._ranks(e, course)
        return Contender(
            name=self.question.best[e],
            seeds=seeds,
            missing=len(value_S) - len(has_S),
            level=mean_and_sd(has_S),
            may_be_best=course is None or bool(course.may_be_best[e]),
            to_best=self._to_best(e, seeds),
            low=low,
            high=high,
            first_rank=first,
            last_rank=last,
            compared=bool(self._compared[e].any()),
        )

    def _ranks(self, e: int, course: BestCourse | None) -> tuple[int, int]:
        if course is None:
            return 1, len(self.values)
        first_E, last_E = ranks_with_set(course.ranks, course.may_be_best)
        return int(first_E[e]), int(last_E[e])

    def _to_best(self, e: int, seeds: int) -> float | None:
        """Its mean less that of the best other one, over the seeds that both have."""
        others = []
        for other, value_S in enumerate(self.values):
            difference = self._difference(e, other, seeds)
            # One that took part in fewer looks is not the best.
            in_all = not self.paired or self.ran is not None or len(value_S) >= seeds
            if other != e and difference is not None and in_all:
                others.append(difference)
        if not others:
            return None
        return min(others) if self.metric.higher_is_better else max(others)

    def _difference(self, e: int, other: int, seeds: int) -> float | None:
        """The mean of an experiment less that of another one; None where there is no value."""
        if self.ran is not None:
            difference_S = _finite(self.values[e] - self.values[other])
            return float(difference_S.mean()) if self._compared[e, other] else None
        if self.paired:
            n = min(seeds, len(self.values[other]))
            difference_S = _finite(self.values[e][:n] - self.values[other][:n])
            return float(difference_S.mean()) if difference_S.size else None
        own_R, other_R = _finite(self.values[e]), _finite(self.values[other])
        return float(own_R.mean() - other_R.mean()) if own_R.size and other_R.size else None


def _verdict(contest: Contest, course: BestCourse) -> Verdict:
    if contest.confounds:
        return Verdict.CONFOUNDED
    if course.may_be_best.sum() == 1:
        return Verdict.BETTER
    return Verdict.EQUAL if course.all_within else Verdict.UNDECIDED


def _finite(value_R: Floats) -> Floats:
    return value_R[np.isfinite(value_R)]
