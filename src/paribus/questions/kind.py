"""What a kind of question consists of.

A kind is one object, `Kind`, registered by name in `spec.question.KINDS`; another package registers
its own by an entry point of the group "paribus.questions". CONTRIBUTING.md has an example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from paribus.measure.runs import ExperimentResult, StudyResult, Timing
from paribus.questions.finding import Finding
from paribus.spec.question import KINDS, BaseQuestion
from paribus.text import STORE


@dataclass(frozen=True, eq=False)
class Context:
    """What questions are answered from.

    `experiments`: by the names that questions use, those that are not selected, too.
    `train_images`: of the dataset, those held out for validation included. `planned`: the number of
    seeds that was fixed beforehand; None if it is the number that there are. `timings`: of training
    steps. `study_name`: what a command calls the study, "" if none can. `store_folder`: its store.
    `same_seeds`: whether the runs of a pair share their seed; if not, they are judged unpaired.
    `next_seed`: the first above all that were trained or planned; None if that is not known.
    `looks`: the numbers of seeds after which questions are judged, counted from `first_seed`; empty
    if once. `raised_from`: the seeds that were planned, where more were trained without a plan;
    `looks` are then those of the plan.
    `images`: whether what is said of single images is read.
    """

    experiments: Mapping[str, ExperimentResult]
    train_images: int
    planned: int | None = None
    preview: bool = False
    timings: tuple[Timing, ...] = ()
    study_name: str = ""
    store_folder: Path = STORE
    same_seeds: bool = True
    next_seed: int | None = None
    looks: tuple[int, ...] = ()
    first_seed: int = 0
    raised_from: int | None = None
    images: bool = True

    @classmethod
    def of(cls, result: StudyResult) -> Context:
        """Return the context of a study's own questions."""
        plan = result.recorded_plan
        raised = None if plan is None else plan.raised_from(result.study.seed_range)
        return cls(
            experiments={**result.unselected, **result.experiments},
            train_images=len(result.dataset.train_labels),
            planned=planned_seeds(result),
            preview=result.study.preview,
            timings=result.timings,
            study_name=result.study_name,
            store_folder=result.store_folder,
            next_seed=None if result.study.preview else result.next_seed,
            looks=planned_looks(result) if raised is None else raised.looks,
            raised_from=None if raised is None else raised.seeds,
            first_seed=result.study.first_seed,
        )


def planned_seeds(result: StudyResult) -> int:
    """Return how many seeds a verdict requires: a report may ask for fewer than were planned, but
    an answer from those depends on when one looks."""
    plan = result.recorded_plan
    return result.study.seeds if plan is None else max(result.study.seeds, plan.fewest_seeds)


def planned_looks(result: StudyResult) -> tuple[int, ...]:
    """Return the looks that a study is judged at: no others than those that a run has recorded."""
    plan, looks = result.recorded_plan, result.study.looks
    return looks if plan is None else plan.looks_of(looks)


class Prepared(Protocol):
    """A question with its numbers, before its family is known."""

    @property
    def p_values(self) -> tuple[float, ...]:
        """What it adds to the family; nothing if it can claim no difference whatever the numbers
        are, as a count or a confounded question. 1 where there is no test yet."""

    def conclude(self, adjusted: tuple[float, ...], family: int) -> Finding:
        """Return the finding. `adjusted`: its p values, adjusted for a family of that size."""


@dataclass(frozen=True)
class Kind:
    """A kind of question: what is written in a study, and how it is answered.

    `model`: the class of its questions. `prepare`: takes one, and the context. `takes_runs`:
    whether more runs tell more; of a study with planned looks, a question of another kind than
    `compare` has all its experiments trained to the last look if so, and none if not. `tested`:
    whether it has p values, and so counts in the family even where its experiments are gone.
    """

    model: type[BaseQuestion]
    prepare: Callable[[Any, Context], Prepared] = field(repr=False)
    takes_runs: bool = True
    tested: bool = True


def kind_of(question: BaseQuestion) -> Kind:
    """Return the kind of a question.

    >>> from paribus.spec.question import Question
    >>> kind_of(Question(ask="?", compare=("a", "b"), about=["epochs"], matters=0)).model.__name__
    'Question'
    """
    return cast(Kind, KINDS.get(question.kind))
