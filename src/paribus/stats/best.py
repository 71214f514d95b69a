"""Which of several experiments may be the best: a set, intervals to the best, and ranks."""

# Axes: E experiments, F the experiment that E is compared with, S seeds, P pairs of experiments,
# ... any leading axes (studies).

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.adjustment import holm
from paribus.stats.distributions import critical_t, t_two_sided_p
from paribus.stats.equivalence import EQUIVALENCE_LEVEL
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL
from paribus.stats.paired import no_spread

BEST_SET_LEVEL = 0.05
"""The true best is missing from at most 5 of 100 sets."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BestSet:
    """What k experiments over the same K seeds say of the best of them, (..., E) each.

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
    value_ES: ArrayLike, level: float = BEST_SET_LEVEL, others: int | None = None
) -> BestSet:
    """Return which experiments may be the best, and how far each may be from the best other one.

    `value_ES`: (..., E, S), E >= 2, S >= 3, the same seeds for all, higher is better (give the
    negative of a loss). NaN where a run has no value, and then is worse than any number: its
    experiment is compared over its other runs, a bias in its favor, so that it is excluded all the
    same where these are worse, but excludes no other; without any value it is excluded. `others`:
    with how many others each is compared; E-1 if None, more where some were excluded before.

    With d̄_ji the mean of j minus i over seeds, se_ji its own standard
    error and c = t(S-1; 1 - level/others): j may be the best unless d̄_ij > c·se_ij for some i. The
    true best is compared with E-1 others, so it is missing with at most the level (Bonferroni); no
    common variance is assumed, which a pooled test would need (Dunnett 1955). The set is that of
    Gupta 1965, the intervals are those of Hsu 1984, with multiple comparisons with the best:

        high_j = max(0, min over i of d̄_ji + c·se_ji), G the j with high_j > 0
        low_j = 0 if G is j alone, else min(0, min over i in G of d̄_ji - c·se_ji)

    Raise ValueError for other shapes, and for infinite values.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> best = best_set(value_ES)
    >>> best.may_be_best.tolist(), best.low.round(3).tolist(), best.high.round(3).tolist()
    ([False, True, True], [-0.063, -0.018, -0.013], [0.0, 0.013, 0.018])
    """
    value_ES = _checked(value_ES)
    E = value_ES.shape[-2]
    pairs = _pairs(value_ES)
    mean_EF, reach_EF = pairs.mean, pairs.reach(2 * level / (others or E - 1))
    others_EF = ~np.eye(E, dtype=np.bool_)
    whole_E = _whole(value_ES)
    none_E = ~np.asarray(np.isfinite(value_ES).any(axis=-1))
    upper_EF = np.where(whole_E[..., None, :], mean_EF + reach_EF, np.inf)
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


def ranks(value_ES: ArrayLike, level: float = VERDICT_LEVEL) -> Ranks:
    """Return the ranks that each experiment can have, given all differences that are shown.

    `value_ES`: as for `best_set`; an experiment that lacks a value is shown to be better than no
    other. All E(E-1)/2 paired t tests, adjusted by Holm 1979: first = 1 + the number shown to be
    better, last = E - the number shown to be worse. All true ranks lie within at once, unless one
    of the pairs is wrong: Mogstad, Romano, Shaikh & Wilhelm 2024.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> r = ranks(value_ES)
    >>> r.first.tolist(), r.last.tolist()
    ([3, 1, 1], [3, 2, 2])
    """
    p_EF, higher_EF = pair_tests(value_ES)
    return ranks_of(p_EF, higher_EF, level)


def pair_tests(value_ES: ArrayLike) -> tuple[Floats, Flags]:
    """Return the p of the paired t test of every pair, (..., E, F), 1 on the diagonal and where
    there is no test; and whether E is the better of the two in these runs.

    `value_ES`: as for `ranks`.
    """
    value_ES = _checked(value_ES)
    pairs = _pairs(value_ES)
    return pairs.p, (pairs.mean > 0) & _whole(value_ES)[..., None]


def ranks_of(p_EF: Floats, higher_EF: Flags, level: float = VERDICT_LEVEL) -> Ranks:
    """Return the ranks by what `pair_tests` gives, after Holm's adjustment over the pairs."""
    E = p_EF.shape[-1]
    first_P, second_P = np.triu_indices(E, 1)
    adjusted_P = holm(p_EF[..., first_P, second_P])
    adjusted_EF = np.ones_like(p_EF)
    adjusted_EF[..., first_P, second_P] = adjusted_P
    adjusted_EF[..., second_P, first_P] = adjusted_P
    better_EF = (adjusted_EF <= level) & higher_EF
    return Ranks(
        first=1 + better_EF.sum(axis=-2),
        last=E - better_EF.sum(axis=-1),
        adjusted_p=adjusted_EF,
        better=better_EF,
    )


def all_within(value_ES: ArrayLike, matters: float, level: float = EQUIVALENCE_LEVEL) -> Flags:
    """Return whether all experiments are shown to lie within `matters` of each other: (...).

    `value_ES`: as for `best_set`; `matters` in the same unit. True where the interval of every pair
    at 1 - 2·`level` (90%) lies inside ±matters, and so every experiment within `matters` of the
    best; false where a run lacks a value. It is wrong in at most `level` without adjustment, as
    every pair must pass: an intersection-union test, Berger 1982.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> bool(all_within(value_ES, 0.05)), bool(all_within(value_ES, 0.07))
    (False, True)
    """
    value_ES = _checked(value_ES)
    pairs = _pairs(value_ES)
    inside = (np.abs(pairs.mean) + pairs.reach(2 * level) < matters).all(axis=(-2, -1))
    return np.asarray(inside & np.isfinite(value_ES).all(axis=(-2, -1)))


def _whole(value_ES: Floats) -> Flags:
    """Whether all runs of an experiment have a value, (..., E)."""
    return np.asarray(np.isfinite(value_ES).all(axis=-1))


def _checked(value_ES: ArrayLike) -> Floats:
    value_ES = np.asarray(value_ES, dtype=np.float64)
    if value_ES.ndim < 2 or value_ES.shape[-2] < 2 or value_ES.shape[-1] < FEWEST_SEEDS:
        raise ValueError(
            f"needs at least 2 experiments × {FEWEST_SEEDS} seeds; got {value_ES.shape}"
        )
    if np.isinf(value_ES).any():
        raise ValueError("values must not be infinite; a run without a value has NaN")
    return value_ES


@dataclass(frozen=True, eq=False)
class _Pairs:
    """E minus F over the seeds with a value of both, (..., E, F) each: number, mean, standard
    error, and whether there is no measure of chance."""

    n: Floats
    mean: Floats
    error: Floats
    no_test: Flags

    def reach(self, level: float) -> Floats:
        """Half the interval that leaves out so much on both sides together."""
        reach = critical_t(level, self.n - 1) * self.error
        # Equal values with every seed are equal; a constant difference has no measure of chance.
        same = (self.mean == 0) & (self.n >= FEWEST_SEEDS)
        return np.where(self.no_test, np.where(same, 0.0, np.inf), reach)

    @property
    def p(self) -> Floats:
        t = np.divide(self.mean, self.error, out=np.zeros_like(self.mean), where=~self.no_test)
        return t_two_sided_p(t, self.n - 1)


def _pairs(value_ES: Floats) -> _Pairs:
    difference_EFS = value_ES[..., :, None, :] - value_ES[..., None, :, :]
    both_EFS = np.isfinite(difference_EFS)
    n_EF = both_EFS.sum(axis=-1)
    mean_EF = np.where(both_EFS, difference_EFS, 0.0).sum(axis=-1) / np.maximum(n_EF, 1)
    filled_EFS = np.where(both_EFS, difference_EFS, mean_EF[..., None])
    # n - 1 below: the seeds are a sample of those that could have been drawn.
    squares_EF = np.square(filled_EFS - mean_EF[..., None]).sum(axis=-1)
    error_EF = np.sqrt(squares_EF / np.maximum(n_EF - 1, 1) / np.maximum(n_EF, 1))
    no_test_EF = no_spread(filled_EFS) | (n_EF < FEWEST_SEEDS)
    # Two stand in where there is no test, so that there are degrees of freedom.
    return _Pairs(np.maximum(n_EF, 2.0), mean_EF, error_EF, no_test_EF)
