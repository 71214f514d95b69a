"""Questions about results from elsewhere: metrics and settings are columns, of any name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from pydantic import Field, ValidationInfo

from paribus.elsewhere.asked.pairs import pair_of
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.recorded.records import RecordedRuns
from paribus.elsewhere.terms import Missing, Terms
from paribus.errors import UserError
from paribus.measure import table
from paribus.measure.metric import Metric
from paribus.questions.best import Contest
from paribus.questions.best_finding import NotAskedAbout
from paribus.questions.compare import Comparison
from paribus.questions.contested import Groups, OwnSeeds
from paribus.questions.kind import Prepared
from paribus.questions.unpaired import UnpairedComparison
from paribus.spec.experiment import Experiment
from paribus.spec.question import BestQuestion, MetricQuestion, PairQuestion


class ColumnsQuestion(MetricQuestion):
    """What such questions have in common."""

    about: tuple[str, ...] = Field(default=(), strict=False)
    """The columns that are meant to differ."""
    metric: str
    """The column that is compared."""

    @property
    def judged_at_looks(self) -> bool:
        return False

    def in_preview(self) -> Self:
        return self

    def problems(self, experiments: Mapping[str, Experiment]) -> list[str]:
        return []

    @classmethod
    def _known(cls, about: tuple[str, ...]) -> tuple[str, ...]:
        return about

    @classmethod
    def _possible(cls, matters: float, found: ValidationInfo) -> float:
        return matters


class ElsewhereQuestion(ColumnsQuestion, PairQuestion):
    """Two experiments of a table and a column that is compared."""

    compare: tuple[str, str] = Field(strict=False)
    """The two experiments."""

    @property
    def kind(self) -> str:
        return "elsewhere"

    @property
    def experiments(self) -> tuple[str, ...]:
        return self.compare


class ElsewhereBestQuestion(ColumnsQuestion, BestQuestion):
    """Which of the experiments of a table may be the best."""


def check_matters(metric: Metric, matters: float) -> None:
    """Raise `UserError` for a smallest difference that no two values of a metric can have."""
    try:
        metric.check_difference(matters)
    except ValueError as error:
        raise UserError(f"--matters: {error}") from None


def compared(
    runs: RecordedRuns,
    metric: Metric,
    names: tuple[str, str],
    terms: Terms,
    *,
    roles: Roles,
    matters: float,
    family: int,
) -> Prepared:
    """Return the question whether one experiment is better than another.

    names: of the two. family: how many such questions there are.
    """
    by_name = {one.name: one for one in runs.experiments}
    a, b = (by_name[name] for name in names)
    pair = pair_of(a, b, terms.about, roles)
    question = ElsewhereQuestion(
        ask=f"Is {b.name} better than {a.name}?",
        compare=names,
        about=terms.about,
        metric=metric.key,
        matters=matters,
    )
    step = runs.steps[metric.key]
    a_rows, b_rows = a.series[metric.key], b.series[metric.key]
    if terms.paired:
        a_rows, b_rows = map(tuple, table.paired(a_rows, b_rows))
        a_SN, b_SN = table.scores(a_rows), table.scores(b_rows)
        both = a_SN is not None and b_SN is not None
        return Comparison(
            question=question,
            pair=pair,
            metric=metric,
            a_S=table.values(a_rows),
            b_S=table.values(b_rows),
            a_SN=a_SN if both else None,
            b_SN=b_SN if both else None,
            correct_a_SN=table.correct(a_rows) if both else None,
            correct_b_SN=table.correct(b_rows) if both else None,
            step=step,
            missing_is_worst=terms.missing is not Missing.UNREPORTED,
        )
    return UnpairedComparison(
        question=question,
        pair=pair,
        metric=metric,
        a_A=table.values(a_rows),
        b_B=table.values(b_rows),
        family=family,
        step=step,
        missing_is_worst=terms.missing is not Missing.UNREPORTED,
    )


def contest(
    runs: RecordedRuns, metric: Metric, terms: Terms, roles: Roles, *, matters: float
) -> Contest:
    """Return the question which of all experiments may be the best; of pairs, each over the seeds
    that both have."""
    experiments = runs.experiments
    rows = [one.series[metric.key] for one in experiments]
    values = tuple(map(table.values, rows))
    is_whole = all(np.isfinite(value_R).all() for value_R in values)
    if terms.missing is Missing.UNREPORTED and not is_whole:
        raise UserError("--best: needs all values, and some are unreported; leave --best out")
    first, *others = experiments
    pairs = [pair_of(first, one, terms.about, roles) for one in others]
    return Contest(
        question=ElsewhereBestQuestion(
            ask="Which may be the best?",
            best=tuple(one.name for one in experiments),
            about=terms.about,
            metric=metric.key,
            matters=matters,
        ),
        metric=metric,
        runs=OwnSeeds(*table.by_seed(rows)) if terms.paired else Groups(values),
        step=runs.steps[metric.key],
        confounds=tuple(NotAskedAbout(pair.b, pair.confounds) for pair in pairs if pair.confounds),
    )
