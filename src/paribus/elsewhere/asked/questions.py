"""Questions about results from elsewhere: metrics and settings are columns, of any name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, ValidationInfo

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

    metric: str
    """The column that is compared."""
