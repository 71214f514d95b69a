"""The course of the question which experiment is the best, from look to look."""

# Axes: E experiments, F the experiment that E is compared with, S seeds, R runs of one experiment.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.best import (
    BEST_SET_LEVEL,
    Flags,
    Floats,
    Ranks,
    all_within,
    all_within_of,
    best_set,
    best_set_of,
    pair_tests,
    pair_tests_of,
    ranks_of,
)
from paribus.stats.equivalence import EQUIVALENCE_LEVEL
from paribus.stats.every_pair import EveryPair
from paribus.stats.looks import Looks


@dataclass(frozen=True)
class Stage:
    """A look: after so many seeds, with its shares of the levels for differences and equality."""

    seeds: int
    difference: float = 1.0
    equality: float = 1.0


@dataclass(frozen=True, eq=False)
class BestCourse:
    """Where the question stands, (E,) each, after `taken` stages.

    `may_be_best`: in the set of every stage so far. `judged`: the seeds at the last stage that an
    experiment took part in; 0 before the first. `low`, `high`: of that stage, as in `BestSet`.
    `ranks`: by sequential p-values, as long as both of a pair took part. `all_within`: all were
    shown to lie within `matters` of each other at a stage in which all took part. `open`: whether
    more seeds are to be trained for it.
    """

    taken: int
    open: bool
    may_be_best: Flags
    judged: NDArray[np.int64]
    low: Floats
    high: Floats
    ranks: Ranks
    all_within: bool


def stages_of(looks: Looks) -> tuple[Stage, ...]:
    """Return the stages of planned looks.

    >>> [round(stage.difference, 3) for stage in stages_of(Looks((5, 10)))]
    [0.354, 0.646]
    """
    weights = zip(looks.seeds, looks.difference_weights, looks.equality_weights, strict=True)
    return tuple(Stage(n, float(w), float(v)) for n, w, v in weights)


def follow_best(
    value_ES: ArrayLike,
    trained_E: Sequence[int],
    stages: Sequence[Stage],
    *,
    matters: float | None = None,
    level: float = BEST_SET_LEVEL,
) -> BestCourse:
    """Follow the question over the stages that have been taken.

    `value_ES`: (E, S), higher is better, in the order of the seeds; NaN where a run ended without a
    value, and beyond `trained_E`, the number of seeds of each. A stage has been taken when all that
    are still in the set have its seeds. What is excluded takes no part in later stages, whatever of
    it is trained for other questions. A stage of share w compares each with all k - 1 others it
    began with, at level·w/(k - 1): the best one is then missing from the set with at most `level`,
    whatever the dependence between stages (Bonferroni). Intervals of a stage hold with
    1 - level·w, and those of all stages at once with 1 - level: an excluded experiment is not the
    best, so that leaving it out changes no interval that holds.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> follow_best(value_ES, [4, 4, 4], [Stage(4)]).may_be_best.tolist()
    [False, True, True]
    """
    value_ES = np.asarray(value_ES, dtype=np.float64)
    E = len(value_ES)
    may_E, judged_E = np.ones(E, np.bool_), np.zeros(E, np.int64)
    low_E, high_E = np.full(E, -np.inf), np.full(E, np.inf)
    p_EF, higher_EF = np.ones((E, E)), np.zeros((E, E), np.bool_)
    taken, within = 0, False
    for stage in stages:
        members = np.flatnonzero(may_E)
        if np.asarray(trained_E)[members].min() < stage.seeds or (taken and len(members) == 1):
            break
        taken += 1
        here_ES = value_ES[members, : stage.seeds]
        found = best_set(here_ES, level * stage.difference, others=E - 1)
        may_E[members], judged_E[members] = found.may_be_best, stage.seeds
        low_E[members], high_E[members] = found.low, found.high
        p, higher = pair_tests(here_ES)
        both = np.ix_(members, members)
        weighted = np.minimum(p / stage.difference, 1.0)
        higher_EF[both] = np.where(weighted < p_EF[both], higher, higher_EF[both])
        p_EF[both] = np.minimum(p_EF[both], weighted)
        if matters is not None and len(members) == E:
            equality = EQUIVALENCE_LEVEL * stage.equality
            within |= bool(all_within(here_ES, matters, equality))
    return BestCourse(
        taken=taken,
        open=taken < len(stages) and (taken == 0 or may_E.sum() > 1),
        may_be_best=may_E,
        judged=judged_E,
        low=low_E,
        high=high_E,
        ranks=ranks_of(p_EF, higher_EF),
        all_within=within,
    )


def judge_at_once(
    pairs: EveryPair, runs_E: Sequence[int], *, matters: float | None = None
) -> BestCourse:
    """Return where the question stands for runs without looks, all judged at once.

    `pairs`: every two experiments compared, higher is better. `runs_E`: the runs of each.
    """
    found = best_set_of(pairs)
    within = matters is not None and bool(all_within_of(pairs, matters))
    return BestCourse(
        taken=1,
        open=False,
        may_be_best=found.may_be_best,
        judged=np.array(runs_E),
        low=found.low,
        high=found.high,
        ranks=ranks_of(*pair_tests_of(pairs)),
        all_within=within,
    )
