"""Which of two experiments has more of something that is counted, not measured: parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace

from paribus.measure.metric import Metric, asked
from paribus.questions.finding import CountFinding, NoVerdict, Pair, Verdict
from paribus.questions.kind import Context, Kind
from paribus.questions.pair import pair_of, sides
from paribus.spec.question import Question


def prepare(question: Question, context: Context) -> Counts:
    """Return the question with its counts, which need no runs."""
    metric = asked(question)
    if metric.count is None:
        raise ValueError(f"experiments have no {metric.key}")
    count_a, count_b = (metric.count(side) for side in sides(question, context))
    # Only the network has parameters; the recipe cannot confound their number.
    pair = replace(pair_of(question, context), confounds=())
    return Counts(question, pair, metric, count_a, count_b)


COUNT = Kind(Question, prepare, takes_runs=False, tested=False)


@dataclass(frozen=True, eq=False)
class Counts:
    """A question about counts with both of them, None where unknown; a `Prepared`."""

    question: Question
    pair: Pair
    metric: Metric
    count_a: int | None
    count_b: int | None

    @property
    def p_values(self) -> tuple[float, ...]:
        """None: a count is no measurement, and takes no part in the family."""
        return ()

    def conclude(self, adjusted: tuple[float, ...], family: int) -> CountFinding:
        """Return the finding; the family does not matter."""
        verdict = _verdict(self)
        return CountFinding(
            question=self.question,
            verdict=verdict,
            why_none=NoVerdict.NOT_COUNTED if verdict is Verdict.NONE else None,
            less_than_matters=False,
            pair=self.pair,
            metric=self.metric,
            count_a=self.count_a,
            count_b=self.count_b,
        )


def _verdict(question: Counts) -> Verdict:
    a, b = question.count_a, question.count_b
    if a is None or b is None:
        return Verdict.NONE
    if a == b:
        return Verdict.EQUAL
    return Verdict.BETTER if (b > a) == question.metric.higher_is_better else Verdict.WORSE
