"""How many seeds to plan, given that the SD itself is known from a few seeds only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from paribus.stats.distributions import chi_squared_quantile
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.power import seeds_to_decide, seeds_to_plan

SD_CONFIDENCE = 0.8


@dataclass(frozen=True)
class SeedPlan:
    """The seeds of a new study, from the SD as observed and from its 80% upper limit.

    `as_observed`: enough if the true SD is the observed one; with few seeds, a new study of this
    size decides clearly less often than 80%. `cautious`: the number to recommend. None where more
    than 10,000 seeds would be needed.
    """

    as_observed: int | None
    cautious: int | None


def sd_upper_limit(sd: float, n: int, confidence: float = SD_CONFIDENCE) -> float:
    """Return the value that exceeds the true SD in `confidence` of samples of n normal values.

    s · √((n-1)/χ²), χ² the (1 - confidence) quantile with n-1 degrees of freedom. Planning a study
    with it instead of s: Browne 1995. Raise ValueError for n below 2 or a negative sd.

    >>> [round(sd_upper_limit(1.0, n), 2) for n in (3, 5, 10, 20)]
    [2.12, 1.56, 1.29, 1.18]
    """
    if n < 2 or not sd >= 0:
        raise ValueError(f"needs an SD from at least 2 values; got {sd} from {n}")
    return sd * math.sqrt((n - 1) / float(chi_squared_quantile(1 - confidence, n - 1)))


def plan_seeds(sd: float, n: int, matters: float, level: float = VERDICT_LEVEL) -> SeedPlan:
    """Return the seeds that tell "no difference" from "just enough to matter", as `seeds_to_plan`.

    `sd`: of n paired differences, in the unit of `matters`; above 0. `level`: that of the question,
    so the verdict level divided by the number of questions of the new study.

    >>> plan_seeds(sd=0.002, n=5, matters=0.001)
    SeedPlan(as_observed=36, cautious=85)
    """
    upper = sd_upper_limit(sd, n)
    return SeedPlan(seeds_to_plan(sd, matters, level), seeds_to_plan(upper, matters, level))


def plan_seeds_as_seen(
    difference: float, sd: float, n: int, *, matters: float | None, level: float = VERDICT_LEVEL
) -> SeedPlan:
    """Return the seeds that decide a true difference as large as the observed, `seeds_to_decide`.

    >>> plan_seeds_as_seen(difference=0.002, sd=0.002, n=5, matters=None)
    SeedPlan(as_observed=11, cautious=23)
    """
    upper = sd_upper_limit(sd, n)
    return SeedPlan(
        seeds_to_decide(difference, sd, matters, level),
        seeds_to_decide(difference, upper, matters, level),
    )
