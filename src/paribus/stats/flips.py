"""Flip ledger: which test images a change fixed or broke, and which vary from run to run."""

# Axes: A seeds of one experiment, B seeds of the other, N images, T thresholds,
# R how many of all runs of both get an image right, C how many of B's do.

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.distributions import hypergeometric

FALSE_SHARE = 0.05
"""At most this share of the images called fixed or broken is expected to be luck."""

LARGEST_P = 0.05
"""No image with a p above this is called fixed or broken, however many others are."""

Floats = NDArray[np.float64]


class Flip(StrEnum):
    ALWAYS_RIGHT = "always right"
    ALWAYS_WRONG = "always wrong"
    VARIES = "varies from run to run"
    FIXED = "fixed"
    BROKEN = "broken"


@dataclass(frozen=True, eq=False)
class FlipLedger:
    """For each test image the share of runs right under A and B, and what that amounts to.

    `share_A_N`, `share_B_N`: (N,). `category_N`: (N,) of `Flip`. `threshold`: the p value up to
    which an image counts as fixed or broken; 0 where no image does.
    `enough_runs`: whether even an image that all runs of A get wrong and all of B right could be
    called fixed; with 3 seeds of each it could not.
    """

    share_A_N: Floats
    share_B_N: Floats
    category_N: NDArray[np.str_]
    threshold: float
    enough_runs: bool

    def images(self, category: Flip) -> NDArray[np.intp]:
        """The indices of the images of one category, upwards."""
        return np.flatnonzero(self.category_N == category)

    def counts(self) -> dict[Flip, int]:
        """How many images each category has; they add up to N."""
        return {category: int(np.sum(self.category_N == category)) for category in Flip}


def flip_ledger(correct_AN: ArrayLike, correct_BN: ArrayLike) -> FlipLedger:
    """Sort the test images by what a change from A to B did to them.

    `correct_AN`, `correct_BN`: (seeds, N) of 0 and 1, the same images in the same order; the
    numbers of seeds may differ. Always right or wrong: by all runs of both. Fixed or broken: by
    Fisher's exact test of the image's counts (hypergeometric), at the largest threshold up to
    0.05 at which the number of images that luck alone would bring that far, given each image's
    total, is at most 5% of those that got there: Heyse 2011, the false discovery rate of
    Benjamini & Hochberg 1995 for counts. The others vary from run to run, which so many runs
    cannot tell from chance. On images that are always wrong: Northcutt et al. 2021. Raises
    ValueError for other shapes or values.

    >>> ledger = flip_ledger([[1, 0, 0]] * 5, [[1, 0, 1]] * 5)
    >>> ledger.category_N.tolist(), round(ledger.threshold, 4)
    (['always right', 'always wrong', 'fixed'], 0.0476)
    """
    correct_AN = np.asarray(correct_AN)
    correct_BN = np.asarray(correct_BN)
    shapes = correct_AN.ndim == correct_BN.ndim == 2 and all(correct_AN.shape + correct_BN.shape)
    if not shapes or correct_AN.shape[1] != correct_BN.shape[1]:
        raise ValueError(
            f"needs seeds × images of each, the same images; "
            f"got {correct_AN.shape} and {correct_BN.shape}"
        )
    if not all(np.isin(correct, (0, 1)).all() for correct in (correct_AN, correct_BN)):
        raise ValueError("correctness must be 0 or 1")
    A, B = len(correct_AN), len(correct_BN)
    right_A_N = correct_AN.sum(axis=0, dtype=np.int64)
    right_B_N = correct_BN.sum(axis=0, dtype=np.int64)
    total_N = right_A_N + right_B_N
    table = _fisher_table(A, B)
    p_N = table.p_RC[total_N, right_B_N]

    threshold_T = table.threshold_T
    # By chance: over images, the probability of a p this small given how many runs get it right.
    expected_RC = np.bincount(total_N, minlength=A + B + 1)[:, None] * table.chance_RC
    luck = np.cumsum(expected_RC.ravel()[table.order])
    luck_T = luck[table.last_T]
    reached_T = np.searchsorted(np.sort(p_N), threshold_T, side="right")
    good_T = np.flatnonzero((reached_T > 0) & (luck_T <= FALSE_SHARE * reached_T))
    threshold = float(threshold_T[good_T[-1]]) if good_T.size else 0.0

    share_A_N, share_B_N = right_A_N / A, right_B_N / B
    changed_N = p_N <= threshold
    category_N = np.select(
        [
            total_N == A + B,
            total_N == 0,
            changed_N & (share_B_N > share_A_N),
            changed_N & (share_B_N < share_A_N),
        ],
        [Flip.ALWAYS_RIGHT.value, Flip.ALWAYS_WRONG.value, Flip.FIXED.value, Flip.BROKEN.value],
        default=Flip.VARIES.value,
    )
    return FlipLedger(
        share_A_N=share_A_N,
        share_B_N=share_B_N,
        category_N=category_N,
        threshold=threshold,
        enough_runs=bool(table.p_RC[B, B] <= LARGEST_P),
    )


@dataclass(frozen=True)
class _FisherTable:
    """Of C of R right runs being B's: the two-sided p and, without a change, its probability.

    `threshold_T`: every p up to the largest that is allowed, upwards. `order`: the indices of
    `p_RC` by p; `last_T`: the last place there with a p of at most the threshold.
    """

    p_RC: Floats
    chance_RC: Floats
    threshold_T: Floats
    order: NDArray[np.intp]
    last_T: NDArray[np.intp]


@lru_cache(maxsize=4)
def _fisher_table(A: int, B: int) -> _FisherTable:
    """The same for all pairs with so many runs, of which a study has many."""
    chance_RC = np.array([hypergeometric(B, total, A + B) for total in range(A + B + 1)])
    # Outcomes no likelier than this one count as being as far; equal but for rounding is equal.
    p_RC = np.empty_like(chance_RC)
    for p_C, chance_C in zip(p_RC, chance_RC, strict=True):
        rising_C = np.sort(chance_C)
        as_far_C = np.searchsorted(rising_C, chance_C * (1 + 1e-7), side="right")
        p_C[:] = np.cumsum(rising_C)[as_far_C - 1]
    threshold_T = np.unique(p_RC[(chance_RC > 0) & (p_RC <= LARGEST_P)])
    order = np.argsort(p_RC, axis=None)
    last_T = np.searchsorted(p_RC.ravel()[order], threshold_T, side="right") - 1
    return _FisherTable(p_RC, chance_RC, threshold_T, order, last_T)
