"""Sign-flip p against a plain enumeration and against SciPy's permutation test."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paribus.stats.sign_flips import sign_flip, smallest_sign_flip_p

RNG = np.random.default_rng(12)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=9))
def test_is_the_share_of_patterns_at_least_as_far(difference_S: list[int]) -> None:
    patterns = list(product([-1, 1], repeat=len(difference_S)))
    seen = abs(sum(difference_S))
    hits = sum(
        abs(sum(s * d for s, d in zip(pattern, difference_S, strict=True))) >= seen
        for pattern in patterns
    )
    # A tenth of them: sums that are equal on paper are not in floating point.
    ours = sign_flip([d / 10 for d in difference_S])
    assert ours.p == pytest.approx(hits / len(patterns), abs=1e-12)
    assert ours.exact


@pytest.mark.parametrize("n", [3, 7, 12])
def test_agrees_with_scipy(n: int) -> None:
    difference_S = RNG.normal(0.3, 1, size=n)
    theirs = stats.permutation_test(
        [difference_S], np.mean, permutation_type="samples", n_resamples=2**n
    )
    assert sign_flip(difference_S).p == pytest.approx(theirs.pvalue, abs=1e-9)


def test_twenty_pairs_are_still_exact() -> None:
    r = sign_flip(np.full(20, 0.1))
    assert (r.p, r.exact, r.smallest_p) == (2**-19, True, 2**-19)


def test_above_twenty_pairs_patterns_are_drawn() -> None:
    difference_S = RNG.normal(0.35, 1, size=30)
    drawn = sign_flip(difference_S, np.random.default_rng(1))
    assert not drawn.exact
    # Three standard errors of 100,000 draws, and the t test's p for a bell curve.
    assert drawn.p == pytest.approx(stats.ttest_1samp(difference_S, 0).pvalue, abs=0.005)
    assert drawn == sign_flip(difference_S, np.random.default_rng(1))


@pytest.mark.parametrize("n", [21, 100, 203])
def test_drawn_patterns_are_those_that_a_plain_sum_counts(n: int) -> None:
    # Multiples of a tenth: many sums are equal to the observed one.
    difference_S = np.random.default_rng(n).integers(-3, 4, n) / 10
    rng, seen = np.random.default_rng(1), round(abs(10 * difference_S.sum()))
    hits = 0
    for _ in range(100):
        sign_PS = 2 * rng.integers(0, 2, size=(1000, n), dtype=np.int8) - 1
        sum_P = np.round(10 * (sign_PS @ difference_S)).astype(int)
        hits += int((np.abs(sum_P) >= seen).sum())
    p = sign_flip(difference_S, np.random.default_rng(1)).p
    assert p == pytest.approx((1 + hits) / 100_001, rel=1e-12)


def test_above_twenty_pairs_p_is_never_zero() -> None:
    assert sign_flip(np.ones(40), np.random.default_rng(1)).p == pytest.approx(1e-5, rel=1e-3)


def test_above_twenty_pairs_a_generator_is_needed() -> None:
    with pytest.raises(ValueError, match="need a random generator"):
        sign_flip(np.ones(21))


def test_five_seeds_cannot_reach_five_percent_and_six_can() -> None:
    assert smallest_sign_flip_p(5) > 0.05 > smallest_sign_flip_p(6)


@pytest.mark.parametrize("bad", [[], [1.0, np.nan]])
def test_no_or_missing_differences_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="finite differences"):
        sign_flip(bad)
