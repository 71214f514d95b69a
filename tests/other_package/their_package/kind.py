"""A kind of question: how many runs of some experiments have finished?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import Field

from paribus.present import as_json, short
from paribus.present.wording import sentence
from paribus.questions.finding import Finding, NoVerdict, Verdict
from paribus.questions.kind import Context, Kind
from paribus.spec.question import BaseQuestion


class Complete(BaseQuestion):
    """As a study file has it: `complete = ["mlp", "cnn"]`."""

    key: ClassVar[str] = "complete"

    complete: tuple[str, ...] = Field(strict=False, min_length=1)

    @property
    def kind(self) -> str:
        return "complete"

    @property
    def experiments(self) -> tuple[str, ...]:
        return self.complete

    def renamed(self, names: Mapping[str, str]) -> Self:
        return self.model_copy(update={"complete": tuple(names[n] for n in self.complete)})


@dataclass(frozen=True, eq=False)
class Completeness(Finding):
    """The runs that have finished."""

    finished: int


@dataclass(frozen=True)
class _Counted:
    question: Complete
    finished: int
    p_values: tuple[float, ...] = ()

    def conclude(self, adjusted: Sequence[float], family: int) -> Completeness:
        return Completeness(self.question, Verdict.NONE, NoVerdict.UNFINISHED, False, self.finished)


@sentence.register
def _(finding: Completeness) -> str:
    names = ", ".join(finding.question.experiments)
    return f"{finding.finished} runs of {names} have finished."


@as_json.numbers.register
def _(finding: Completeness) -> dict[str, as_json.Number]:
    return {"n": finding.finished, "asked": len(finding.question.experiments)}


@short.numbers.register
def _(finding: Completeness) -> short.Numbers:
    return short.Numbers(n=str(finding.finished), estimate=str(finding.finished), unit="runs")


def _prepare(question: Complete, context: Context) -> _Counted:
    results = [context.experiments[name] for name in question.experiments]
    return _Counted(question, sum(len(result.finished) for result in results))


COMPLETE = Kind(Complete, _prepare)
