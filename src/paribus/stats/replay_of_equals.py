"""Reversal rate of two equal networks, for comparison with an observed one."""

from __future__ import annotations

import math


def reversal_rate_of_equals(a_runs: int, b_runs: int, correlation: float = 0.0) -> float:
    """Return the expected share of pairs of single runs in the opposite order of the means.

    For two experiments that do not differ, with normal values of equal variance: a run of A minus
    a run of B correlates with the difference of the means by ρ = √((1/a_runs + 1/b_runs)/2), as
    both runs are part of the means, and has the opposite sign with probability arccos(ρ)/π
    (Sheppard 1899). The share is therefore below 50% although no network is better.
    `correlation`: of A and B over shared seeds, with as many runs of A as of B; ρ² of the K(K-1)
    pairs of different seeds is then smaller by the factor 1 - correlation. Raise ValueError
    without a run, or for a correlation that has no meaning.

    >>> [round(reversal_rate_of_equals(K, K), 2) for K in (3, 5, 10, 20)]
    [0.3, 0.35, 0.4, 0.43]
    """
    if a_runs < 1 or b_runs < 1:
        raise ValueError(f"needs at least one run of each; got {a_runs} and {b_runs}")
    if not -1 <= correlation < 1 or (correlation and a_runs != b_runs):
        raise ValueError(
            f"correlation: must be from -1 to below 1, and 0 for unequal numbers of runs; "
            f"got {correlation}, {a_runs} and {b_runs} runs"
        )
    squared = (1 / a_runs + 1 / b_runs) / 2
    if not correlation:
        return math.acos(math.sqrt(squared)) / math.pi
    same_seed = math.acos(math.sqrt(squared))
    other_seed = math.acos(math.sqrt(squared * (1 - correlation)))
    return (same_seed + (a_runs - 1) * other_seed) / (a_runs * math.pi)
