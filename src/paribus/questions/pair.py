"""The sides of a question, what differs between them, and their runs of the same seeds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from paribus.measure import table
from paribus.measure.metric import Metric, named
from paribus.measure.runs import ExperimentResult
from paribus.questions.finding import Pair
from paribus.questions.guard import differ
from paribus.questions.kind import Context
from paribus.spec.diff import Consequence, consequences
from paribus.spec.experiment import Experiment
from paribus.spec.question import Question


def sides(question: Question, context: Context) -> tuple[ExperimentResult, ExperimentResult]:
    """Return the results of A and of B."""
    a, b = question.compare
    return context.experiments[a], context.experiments[b]


def together(
    results: Sequence[ExperimentResult], metric: Metric, context: Context
) -> list[list[table.Series]]:
    """Return the rows of each experiment, of the seeds whose runs of all have ended."""
    rows = table.paired(*(table.final(result, metric) for result in results))
    return [first_seeds(side, context) for side in rows]


def first_seeds(rows: list[table.Series], context: Context) -> list[table.Series]:
    """Return the rows up to the first seed that is missing, if it matters which seeds they are: a
    look is at the first seeds, none left out; so is a plan."""
    if not context.looks and context.raised_from is None:
        return rows
    gaps = (n for n, row in enumerate(rows) if row.seed != context.first_seed + n)
    return rows[: next(gaps, len(rows))]


def same_probabilities(results: Sequence[ExperimentResult], context: Context) -> bool:
    """Return whether the two runs of every seed give the true class of each image one probability,
    whose logarithm is the loss on that image."""
    a, b = map(table.scores, together(results, named("test_loss"), context))
    return a is not None and b is not None and np.array_equal(a, b)


def pair_of(question: Question, context: Context) -> Pair:
    """Return the names of A and B, and what differs."""
    a, b = sides(question, context)
    first, second = with_engine(a), with_engine(b)
    found = differ(first, second)
    follows: list[Consequence] = []
    if a.plan is not None and b.plan is not None:
        train_images = context.train_images - a.experiment.validation
        follows = consequences((first, a.plan), (second, b.plan), train_images)
    return Pair(
        a=a.name,
        b=b.name,
        differences=found,
        confounds=tuple(d for d in found if not d.is_about(question.about)),
        consequences=tuple(follows),
    )


def other_bits(results: Sequence[ExperimentResult]) -> tuple[int, ...]:
    """Return the seeds that have runs by one engine, but of other bits: a difference between them
    need not be that of the experiments."""
    by_seed = [{run.seed: run for run in side.runs if run.ended} for side in results]
    found = {
        seed
        for a, b in combinations(by_seed, 2)
        for seed in a.keys() & b.keys()
        if a[seed].engine == b[seed].engine and _differ(a[seed].bits, b[seed].bits)
    }
    return tuple(sorted(found))


def _differ(bits: str, others: str) -> bool:
    """Whether two runs are of other bits; not known of one for which none were recorded."""
    return bits != others and "" not in (bits, others)


def with_engine(result: ExperimentResult) -> Experiment:
    """Return the experiment with the engine that trained it, where it leaves the choice."""
    if result.experiment.engine != "auto" or not result.runs:
        return result.experiment
    return result.experiment.but(engine=result.runs[0].engine)
