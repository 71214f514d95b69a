"""The flip ledger: categories, and noise that is not called a change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paribus.stats.flips import Flip, flip_ledger


def counts_to_runs(right: list[int], seeds: int) -> np.ndarray:
    return np.array([[k < r for r in right] for k in range(seeds)])


def test_every_category() -> None:
    right_A, right_B = [10, 0, 0, 10, 6], [10, 0, 10, 0, 5]
    ledger = flip_ledger(counts_to_runs(right_A, 10), counts_to_runs(right_B, 10))
    assert ledger.category_N.tolist() == [
        Flip.ALWAYS_RIGHT,
        Flip.ALWAYS_WRONG,
        Flip.FIXED,
        Flip.BROKEN,
        Flip.VARIES,
    ]
    np.testing.assert_allclose(ledger.share_A_N, [1, 0, 0, 1, 0.6])
    np.testing.assert_allclose(ledger.share_B_N, [1, 0, 1, 0, 0.5])
    assert ledger.images(Flip.FIXED).tolist() == [2]
    assert sum(ledger.counts().values()) == 5


def test_an_image_p_is_fishers() -> None:
    ledger = flip_ledger(counts_to_runs([1], 8), counts_to_runs([8], 8))
    p = stats.fisher_exact(np.array([[1, 7], [8, 0]])).pvalue
    assert ledger.category_N.tolist() == [Flip.FIXED]
    # Up to the threshold, and no further.
    assert p <= ledger.threshold
    worse = stats.fisher_exact(np.array([[3, 5], [6, 2]])).pvalue
    assert worse > ledger.threshold
    assert flip_ledger(counts_to_runs([3], 8), counts_to_runs([6], 8)).images(Flip.FIXED).size == 0


def test_three_seeds_never_show_a_change_of_one_image() -> None:
    ledger = flip_ledger(counts_to_runs([0] * 50, 3), counts_to_runs([3] * 50, 3))
    assert set(ledger.category_N) == {Flip.VARIES}
    assert not ledger.enough_runs
    assert flip_ledger([[0]] * 4, [[1]] * 4).enough_runs
    assert ledger.threshold == 0


def test_the_same_flip_counts_less_among_many_undecided_images() -> None:
    alone = flip_ledger(counts_to_runs([0], 5), counts_to_runs([5], 5))
    assert alone.images(Flip.FIXED).size == 1
    right_A, right_B = [0] + [2, 3] * 20, [5] + [3, 2] * 20
    among = flip_ledger(counts_to_runs(right_A, 5), counts_to_runs(right_B, 5))
    assert among.images(Flip.FIXED).size == 0


def test_numbers_of_seeds_may_differ() -> None:
    ledger = flip_ledger(counts_to_runs([0], 4), counts_to_runs([6], 6))
    assert ledger.category_N.tolist() == [Flip.FIXED]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([[1, 0]], [[1]], "the same images"),
        ([1, 0], [1, 0], "seeds × images"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "seeds × images"),
        ([[0.5]], [[1]], "must be 0 or 1"),
    ],
)
def test_what_is_no_correctness_is_refused(a: object, b: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flip_ledger(a, b)  # type: ignore[arg-type]


def test_a_thousand_seeds_fit_into_memory() -> None:
    """The most that a study may have; one image got better, one differs by chance."""
    rng = np.random.default_rng(1)
    better = (rng.random(1000) < 0.6, rng.random(1000) < 0.9)
    same = (rng.random(1000) < 0.5, rng.random(1000) < 0.5)
    ledger = flip_ledger(*(np.stack(pair, axis=1) for pair in zip(better, same, strict=True)))
    assert ledger.category_N.tolist() == [Flip.FIXED, Flip.VARIES]
