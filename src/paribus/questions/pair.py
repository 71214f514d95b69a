"""The two sides of a question, and what differs between them."""

from __future__ import annotations

from paribus.measure.runs import ExperimentResult
from paribus.questions.finding import Pair
from paribus.questions.kind import Context
from paribus.spec.diff import Consequence, consequences, differences
from paribus.spec.experiment import Experiment
from paribus.spec.question import Question


def sides(question: Question, context: Context) -> tuple[ExperimentResult, ExperimentResult]:
    """Return the results of A and of B."""
    a, b = question.compare
    return context.experiments[a], context.experiments[b]


def pair_of(question: Question, context: Context) -> Pair:
    """Return the names of A and B, and what differs."""
    a, b = sides(question, context)
    first, second = with_engine(a), with_engine(b)
    found = differences(first, second)
    if "auto" in (first.engine, second.engine):
        # Nobody knows yet what will train it.
        found = [difference for difference in found if difference.aspect != "engine"]
    follows: list[Consequence] = []
    if a.plan is not None and b.plan is not None:
        train_images = context.train_images - a.experiment.validation
        follows = consequences((first, a.plan), (second, b.plan), train_images)
    return Pair(
        a=a.name,
        b=b.name,
        differences=tuple(found),
        confounds=tuple(d for d in found if not d.is_about(question.about)),
        consequences=tuple(follows),
    )


def other_bits(question: Question, context: Context) -> tuple[int, ...]:
    """Return the seeds whose runs of A and B are by one engine, but of other bits: a difference
    between them need not be that of the experiments."""
    a, b = ({run.seed: run for run in side.runs if run.ended} for side in sides(question, context))
    return tuple(
        seed
        for seed in sorted(a.keys() & b.keys())
        if a[seed].engine == b[seed].engine and a[seed].bits != b[seed].bits
    )


def with_engine(result: ExperimentResult) -> Experiment:
    """Return the experiment with the engine that trained it, where it leaves the choice."""
    if result.experiment.engine != "auto" or not result.runs:
        return result.experiment
    return result.experiment.but(engine=result.runs[0].engine)
