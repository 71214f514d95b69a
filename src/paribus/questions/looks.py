"""Questions at planned looks: which look each was judged at last, and whether it is still open."""

# Axes: Q questions, S seeds.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from paribus.questions.best import Contest
from paribus.questions.compare import Comparison
from paribus.questions.finding import Look
from paribus.questions.kind import Prepared, kind_of
from paribus.questions.next_look import NextLook
from paribus.spec.question import BaseQuestion
from paribus.stats.course import follow
from paribus.stats.looks import Looks


def at_last_look(prepared: Sequence[Prepared], looks: tuple[int, ...]) -> list[Prepared]:
    """Return the questions of a study as of the last look that was taken for each.

    A comparison has the seeds of that look and no others, and knows how it stands, as a contest
    does; a question of another kind is as it was. `prepared`: all that the study has ever asked.
    Without looks, nothing is changed. The rules are those of `stats.course.follow` and
    `stats.best_course.follow_best`; a confounded question, which no number of seeds can decide,
    ends at the first look.
    """
    if not looks:
        return list(prepared)
    prepared = [
        question.at_looks(looks) if isinstance(question, Contest) else question
        for question in prepared
    ]
    compared = [question for question in prepared if isinstance(question, Comparison)]
    tested = [question for question in compared if not question.pair.confounds]
    # Counted as if nothing were known of them: a timing that comes later reopens no look.
    beside = [1.0 for q in prepared if not isinstance(q, Comparison) for _ in q.p_values]
    stand = dict(zip(map(id, tested), _stand(tested, looks, beside), strict=True))
    for question in compared:
        if question.pair.confounds:
            taken = int(question.paired.size >= looks[0])
            stand[id(question)] = Look(looks, taken, question.paired.size, open=not taken)
    return [
        at_look(question, stand[id(question)]) if isinstance(question, Comparison) else question
        for question in prepared
    ]


def at_look(question: Comparison, look: Look) -> Comparison:
    """Return a comparison with the seeds of a look alone; before the first, with all so far."""
    seeds = look.seeds or look.trained
    planned = look.seeds or look.next_seeds
    return replace(with_first_seeds(question, seeds), planned=planned, look=look)


def _end(question: Comparison, looks: tuple[int, ...]) -> int:
    """The look (from 0) after which no seeds can decide a question, or the last: where every run of
    B scores as its pair on every image, or where runs of both have no value, as to leave them out
    would favor both."""
    a_S, b_S = (np.asarray(values, dtype=np.float64) for values in (question.a_S, question.b_S))
    for look, n in enumerate(looks):
        if n > question.paired.size:
            break
        both_lack = not (np.isfinite(a_S[:n]).all() or np.isfinite(b_S[:n]).all())
        if both_lack or _are_identical(question, n):
            return look
    return len(looks) - 1


def _are_identical(question: Comparison, n: int) -> bool:
    if question.a_SN is None or question.b_SN is None or not question.paired[:n].all():
        return False
    return np.array_equal(np.asarray(question.a_SN)[:n], np.asarray(question.b_SN)[:n])


def with_first_seeds(question: Comparison, n: int) -> Comparison:
    """Return a comparison with its first n seeds alone."""
    return replace(
        question,
        a_S=np.asarray(question.a_S)[:n],
        b_S=np.asarray(question.b_S)[:n],
        a_SN=None if question.a_SN is None else np.asarray(question.a_SN)[:n],
        b_SN=None if question.b_SN is None else np.asarray(question.b_SN)[:n],
        correct_a_SN=_first(question.correct_a_SN, question.a_S, n),
        correct_b_SN=_first(question.correct_b_SN, question.b_S, n),
        tuning=None if (both := question.tuning) is None else (both[0].first(n), both[1].first(n)),
    )


def _first(correct_SN: ArrayLike | None, value_S: ArrayLike, n: int) -> ArrayLike | None:
    """The rows of the first n seeds, of those that have a value."""
    if correct_SN is None:
        return None
    return np.asarray(correct_SN)[: int(np.isfinite(np.asarray(value_S, float)[:n]).sum())]


def _stand(
    questions: Sequence[Comparison], looks: tuple[int, ...], beside: Sequence[float]
) -> list[Look]:
    """How each of the questions stands, which are all that are tested at looks."""
    if not questions:
        return []
    seeds_Q = [question.paired.size for question in questions]
    difference_QS = np.full((len(questions), max(seeds_Q)), np.nan)
    for row_S, question in zip(difference_QS, questions, strict=True):
        a_S, b_S = question.pairs()
        row_S[: question.paired.size][question.paired] = b_S - a_S
    course = follow(
        difference_QS,
        Looks(looks),
        matters=[question.matters or np.nan for question in questions],
        beside=beside,
        seeds_Q=seeds_Q,
        ends_Q=[_end(question, looks) for question in questions],
        futile_go_on=True,
    )
    return [
        Look(
            plan=looks,
            taken=int(course.stopped[q]) + 1,
            trained=seeds_Q[q],
            open=bool(course.open[q]),
            futile=bool(course.futile[q]),
            p=float(course.sequential_p[q]),
            direction=float(course.direction[q]),
        )
        for q in range(len(questions))
    ]


def next_look(
    experiments: Iterable[str],
    questions: Sequence[BaseQuestion],
    stands: Sequence[Prepared],
    looks: tuple[int, ...],
) -> NextLook:
    """Return what the looks of a study call for.

    `stands`: each of the questions as `at_last_look` gave it. While a question is open its
    experiments are needed up to its next look, and then up to its last; of one about the best,
    those that may still be it. A question of a kind without looks needs all seeds, or none if runs
    tell it nothing. All experiments are trained up to the first look.
    """
    seeds, going = dict.fromkeys(experiments, looks[0]), list[BaseQuestion]()
    taken_open, taken_ended = list[int](), list[int]()
    for question, stand in zip(questions, stands, strict=True):
        look = stand.look if isinstance(stand, Comparison | Contest) else None
        if look is not None and look.open:
            going.append(question)
            taken_open.append(look.taken)
        elif look is not None:
            taken_ended.append(look.taken)
        for name, needed in _needed(question, stand, looks).items():
            seeds[name] = max(seeds[name], needed)
    taken = min(taken_open) if taken_open else max(taken_ended, default=0)
    return NextLook(seeds, tuple(going), len(taken_ended), looks, taken)


def _needed(question: BaseQuestion, stand: Prepared, looks: tuple[int, ...]) -> dict[str, int]:
    """The seeds of each experiment that a question needs by now."""
    match stand:
        case Comparison(look=Look() as look):
            needed = look.next_seeds if look.open else look.seeds
        case Contest():
            return stand.needed
        case _:
            needed = looks[-1] if kind_of(question).takes_runs else 0
    return dict.fromkeys(question.experiments, needed)
