"""Rare failures: the rate that can go unseen, and runs that lie far from their siblings."""

# Axes: S runs (one per seed) of one experiment, I order statistics, ... any leading axes.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.limits import FEWEST_SEEDS, NOT_FINITE

FAR_LEVEL = 0.04
"""Of experiments with exponential seed effects, at most 5% have a flagged run at this level:
4% on the side of the tail, and up to 1% (with three runs) on the other side."""

LARGEST_SHARE = 4
"""At most one run in four can be far from the others; at least one can."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FarRuns:
    """Runs of one experiment that lie far from its other runs, on one side of them.

    `runs`: their positions. `above`: whether they lie above the others. `gap`: the distance from
    the nearest of them to the nearest other run. `spread`: the range of the other runs. `gap` and
    `spread` have the metric's unit.
    """

    runs: tuple[int, ...]
    above: bool
    gap: float
    spread: float


def unseen_failure_rate(runs: int, confidence: float = 0.95) -> float:
    """Return the largest failure rate that leaves no trace in 5 of 100 sets of `runs` runs.

    1 - 0.05^(1/K): with K runs, of which none failed, it is the upper end of the exact one-sided
    95% confidence interval of the failure rate. Source: Clopper & Pearson 1934; on the rule of
    three, 3/K, for large K: Hanley & Lippman-Hand 1983. Raise ValueError below one run.

    >>> [round(unseen_failure_rate(runs), 2) for runs in (3, 5, 10, 20)]
    [0.63, 0.45, 0.26, 0.14]
    """
    if runs < 1:
        raise ValueError(f"needs at least one run; got {runs}")
    return float(1 - (1 - confidence) ** (1 / runs))


def far_from_siblings(value_S: ArrayLike, step: float = 0.0) -> list[FarRuns]:
    """Return the runs that lie far from the other runs of their experiment: below, then above.

    `value_S`: (S,), S >= 3, finite, in any unit. `step`: the smallest difference that two values
    can have (1/N for accuracies on N images), in the same unit. The rule is that of `far_runs`.

    >>> far_from_siblings([0.982, 0.981, 0.984, 0.912, 0.983], step=1e-4)
    [FarRuns(runs=(3,), above=False, gap=0.069, spread=0.003)]
    >>> far_from_siblings([0.982, 0.981, 0.984, 0.972, 0.983], step=1e-4)
    []
    """
    value_S = np.asarray(value_S, dtype=np.float64)
    side_S = far_runs(value_S, step)
    found = []
    for side in (-1, 1):
        far_S = side_S == side
        if far_S.any():
            gap = np.abs(value_S[far_S, None] - value_S[~far_S]).min()
            spread = np.ptp(value_S[~far_S])
            runs = tuple(int(run) for run in np.flatnonzero(far_S))
            # Differences of decimal fractions: 0.069, not 0.06899999999999995.
            found.append(FarRuns(runs, side > 0, *(float(f"{x:.12g}") for x in (gap, spread))))
    return found


def far_runs(value_S: ArrayLike, step: float = 0.0) -> NDArray[np.int64]:
    """Return -1 for runs far below the other runs, 1 for runs far above, 0 for all others.

    `value_S`: (..., S), S >= 3, finite; the result has the same shape. The j outermost runs of a
    side are far if the gap between them and the other K - j is so large, compared with the range
    of the K - j, that even exponential seed effects (skewness 2) rarely show such a gap. Their
    spacings are independent exponential variables with means 1/j (gap) and 1/i, i = j+1 … K-1
    (Rényi 1953), so that

        P(gap > ρ · range) = Π i / (i + j·ρ),  i = j+1 … K-1

    and the rule is P <= 0.04/J for any j up to J = K/4 (rounded down, at least 1). The gap is
    taken `step` smaller and the range `step` larger than observed, for values that were rounded
    to a step. Raise ValueError below 3 runs or if a value is not finite.

    >>> far_runs([[5, 6, 7, 20], [5, 6, 7, 70]]).tolist()
    [[0, 0, 0, 0], [0, 0, 0, 1]]
    """
    value_S = np.asarray(value_S, dtype=np.float64)
    if value_S.ndim == 0 or value_S.shape[-1] < FEWEST_SEEDS:
        raise ValueError(f"needs at least {FEWEST_SEEDS} runs; got shape {value_S.shape}")
    if not np.isfinite(value_S).all():
        raise ValueError(NOT_FINITE)
    if not step >= 0:
        raise ValueError(f"step: must be 0 or above; got {step}")
    above_S = _far_above(value_S, step)
    return np.where(above_S, 1, np.where(_far_above(-value_S, step), -1, 0))


def _far_above(value_S: Floats, step: float) -> NDArray[np.bool_]:
    K = value_S.shape[-1]
    most = max(1, K // LARGEST_SHARE)
    sorted_S = np.sort(value_S, axis=-1)
    threshold = np.full(value_S.shape[:-1], np.inf)
    for far in range(1, most + 1):
        gap = sorted_S[..., K - far] - sorted_S[..., K - far - 1] - step
        spread = sorted_S[..., K - far - 1] - sorted_S[..., 0] + step
        # A range of 0 makes the ratio infinite, or leaves it 0 where the gap is 0 as well.
        ratio = np.divide(gap, spread, out=np.where(gap > 0, np.inf, 0.0), where=spread > 0)
        i_I = np.arange(far + 1, K)
        chance = np.prod(i_I / (i_I + far * np.maximum(ratio, 0.0)[..., None]), axis=-1)
        threshold = np.where(chance <= FAR_LEVEL / most, sorted_S[..., K - far], threshold)
    return np.asarray(value_S >= threshold[..., None])
