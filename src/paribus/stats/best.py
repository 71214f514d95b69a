"""Which of several experiments may be the best: a set, intervals to the best, and ranks."""

# Axes: E experiments, F the experiment that E is compared with, S seeds, R runs of one experiment,
# P pairs of experiments, ... any leading axes (studies).

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats import every_pair
from paribus.stats.adjustment import holm
from paribus.stats.equivalence import EQUIVALENCE_LEVEL
from paribus.stats.limits import VERDICT_LEVEL

BEST_SET_LEVEL = 0.05
"""The true best is missing from at most 5 of 100 sets."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BestSet:
    """Best set of k experiments by their runs, (..., E) each.

    `may_be_best`: in the set that holds the best one in at least 95 of 100 studies. `low`, `high`:
    95% intervals, all at once, for the true mean minus that of the best *other* experiment: `low`
    of 0 means it is the best, `high` of 0 that it is not. In the unit of the values; higher is
    better. Infinite where two experiments differ by exactly the same amount with every seed.
    """

    may_be_best: Flags
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Ranks:
    """The ranks that each experiment can have, `first` to `last`, 1 is the best: (..., E) each.

    `adjusted_p`: Holm's, of all pairs, (..., E, F), 1 on the diagonal. `better`: whether E is shown
    to be better than F.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    adjusted_p: Floats
    better: Flags


def best_set(
    value_ES: ArrayLike,
    level: float = BEST_SET_LEVEL,
    others: int | None = None,
    *,
    paired: bool = True,
) -> BestSet:
    """Return which experiments may be the best, and how far each may be from the best other one.

    `value_ES`: (..., E, S), E >= 2, S >= 3, the same seeds for all, higher is better (give the
    negative of a loss). NaN where a run has no value, and then is worse than any number: its
    experiment is compared over its other runs, a bias in its favor, so that it is excluded all the
    same where these are worse, but excludes no other; without any value it is excluded. `others`:
    with how many others each is compared; E-1 if None, more where some were excluded before.
    `paired`: False if runs share no seeds; then a sequence of E arrays (..., R), each with a number
    of runs of its own. One with 1 or 2 values is not excluded, and excludes none.

    With d̄_ji the mean of j minus i, se_ji its own standard error and c = t(S-1; 1 - level/others),
    or t(min(n_j, n_i)-1; …) of unpaired runs (Hájek 1962): j may be the best unless d̄_ij > c·se_ij
    for some i. The true best is compared with E-1 others, so it is missing with at most the level
    (Bonferroni); no common variance is assumed, which a pooled test would need (Dunnett 1955). The
    set is that of Gupta 1965, the intervals are those of Hsu 1984, with multiple comparisons with
    the best:

        high_j = max(0, min over i of d̄_ji + c·se_ji), G the j with high_j > 0
        low_j = 0 if G is j alone, else min(0, min over i in G of d̄_ji - c·se_ji)

    Raise ValueError for other shapes, and for infinite values.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> best = best_set(value_ES)
    >>> best.may_be_best.tolist(), best.low.round(3).tolist(), best.high.round(3).tolist()
    ([False, True, True], [-0.063, -0.018, -0.013], [0.0, 0.013, 0.018])
    """
    return best_set_of(_pairs(value_ES, paired), level, others)


def best_set_of(
    pairs: every_pair.EveryPair, level: float = BEST_SET_LEVEL, others: int | None = None
) -> BestSet:
    """Return what `best_set` does, of pairs that are compared already."""
    E = pairs.mean.shape[-1]
    mean_EF, reach_EF = pairs.mean, pairs.reach(2 * level / (others or E - 1))
    others_EF = ~np.eye(E, dtype=np.bool_)
    whole_E, none_E = pairs.whole, pairs.none
    upper_EF = np.where(whole_E[..., None, :], mean_EF + reach_EF, np.inf)
    excluded_EF = upper_EF < 0
    upper_EF = np.where(excluded_EF & ~without_circles(excluded_EF), np.inf, upper_EF)
    most_E = np.where(others_EF, upper_EF, np.inf).min(axis=-1)
    # Where none has a value, none is better than another.
    most_E = np.where(none_E & ~none_E.all(axis=-1, keepdims=True), -np.inf, most_E)
    # Experiments with the same values are as good as each other: 0 is no evidence against either.
    may_E = most_E >= 0
    high_E = np.maximum(0.0, most_E)
    lower_EF = np.where(whole_E[..., None], mean_EF - reach_EF, -np.inf)
    least_E = np.where(others_EF & may_E[..., None, :], lower_EF, np.inf).min(axis=-1)
    alone_E = may_E & (may_E.sum(axis=-1, keepdims=True) == 1)
    return BestSet(may_E, np.where(alone_E, 0.0, np.minimum(0.0, least_E)), high_E)


def ranks(value_ES: ArrayLike, level: float = VERDICT_LEVEL, *, paired: bool = True) -> Ranks:
    """Return the ranks that each experiment can have, given all differences that are shown.

    `value_ES`, `paired`: as for `best_set`; an experiment that lacks a value is shown to be better
    than no other. All E(E-1)/2 t tests, adjusted by Holm 1979: first = 1 + the number shown to be
    better, last = E - the number shown to be worse. All true ranks lie within at once, unless one
    of the pairs is wrong: Mogstad, Romano, Shaikh & Wilhelm 2024.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> r = ranks(value_ES)
    >>> r.first.tolist(), r.last.tolist()
    ([3, 1, 1], [3, 2, 2])
    """
    p_EF, higher_EF = pair_tests(value_ES, paired=paired)
    return ranks_of(p_EF, higher_EF, level)


def ranks_with_set(found: Ranks, may_be_best: Flags) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first and last ranks that do not contradict the set of the best, (..., E) each.

    `may_be_best`: as in `BestSet`. Rank 1 is left to all in the set and to no other, for which
    another one is at least as good; one that is alone in the set has it.

    >>> from paribus.stats.best import Ranks
    >>> raw = Ranks(np.array([1, 2, 1]), np.array([3, 3, 2]), np.eye(3), np.eye(3) > 1)
    >>> ranks_with_set(raw, np.array([True, True, False]))
    (array([1, 1, 2]), array([3, 3, 2]))
    """
    alone = may_be_best & (may_be_best.sum(axis=-1, keepdims=True) == 1)
    first = np.where(may_be_best, 1, np.maximum(found.first, 2))
    last = np.where(may_be_best, found.last, np.maximum(found.last, 2))
    return first, np.where(alone, 1, last)


def pair_tests(value_ES: ArrayLike, *, paired: bool = True) -> tuple[Floats, Flags]:
    """Return the p of the t test of every pair, (..., E, F), 1 on the diagonal and where there is
    no test; and whether E is the better of the two in these runs.

    `value_ES`, `paired`: as for `ranks`.
    """
    return pair_tests_of(_pairs(value_ES, paired))


def pair_tests_of(pairs: every_pair.EveryPair) -> tuple[Floats, Flags]:
    """Return what `pair_tests` does, of pairs that are compared already."""
    return pairs.p, (pairs.mean > 0) & pairs.whole[..., None]


def ranks_of(p_EF: Floats, higher_EF: Flags, level: float = VERDICT_LEVEL) -> Ranks:
    """Return the ranks by what `pair_tests` gives, after Holm's adjustment over the pairs."""
    E = p_EF.shape[-1]
    first_P, second_P = np.triu_indices(E, 1)
    adjusted_P = holm(p_EF[..., first_P, second_P])
    adjusted_EF = np.ones_like(p_EF)
    adjusted_EF[..., first_P, second_P] = adjusted_P
    adjusted_EF[..., second_P, first_P] = adjusted_P
    better_EF = without_circles((adjusted_EF <= level) & higher_EF)
    return Ranks(
        first=1 + better_EF.sum(axis=-2),
        last=E - better_EF.sum(axis=-1),
        adjusted_p=adjusted_EF,
        better=better_EF,
    )


def without_circles(better_EF: Flags) -> Flags:
    """Return which differences count of those that are shown, (..., E, F): those on no circle.

    Over the same seeds none has one. Where each two share other seeds, A may be shown to be better
    than B, B than C, and C than A: one of them is wrong, and so none of them counts.

    >>> better_EF = np.array([[0, 1, 0, 1], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]], np.bool_)
    >>> without_circles(better_EF).astype(int).tolist()
    [[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    """
    leads_EF = better_EF
    for _ in range(better_EF.shape[-1].bit_length()):
        step_EF = leads_EF.astype(np.float32)
        leads_EF = leads_EF | (step_EF @ step_EF > 0)
    return np.asarray(better_EF & ~leads_EF.swapaxes(-2, -1))


def all_within(
    value_ES: ArrayLike, matters: float, level: float = EQUIVALENCE_LEVEL, *, paired: bool = True
) -> Flags:
    """Return whether all experiments are shown to lie within `matters` of each other: (...).

    `value_ES`, `paired`: as for `best_set`; `matters` in the same unit. True where the interval of
    every pair at 1 - 2·`level` (90%) lies inside ±matters, and so every experiment within `matters`
    of the best; false where a run lacks a value. It is wrong in at most `level` without adjustment,
    as every pair must pass: an intersection-union test, Berger 1982.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> bool(all_within(value_ES, 0.05)), bool(all_within(value_ES, 0.07))
    (False, True)
    """
    return all_within_of(_pairs(value_ES, paired), matters, level)


def all_within_of(
    pairs: every_pair.EveryPair, matters: float, level: float = EQUIVALENCE_LEVEL
) -> Flags:
    """Return what `all_within` does, of pairs that are compared already."""
    inside = (np.abs(pairs.mean) + pairs.reach(2 * level) < matters).all(axis=(-2, -1))
    return np.asarray(inside & pairs.whole.all(axis=-1))


def _pairs(values: ArrayLike, paired: bool) -> every_pair.EveryPair:
    if paired:
        return every_pair.paired(values)
    return every_pair.unpaired(cast("Sequence[ArrayLike]", values))
