"""How many seeds a question takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from paribus.stats.distributions import (
    Floats,
    chi_squared_quantile,
    noncentral_t_beyond,
    normal_cdf,
    t_quantile,
)
from paribus.stats.equivalence import EQUIVALENCE_LEVEL
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL

POWER = 0.8
MOST_SEEDS = 10_000


def power_of_difference(
    difference: float, sd: float, n: int, level: float = VERDICT_LEVEL
) -> float:
    """The probability that n pairs give a two-sided t test p at or below `level`.

    `difference`: the true mean difference, `sd`: the SD of paired differences, in the same unit.
    Noncentral t with n-1 degrees of freedom and noncentrality difference · √n / sd. Source:
    Cohen 1988, chapter 2. Raises ValueError for sd not above 0 or n under 3.

    >>> round(power_of_difference(1.0, 1.0, n=10, level=0.05), 3)
    0.803
    """
    _check(sd, n)
    shift = difference * math.sqrt(n) / sd
    return noncentral_t_beyond(-t_quantile(level / 2, n - 1), n - 1, shift)


def power_of_equivalence(margin: float, sd: float, n: int, difference: float = 0.0) -> float:
    """The probability that the 90% interval of n pairs lies inside ±`margin`.

    `difference`: the true mean difference, `sd`: the SD of paired differences, in the same unit.
    Given the sample SD s the mean must lie within margin - t·s/√n of 0; averaged over s, whose
    square is chi-squared with n-1 degrees of freedom. Source: Schuirmann 1987; Owen 1965. Errors
    as for `power_of_difference`.

    >>> round(power_of_equivalence(1.0, 1.0, n=10), 3)
    0.795
    """
    _check(sd, n)
    reach = -t_quantile(EQUIVALENCE_LEVEL, n - 1) * _sample_sds(n)
    above = normal_cdf((margin - difference) * math.sqrt(n) / sd - reach)
    below = normal_cdf((-margin - difference) * math.sqrt(n) / sd + reach)
    return float(np.maximum(above - below, 0.0).mean())


@lru_cache(maxsize=256)
def _sample_sds(n: int) -> Floats:
    """2,000 equally probable SDs of n normal values of SD 1, ascending. Kept, as a search for the
    fewest pairs asks for the same few n each time."""
    probability = (np.arange(2000) + 0.5) / 2000
    sds = np.sqrt(chi_squared_quantile(probability, n - 1) / (n - 1))
    sds.flags.writeable = False
    return sds


def seeds_to_plan(sd: float, matters: float, level: float = VERDICT_LEVEL) -> int | None:
    """The fewest pairs with which a study can tell "none" from "just enough to matter".

    With so many, a true difference of `matters` is found, and a true difference of 0 is shown to
    be smaller than `matters`, each with a probability of at least 80%. `sd`: of the paired
    differences, same unit. None if over 10,000. Sources as for the two powers.

    >>> seeds_to_plan(sd=0.002, matters=0.001)
    36
    """
    if not matters > 0:
        raise ValueError(f"the smallest difference that matters must be above 0; got {matters}")
    found = _fewest(lambda n: power_of_difference(matters, sd, n, level))
    excluded = _fewest(lambda n: power_of_equivalence(matters, sd, n))
    return None if found is None or excluded is None else max(found, excluded)


def seeds_to_decide(
    difference: float, sd: float, matters: float | None, level: float = VERDICT_LEVEL
) -> int | None:
    """The fewest pairs that decide, one way or the other, a true difference as large as this.

    Decided with a probability of at least 80%: found not to be 0, or shown to be smaller than
    `matters` (if that is given). None if over 10,000. Sources as for the two powers.

    >>> seeds_to_decide(difference=0.002, sd=0.002, matters=None)
    11
    """
    ways = [_fewest(lambda n: power_of_difference(difference, sd, n, level))]
    if matters is not None and abs(difference) < matters:
        ways.append(_fewest(lambda n: power_of_equivalence(matters, sd, n, difference)))
    return min((n for n in ways if n is not None), default=None)


def _check(sd: float, n: int) -> None:
    if not sd > 0 or n < FEWEST_SEEDS:
        raise ValueError(f"needs an SD above 0 and at least {FEWEST_SEEDS} pairs; got {sd}, {n}")


def _fewest(power: Callable[[int], float]) -> int | None:
    """The smallest n with enough power, which grows with n."""
    low, high = FEWEST_SEEDS - 1, FEWEST_SEEDS
    while power(high) < POWER:
        if high == MOST_SEEDS:
            return None
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high
