"""Which of several experiments may be the best? A set, intervals to the best, ranks.

It adds no p-value to the family: that the best one is missing from the set has a level of its own.
"""

# Axes: E experiments, R runs of one experiment.

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from paribus.measure import table
from paribus.measure.metric import Metric, asked
from paribus.questions.best_finding import BestFinding, BestLook, Contender, NotAskedAbout
from paribus.questions.contested import Contested, SameSeeds, finite
from paribus.questions.finding import NoVerdict, Verdict
from paribus.questions.guard import confounds_with_first
from paribus.questions.kind import Context, Kind
from paribus.questions.pair import first_seeds, together, with_engine
from paribus.spec.question import BestQuestion
from paribus.stats.best import ranks_with_set
from paribus.stats.best_course import BestCourse
from paribus.stats.levels import mean_and_sd
from paribus.stats.limits import FEWEST_SEEDS


def prepare(question: BestQuestion, context: Context) -> Contest:
    """Return the question with the values of its experiments.

    With looks, of the first seeds of each; else of the seeds whose runs of all have ended.
    """
    metric = asked(question)
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
        runs=SameSeeds(tuple(table.values(side) for side in rows), planned=context.planned),
        confounds=tuple(NotAskedAbout(*found) for found in confounds.items()),
    )


BEST = Kind(BestQuestion, prepare, tested=False)


@dataclass(frozen=True, eq=False)
class Contest:
    """A question about the best with the runs to answer it from; a `Prepared`.

    `runs`: of each experiment in the order of the question. `step`: as in `Comparison`.
    """

    question: BestQuestion
    metric: Metric
    runs: Contested
    confounds: tuple[NotAskedAbout, ...] = ()
    step: float = 0.0

    p_values: tuple[float, ...] = ()

    def with_first_seeds(self, n: int) -> Contest:
        """Return the question with the first n seeds alone, which a study had planned. Others that
        were added without a plan have no say in it."""
        return replace(self, runs=self.runs.first(n))

    def at_looks(self, looks: tuple[int, ...]) -> Contest:
        """Return the question as it is judged at planned looks."""
        return replace(self, runs=self.runs.at_looks(looks))

    @cached_property
    def course(self) -> BestCourse | None:
        """Where it stands, higher is better; None with too few runs for any test."""
        sign, matters = self._sign, self.question.matters or None
        return self.runs.course(sign, matters, at_first_look=self._ends_at_first_look)

    @property
    def _ends_at_first_look(self) -> bool:
        # No number of seeds can tell what makes the differences of a confounded question.
        return bool(self.confounds)

    @property
    def _sign(self) -> int:
        return 1 if self.metric.higher_is_better else -1

    @property
    def look(self) -> BestLook | None:
        """The planned look that it is judged at, if there are any."""
        if not self.runs.looks or self.course is None:
            return None
        return BestLook(self.runs.looks, self.course.taken, self.course.open)

    @property
    def needed(self) -> dict[str, int]:
        """The seeds of each experiment that it needs by now, at planned looks."""
        look, course = self.look, self.course
        assert look is not None
        assert course is not None
        return {
            name: look.next_seeds if look.open and may else max(int(judged), look.plan[0])
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
        needed = self.runs.needed(at_first_look=self._ends_at_first_look)
        return BestFinding(
            question=self.question,
            verdict=verdict,
            why_none=why,
            less_than_matters=verdict is Verdict.BETTER and bool(within),
            metric=self.metric,
            contenders=tuple(
                self._contender(e, course if taken else None)
                for e in range(len(self.question.best))
            ),
            trained=self._trained_in_question,
            planned=look.next_seeds if look is not None and look.open else needed,
            all_within=within,
            confounds=self.confounds,
            look=look,
            paired=self.runs.paired,
            rounded_to=self.step if why is NoVerdict.ROUNDED else 0.0,
        )

    @property
    def _trained_in_question(self) -> int:
        """The runs that all have that may still be the best."""
        if self.course is None:
            return self.runs.trained
        counts = zip(self.runs.counts, self.course.may_be_best, strict=True)
        return min(count for count, may in counts if may)

    def _why_none(self) -> NoVerdict | None:
        course = self.course
        if course is None:
            needed = self.runs.needed(at_first_look=self._ends_at_first_look)
            unfinished = self.runs.trained < needed
            return NoVerdict.UNFINISHED if unfinished else NoVerdict.TOO_FEW_SEEDS
        if not course.taken:
            return NoVerdict.UNFINISHED
        if self._rounded:
            return NoVerdict.ROUNDED
        return NoVerdict.OPEN if course.open else None

    @property
    def _rounded(self) -> bool:
        """Whether the values of one, or the differences of two, vary less than they are rounded."""
        return self.step > 0 and any(
            value_R.size >= FEWEST_SEEDS and value_R.std(ddof=1) < self.step * (1 - 1e-9)
            for value_R in self.runs.varying
        )

    def _contender(self, e: int, course: BestCourse | None) -> Contender:
        n = self.runs.counts[e] if course is None else int(course.judged[e])
        value_R = self.runs.judged(e, n)
        has_R = finite(value_R)
        low = high = None
        if course is not None:
            # 0 is added as an end may be -0.
            ends = self._sign * course.low[e] + 0.0, self._sign * course.high[e] + 0.0
            low, high = float(min(ends)), float(max(ends))
        first, last = self._ranks(e, course)
        return Contender(
            name=self.question.best[e],
            seeds=n,
            missing=len(value_R) - len(has_R),
            level=mean_and_sd(has_R),
            may_be_best=course is None or bool(course.may_be_best[e]),
            to_best=self._to_best(e, n),
            low=low,
            high=high,
            first_rank=first,
            last_rank=last,
            compared=bool(self.runs.compared[e].any()),
        )

    def _ranks(self, e: int, course: BestCourse | None) -> tuple[int, int]:
        if course is None:
            return 1, len(self.question.best)
        first_E, last_E = ranks_with_set(course.ranks, course.may_be_best)
        return int(first_E[e]), int(last_E[e])

    def _to_best(self, e: int, n: int) -> float | None:
        """Its mean less that of the best other one, over the seeds that both have."""
        others = [
            difference
            for other in range(len(self.question.best))
            if other != e and (difference := self.runs.difference(e, other, n)) is not None
        ]
        if not others:
            return None
        return min(others) if self.metric.higher_is_better else max(others)


def _verdict(contest: Contest, course: BestCourse) -> Verdict:
    if contest.confounds:
        return Verdict.CONFOUNDED
    if course.may_be_best.sum() == 1:
        return Verdict.BETTER
    return Verdict.EQUAL if course.all_within else Verdict.UNDECIDED
