"""Which of several experiments may be the best: a set, intervals to the best, and ranks."""

# Axes: E experiments, F the experiment that E is compared with, S seeds, P pairs of experiments,
# ... any leading axes (studies).

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.adjustment import holm
from paribus.stats.distributions import critical_t, t_two_sided_p
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


def best_set(value_ES: ArrayLike, level: float = BEST_SET_LEVEL) -> BestSet:
    """Return which experiments may be the best, and how far each may be from the best other one.

    `value_ES`: (..., E, S), E >= 2, S >= 3, finite, the same seeds for all, higher is better (give
    the negative of a loss). With d̄_ji the mean of j minus i over seeds, se_ji its own standard
    error and c = t(S-1; 1 - level/(E-1)): j may be the best unless d̄_ij > c·se_ij for some i. The
    true best is compared with E-1 others, so it is missing with at most the level (Bonferroni); no
    common variance is assumed, which a pooled test would need (Dunnett 1955). The set is that of
    Gupta 1965, the intervals are those of Hsu 1984, with multiple comparisons with the best:

        high_j = max(0, min over i of d̄_ji + c·se_ji), G the j with high_j > 0
        low_j = 0 if G is j alone, else min(0, min over i in G of d̄_ji - c·se_ji)

    Raise ValueError for other shapes or values that are not finite.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> best = best_set(value_ES)
    >>> best.may_be_best.tolist(), best.low.round(3).tolist(), best.high.round(3).tolist()
    ([False, True, True], [-0.063, -0.018, -0.013], [0.0, 0.013, 0.018])
    """
    value_ES = _checked(value_ES)
    E, S = value_ES.shape[-2:]
    mean_EF, error_EF, same_EF = _pairs(value_ES)
    reach_EF = critical_t(2 * level / (E - 1), S - 1) * error_EF
    reach_EF = np.where(same_EF, np.where(mean_EF == 0, 0.0, np.inf), reach_EF)
    others_EF = ~np.eye(E, dtype=np.bool_)
    most_E = np.where(others_EF, mean_EF + reach_EF, np.inf).min(axis=-1)
    # Experiments with the same values are as good as each other: 0 is no evidence against either.
    may_E = most_E >= 0
    high_E = np.maximum(0.0, most_E)
    least_E = np.where(others_EF & may_E[..., None, :], mean_EF - reach_EF, np.inf).min(axis=-1)
    alone_E = may_E & (may_E.sum(axis=-1, keepdims=True) == 1)
    return BestSet(may_E, np.where(alone_E, 0.0, np.minimum(0.0, least_E)), high_E)


def ranks(value_ES: ArrayLike, level: float = VERDICT_LEVEL) -> Ranks:
    """Return the ranks that each experiment can have, given all differences that are shown.

    `value_ES`: as for `best_set`. All E(E-1)/2 paired t tests, adjusted by Holm 1979: first = 1 +
    the number shown to be better, last = E - the number shown to be worse. All true ranks lie
    within at once, unless one of the pairs is wrong: Mogstad, Romano, Shaikh & Wilhelm 2024.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> r = ranks(value_ES)
    >>> r.first.tolist(), r.last.tolist()
    ([3, 1, 1], [3, 2, 2])
    """
    value_ES = _checked(value_ES)
    E, S = value_ES.shape[-2:]
    mean_EF, error_EF, same_EF = _pairs(value_ES)
    # Without any spread there is no test.
    t_EF = np.divide(mean_EF, error_EF, out=np.zeros_like(mean_EF), where=~same_EF)
    first_P, second_P = np.triu_indices(E, 1)
    adjusted_P = holm(t_two_sided_p(t_EF[..., first_P, second_P], S - 1))
    adjusted_EF = np.ones_like(mean_EF)
    adjusted_EF[..., first_P, second_P] = adjusted_P
    adjusted_EF[..., second_P, first_P] = adjusted_P
    better_EF = (adjusted_EF <= level) & (mean_EF > 0)
    return Ranks(
        first=1 + better_EF.sum(axis=-2),
        last=E - better_EF.sum(axis=-1),
        adjusted_p=adjusted_EF,
        better=better_EF,
    )


def all_within(value_ES: ArrayLike, matters: float) -> Flags:
    """Return whether all experiments are shown to lie within `matters` of each other: (...).

    `value_ES`: as for `best_set`; `matters` in the same unit. True where the 90% interval of every
    pair lies inside ±matters, and so every experiment within `matters` of the best. It is wrong
    in at most 5% without adjustment, as every pair must pass: an intersection-union test,
    Berger 1982.

    >>> value_ES = [[0.90, 0.91, 0.90, 0.92], [0.95, 0.96, 0.94, 0.96], [0.94, 0.97, 0.95, 0.96]]
    >>> bool(all_within(value_ES, 0.05)), bool(all_within(value_ES, 0.07))
    (False, True)
    """
    value_ES = _checked(value_ES)
    mean_EF, error_EF, same_EF = _pairs(value_ES)
    reach_EF = critical_t(0.10, value_ES.shape[-1] - 1) * error_EF
    # Equal values with every seed are equal; a constant difference has no measure of chance.
    reach_EF = np.where(same_EF, np.where(mean_EF == 0, 0.0, np.inf), reach_EF)
    return np.asarray((np.abs(mean_EF) + reach_EF < matters).all(axis=(-2, -1)))


def _checked(value_ES: ArrayLike) -> Floats:
    value_ES = np.asarray(value_ES, dtype=np.float64)
    if value_ES.ndim < 2 or value_ES.shape[-2] < 2 or value_ES.shape[-1] < FEWEST_SEEDS:
        raise ValueError(
            f"needs at least 2 experiments × {FEWEST_SEEDS} seeds; got {value_ES.shape}"
        )
    if not np.isfinite(value_ES).all():
        raise ValueError("values must be finite; leave out the seeds that an experiment lacks")
    return value_ES


def _pairs(value_ES: Floats) -> tuple[Floats, Floats, Flags]:
    """Mean and standard error of E minus F over seeds, and whether all seeds show the same."""
    difference_EFS = value_ES[..., :, None, :] - value_ES[..., None, :, :]
    same_EF = no_spread(difference_EFS)
    mean_EF = difference_EFS.mean(axis=-1)
    # ddof=1: the seeds are a sample of those that could have been drawn.
    error_EF = difference_EFS.std(axis=-1, ddof=1) / value_ES.shape[-1] ** 0.5
    return mean_EF, error_EF, same_EF
