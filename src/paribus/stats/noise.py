"""How much runs of one and the same experiment differ, and why."""

# Axes: S seeds, N images.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paribus.stats.distributions import normal_quantile, t_quantile
from paribus.stats.limits import FEWEST_SEEDS
from paribus.stats.paired import no_spread


@dataclass(frozen=True)
class RunVariance:
    """The SD of one run's accuracy over seeds, split by cause; in accuracy (0 to 1).

    `observed`: as measured. `luck`: what it would be if every image were decided by a coin of
    its own. `lasting`: what is left, the SD that an endless test set would show.
    """

    observed: float
    luck: float
    lasting: float


@dataclass(frozen=True)
class NoiseFloor:
    """How far `n` runs of one experiment lie apart (an A/A control), in its metric's raw unit.

    `between_runs`: 95 of 100 pairs of single runs differ by less. `predicted`: the same, as luck
    on single images alone would make it (None without images).
    """

    n: int
    sd: float
    between_runs: float
    predicted: float | None


def run_variance(correct_SN: ArrayLike) -> RunVariance:
    """Split the variance over seeds of one experiment's accuracy.

    `correct_SN`: (S, N), 1 or True where right. Luck: Σ p(1-p) / N² over images, p the image's
    probability of being classified right over seeds, each p(1-p) estimated without bias by the
    image's variance over seeds (ddof=1). Lasting: observed variance less luck, not under 0.
    Source: Jordan 2023. Raises ValueError under 3 seeds.

    >>> v = run_variance([[1, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 0]])
    >>> v.observed, round(v.luck, 4), v.lasting
    (0.0, 0.25, 0.0)
    """
    correct_SN = np.asarray(correct_SN, dtype=np.float64)
    if correct_SN.ndim != 2 or len(correct_SN) < FEWEST_SEEDS:
        raise ValueError(f"needs at least {FEWEST_SEEDS} seeds × images; got {correct_SN.shape}")
    N = correct_SN.shape[1]
    observed = float(correct_SN.mean(axis=1).var(ddof=1))
    luck = float(correct_SN.var(axis=0, ddof=1).sum()) / N**2
    return RunVariance(
        observed=observed**0.5,
        luck=luck**0.5,
        lasting=max(0.0, observed - luck) ** 0.5,
    )


def noise_floor(
    value_S: ArrayLike, correct_SN: ArrayLike | None = None, whole: float = 1.0
) -> NoiseFloor:
    """How far runs of one experiment lie apart by the seed alone.

    `value_S`: (S,) its metric, S >= 3, finite, in any unit; `correct_SN`: (S, N) its correctness,
    where the metric is accuracy, and `whole` the value of a run that gets all right: 100 where
    values are percentages. Two new runs differ by less than t(S-1) · √2 · SD in 95 of 100
    cases: a prediction interval for normal runs, Hahn & Meeker 1991. t and not 1.96, as the SD
    itself comes from S runs. On controls of this kind: Bouthillier et al. 2021; Sellam et al.
    2022. Raises ValueError under 3 seeds.

    >>> round(noise_floor([0.981, 0.984, 0.983, 0.980]).between_runs, 4)
    0.0082
    """
    value_S = np.asarray(value_S, dtype=np.float64)
    if value_S.ndim != 1 or value_S.size < FEWEST_SEEDS or not np.isfinite(value_S).all():
        raise ValueError(f"needs at least {FEWEST_SEEDS} finite values; got {value_S.tolist()}")
    S = value_S.size
    sd = 0.0 if no_spread(value_S) else float(value_S.std(ddof=1))
    t = t_quantile(0.975, S - 1)
    predicted = None
    if correct_SN is not None:
        # The normal quantile: this SD comes from all images, and is known well.
        predicted = whole * normal_quantile(0.975) * 2**0.5 * run_variance(correct_SN).luck
    return NoiseFloor(
        n=S,
        sd=sd,
        between_runs=t * 2**0.5 * sd,
        predicted=predicted,
    )
