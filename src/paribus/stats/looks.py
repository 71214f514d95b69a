"""Planned looks: a study judged after fixed numbers of seeds, at a level shared out beforehand.

Every look has a weight; the weights add up to 1, so the error of all looks together is at most the
level, whatever the dependence between looks (Bonferroni). They grow with the seeds: an early look
takes a small part of the level, as Lan & DeMets 1983 spend it.
"""

# Axes: L looks, Q questions, S seeds, ... any leading axes (studies, questions).

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.distributions import critical_t, normal_cdf, t_two_sided_p, t_upper_tail
from paribus.stats.equivalence import EQUIVALENCE_LEVEL
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL
from paribus.stats.paired import no_spread

FEWEST_AT_FIRST_LOOK = 5
"""With 3 seeds of 30 and 20 questions, |t| would have to exceed 126."""

DIFFERENCE_EXPONENT = 1.5
EQUALITY_EXPONENT = 2.0

LEAST_CHANCE = 0.10
"""A question with less than this chance of an outcome at the last look is futile."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Looks:
    """The numbers of seeds after which a study looks, upwards; at the last one it ends.

    >>> looks = Looks((10, 20, 40, 80))
    >>> looks.difference_weights.round(4).tolist(), looks.equality_weights.round(4).tolist()
    ([0.0442, 0.0808, 0.2286, 0.6464], [0.0156, 0.0469, 0.1875, 0.75])
    """

    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.seeds or self.seeds[0] < FEWEST_AT_FIRST_LOOK:
            raise ValueError(
                f"looks: the first must be at {FEWEST_AT_FIRST_LOOK} seeds or more; "
                f"got {list(self.seeds)}"
            )
        if any(
            later <= earlier for earlier, later in zip(self.seeds, self.seeds[1:], strict=False)
        ):
            raise ValueError(f"looks: each must have more seeds than the last; got {self.seeds}")

    @property
    def difference_weights(self) -> Floats:
        """Return the share of the level that each look has for "better" and "worse": (L,)."""
        return _weights(self.seeds, DIFFERENCE_EXPONENT)

    @property
    def equality_weights(self) -> Floats:
        """Return the share of the 5% that each look has for "practically equivalent": (L,)."""
        return _weights(self.seeds, EQUALITY_EXPONENT)

    def critical_differences(self, level: float = VERDICT_LEVEL) -> Floats:
        """Return the |t| from which a look shows a difference, (L,).

        `level`: the verdict level, divided by the number of questions for Holm's hardest step.

        >>> Looks((10, 20, 40, 80)).critical_differences().round(3).tolist()
        [4.381, 3.368, 2.743, 2.271]
        >>> Looks((10, 20, 40, 80)).critical_differences(0.04 / 20).round(3).tolist()
        [6.701, 4.684, 3.827, 3.337]
        """
        return critical_t(level * self.difference_weights, np.array(self.seeds) - 1)

    def critical_equalities(self) -> Floats:
        """Return the t of both one-sided tests from which a look shows equivalence, (L,).

        >>> Looks((10, 20, 40, 80)).critical_equalities().round(3).tolist()
        [4.467, 3.203, 2.453, 1.804]
        """
        df = np.array(self.seeds) - 1
        return critical_t(2 * EQUIVALENCE_LEVEL * self.equality_weights, df)


@dataclass(frozen=True, eq=False)
class AtLooks:
    """The numbers of each look taken, (..., L) each.

    `sequential_p`: min(1, smallest p/w of the looks so far). `decisive`: the look (from 0) that
    gave it, whose `mean` has the direction. `equality_p`: likewise for equivalence, to be compared
    with 0.05; 1 where nothing was said to matter. `low`, `high`: the repeated 95% confidence
    interval: all those of a study hold the true difference at once in at least 95 of 100 studies,
    so the one at which a question stopped does, too (Jennison & Turnbull 1989).
    """

    mean: Floats
    sd: Floats
    p: Floats
    sequential_p: Floats
    decisive: NDArray[np.intp]
    equality_p: Floats
    low: Floats
    high: Floats


def at_looks(difference_S: ArrayLike, looks: Looks, matters: ArrayLike | None = None) -> AtLooks:
    """Return what every look taken says of paired differences.

    `difference_S`: (..., S), in the order of the seeds; looks beyond S have not been taken. NaN
    where a pair was trained but has no value: it is left out of the tests. `matters`: the smallest
    difference that matters, one number or (...), in the same unit; NaN or None where none was
    stated. A look at which all differences are the same, or fewer than 3 have a value, has p = 1.
    Paired t tests (Student 1908), two one-sided ones for equivalence (Schuirmann 1987). Raise
    ValueError if no look has been taken.

    >>> difference_S = [0.3, 0.1, 0.4, 0.2, 0.5, 0.1, 0.3, 0.2, 0.4, 0.3]
    >>> look = at_looks(difference_S, Looks((5, 10, 20)), matters=1.0)
    >>> look.sequential_p.round(5).tolist(), look.equality_p.round(5).tolist()
    ([0.10588, 0.00038], [0.00468, 0.0])
    """
    difference_S = np.asarray(difference_S, dtype=np.float64)
    taken = [n for n in looks.seeds if n <= difference_S.shape[-1]]
    if not taken:
        raise ValueError(
            f"no look has been taken: {difference_S.shape[-1]} seeds of {looks.seeds[0]}"
        )
    parts = [_moments(difference_S[..., :n]) for n in taken]
    n, mean, sd, same = (np.stack(part, axis=-1) for part in zip(*parts, strict=True))
    error = np.where(same, np.inf, sd / np.sqrt(n))
    p = t_two_sided_p(mean / error, n - 1)
    weight_L, equal_weight_L = (
        w[: len(taken)] for w in (looks.difference_weights, looks.equality_weights)
    )
    weighted = p / weight_L
    sequential_p = np.minimum(np.minimum.accumulate(weighted, axis=-1), 1.0)
    # The first look that reaches the smallest value so far.
    decisive = np.maximum.accumulate(
        np.where(weighted <= np.minimum.accumulate(weighted, axis=-1), np.arange(len(taken)), 0),
        axis=-1,
    )
    margin = np.asarray(np.nan if matters is None else matters, dtype=np.float64)[..., None]
    tost = t_upper_tail((margin - np.abs(mean)) / error, n - 1)
    tost = np.where(same | np.isnan(margin), 1.0, tost)
    equality_p = np.minimum(np.minimum.accumulate(tost / equal_weight_L, axis=-1), 1.0)
    half = critical_t(0.05 * weight_L, n - 1) * error
    return AtLooks(
        mean, sd, p, sequential_p, decisive, equality_p, low=mean - half, high=mean + half
    )


def futile(
    mean: ArrayLike,
    sd: ArrayLike,
    look: int,
    looks: Looks,
    *,
    matters: ArrayLike | None = None,
    level: float = VERDICT_LEVEL,
) -> NDArray[np.bool_]:
    """Return whether a question will most likely be undecided at the last look, elementwise.

    `mean`, `sd`: of the differences at look `look` (from 0), (...), in the unit of `matters` (as in
    `at_looks`). `level`: that of Holm's hardest step. True if for each true difference out of the
    mean, ±`matters` and 0 the chance of an outcome at the last look is below 10%. With n seeds of
    N and a true difference μ, the final mean is Normal((n·mean + (N - n)·μ)/N, s²(N - n)/N²), and
    the outcomes are |mean| >= t·s/√N and |mean| <= matters - t'·s/√N. Stochastic curtailment:
    Lan, Simon & Halperin 1982. Not binding: to train on all the same does not raise the error.

    >>> looks = Looks((10, 20, 40, 80))
    >>> futile([0.0, 0.1, 0.3], 1.0, look=2, looks=looks, matters=0.2).tolist()
    [True, True, False]
    """
    mean, sd = np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64)
    n, final = looks.seeds[look], looks.seeds[-1]
    error = sd / np.sqrt(final)
    different = looks.critical_differences(level)[-1] * error
    margin = np.asarray(np.nan if matters is None else matters, dtype=np.float64)
    equal = np.nan_to_num(margin - looks.critical_equalities()[-1] * error, nan=-1.0)
    hopeless = np.ones(np.broadcast_shapes(mean.shape, sd.shape, margin.shape), dtype=np.bool_)
    spread = sd * np.sqrt(final - n) / final
    for true in (mean, margin, -margin, 0.0):
        center = (n * mean + (final - n) * np.asarray(true)) / final
        chance = _outside(center, spread, different) + 1 - _outside(center, spread, equal)
        # Where both outcomes are possible at once, one of them is certain.
        chance = np.where(equal >= different, 1.0, chance)
        # Without a margin there is no such true difference.
        hopeless &= ~(chance >= LEAST_CHANCE)
    return hopeless


def _moments(difference_S: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Number, mean and SD of the differences that have a value; whether there is no test."""
    finite_S = np.isfinite(difference_S)
    n = finite_S.sum(axis=-1)
    mean = np.where(finite_S, difference_S, 0.0).sum(axis=-1) / np.maximum(n, 1)
    filled_S = np.where(finite_S, difference_S, mean[..., None])
    # n - 1 below: the seeds are a sample of those that could have been drawn.
    sd = np.sqrt(np.square(filled_S - mean[..., None]).sum(axis=-1) / np.maximum(n - 1, 1))
    no_test = no_spread(filled_S) | (n < FEWEST_SEEDS)
    # Two stand in where there is no test, so that there are degrees of freedom.
    return np.maximum(n, 2.0), mean, sd, no_test


def _outside(center: Floats, spread: Floats, reach: Floats) -> Floats:
    """The probability that a normal variable lies outside ±`reach`; 1 for a negative reach."""
    with np.errstate(divide="ignore", invalid="ignore"):
        below, above = (-reach - center) / spread, (reach - center) / spread
    outside = normal_cdf(below) + 1 - normal_cdf(above)
    return np.asarray(np.where(reach < 0, 1.0, outside))


def _weights(seeds: Sequence[int], exponent: float) -> Floats:
    spent = (np.array(seeds) / seeds[-1]) ** exponent
    return np.asarray(np.diff(spent, prepend=0.0), dtype=np.float64)
