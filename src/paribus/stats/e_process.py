"""Seeds raised without a plan: a t-test that may be looked at after every seed.

The e-value after n seeds is the factor by which a bet against "no difference" has multiplied its
stake. If there is none, the chance that it ever reaches 1/α, after whatever seed, is at most α
(Ville 1939). The bet is on standardized differences mean/SD that are Normal(0, g).
"""

# Axes: S seeds, ... any leading axes (studies, questions).

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.limits import VERDICT_LEVEL

SPREAD = 0.5
"""g: the variance of the standardized difference that the bet expects."""

RESCUE_LEVEL = 0.01
"""Bound on the error that seeds added after a planned test may cause."""

RESCUE_EQUIVALENCE_ALPHA = 0.02
"""After a planned test, "practically equivalent" takes the confidence sequence of this alpha: the
planned test has used up its 5%."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ConfidenceSequence:
    """The ends of the interval after each seed, (..., S) each; infinite after few seeds."""

    low: Floats
    high: Floats


def log_e_values(difference_S: ArrayLike, g: float = SPREAD) -> Floats:
    """Return the logarithm of the e-value after each seed: (..., S) to (..., S).

    With t the paired t statistic of the first n seeds, ν = n - 1, h = 1 + n·g:

        log e = -½ log h + n/2 · [log(1 + t²/ν) - log(1 + t²/(ν·h))]

    0 after one seed, and while all differences are 0. A normal mixture over the standardized
    difference and the right Haar measure over the SD make it a martingale in the t statistics,
    whatever the SD is. Sources: Lindon, Ham, Tingley & Bojinov 2022; Wang & Ramdas 2025. Raise
    ValueError for differences that are not finite.

    >>> difference_S = [0.3, 0.1, 0.4, 0.2, 0.5, 0.1, 0.3, 0.2, 0.4, 0.3]
    >>> round(float(np.exp(log_e_values(difference_S)[-1])), 4)
    154.7667
    """
    difference_S = np.asarray(difference_S, dtype=np.float64)
    if difference_S.ndim == 0 or not np.isfinite(difference_S).all():
        raise ValueError("needs a list of finite differences, one per seed")
    n_S, mean_S, within_S = _running(difference_S)
    h_S = 1 + n_S * g
    # t²/ν is n·mean² over the sum of squares within; so nothing is divided by 0 at SD 0.
    above = within_S + n_S * mean_S**2
    below = within_S + n_S * mean_S**2 / h_S
    ratio = np.divide(above, below, out=np.ones_like(above), where=below > 0)
    log_e_S = -0.5 * np.log(h_S) + n_S / 2 * np.log(ratio)
    return np.where((n_S == 1) | (below == 0), 0.0, log_e_S)


def anytime_p(difference_S: ArrayLike, after: int = 0, g: float = SPREAD) -> Floats:
    """Return min(1, 1/largest e-value so far) after each seed: (..., S) to (..., S).

    A p-value that may be read after every seed and used in Holm's adjustment. `after`: the e-values
    of the first so many seeds are left out of the maximum (they still use all differences).

    >>> difference_S = [0.3, 0.1, 0.4, 0.2, 0.5, 0.1, 0.3, 0.2, 0.4, 0.3]
    >>> anytime_p(difference_S)[[1, 4, 9]].round(4).tolist()
    [0.8485, 0.2083, 0.0065]
    """
    log_e_S = log_e_values(difference_S, g)
    log_e_S[..., :after] = -np.inf
    return np.minimum(1.0, np.exp(-np.maximum.accumulate(log_e_S, axis=-1)))


def rescue_p(planned_p: ArrayLike, raised_p: ArrayLike) -> Floats:
    """Return one p-value of a planned test that was undecided and of seeds raised after it.

    `planned_p`: of the paired t test of the K planned seeds. `raised_p`: `anytime_p` of all seeds,
    after=K. The smaller of `planned_p` and 4 · `raised_p`, to be compared with 0.04 (after Holm):
    the planned test has 0.04 of the error, the seeds raised after it have 0.01.

    >>> rescue_p([0.03, 0.3, 0.3], [1.0, 0.0099, 0.0101]).round(4).tolist()
    [0.03, 0.0396, 0.0404]
    """
    raised = np.asarray(raised_p, dtype=np.float64) * (VERDICT_LEVEL / RESCUE_LEVEL)
    return np.minimum(np.minimum(np.asarray(planned_p, dtype=np.float64), raised), 1.0)


def radius(sd: ArrayLike, n: ArrayLike, alpha: float, g: float = SPREAD) -> Floats:
    """Return the half-width of the confidence sequence after n seeds, elementwise.

    s/√n · √(ν(A - 1)/(1 - A/h)) with A = (√h/α)^(2/n): the true differences whose e-value is below
    1/α. Infinite where A >= h, and for a single seed. All intervals of the sequence hold the true
    difference at once with probability 1 - α, so the one at which somebody stopped does.

    >>> difference_S = [0.3, 0.1, 0.4, 0.2, 0.5, 0.1, 0.3, 0.2, 0.4, 0.3]
    >>> round(float(radius(np.std(difference_S, ddof=1), 10, alpha=0.05)), 6)
    0.169832
    """
    sd, n = np.asarray(sd, dtype=np.float64), np.asarray(n, dtype=np.float64)
    h = 1 + n * g
    bound = (np.sqrt(h) / alpha) ** (2 / n)
    finite = (n > 1) & (bound < h)
    # Where it is infinite, the 1s stand in for a root that is not real.
    squared = np.where(finite, (n - 1) * (bound - 1), 1.0) / np.where(finite, 1 - bound / h, 1.0)
    return np.where(finite, sd / np.sqrt(n) * np.sqrt(squared), np.inf)


def confidence_sequence(
    difference_S: ArrayLike, alpha: float = 0.05, g: float = SPREAD
) -> ConfidenceSequence:
    """Return mean ± `radius` after each seed, for differences (..., S) in any unit.

    For "practically equivalent" take alpha = 0.10 and ask whether an interval lies inside
    ±matters, as with a 90% interval: either side then errs in at most 5%.

    >>> difference_S = [0.3, 0.1, 0.4, 0.2, 0.5, 0.1, 0.3, 0.2, 0.4, 0.3]
    >>> sequence = confidence_sequence(difference_S)
    >>> sequence.low[7:].round(4).tolist(), sequence.high[7:].round(4).tolist()
    ([0.0238, 0.0758, 0.1102], [0.5012, 0.4798, 0.4498])
    """
    difference_S = np.asarray(difference_S, dtype=np.float64)
    n_S, mean_S, within_S = _running(difference_S)
    sd_S = np.sqrt(within_S / np.maximum(n_S - 1, 1))
    half_S = radius(sd_S, n_S, alpha, g)
    return ConfidenceSequence(mean_S - half_S, mean_S + half_S)


def _running(difference_S: Floats) -> tuple[Floats, Floats, Floats]:
    """Seeds, mean, and sum of squares about the mean of the first n, for every n."""
    n_S = np.arange(1.0, difference_S.shape[-1] + 1)
    # About the first value, so that a large common part does not cost the differences digits.
    shift = difference_S[..., :1]
    centered_S = difference_S - shift
    sum_S = np.cumsum(centered_S, axis=-1)
    within_S = np.cumsum(centered_S**2, axis=-1) - sum_S**2 / n_S
    return n_S, shift + sum_S / n_S, np.maximum(within_S, 0.0)
