"""What the planned looks of a study call for, without judging: `paribus status` needs no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paribus.questions.kind import kind_of
from paribus.spec.question import BaseQuestion


@dataclass(frozen=True)
class NextLook:
    """What the looks of a study call for by now.

    `seeds`: how many of each experiment are to be trained. `open`, `ended`: the questions that are
    judged at looks and go on, or have ended. `plan`: the numbers of seeds at the looks. `taken`:
    the look (from 1) that has been taken for all of `open`, or the last one that was needed where
    none is; 0 before the first.
    """

    seeds: Mapping[str, int]
    open: tuple[BaseQuestion, ...]
    ended: int
    plan: tuple[int, ...]
    taken: int


def before_first_look(
    experiments: Iterable[str], questions: Iterable[BaseQuestion], looks: tuple[int, ...]
) -> NextLook:
    """Return what `next_look` does where no question has all seeds of the first look yet."""
    seeds, going = dict.fromkeys(experiments, looks[0]), list[BaseQuestion]()
    for question in questions:
        if question.judged_at_looks:
            going.append(question)
        elif kind_of(question).takes_runs:
            seeds |= dict.fromkeys(question.experiments, looks[-1])
    return NextLook(seeds, tuple(going), 0, looks, 0)
