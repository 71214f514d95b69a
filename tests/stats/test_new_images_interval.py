"""The two-way variance against statsmodels' analysis of variance and by its limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from paribus.stats.new_images import compare_on_new_images, two_way
from paribus.stats.paired import t_intervals

RNG = np.random.default_rng(13)


def test_variance_is_that_of_the_mean_squares_of_a_two_way_anova() -> None:
    S, N = 4, 9
    difference_SN = RNG.normal(size=(S, 1)) + RNG.normal(size=(1, N)) + RNG.normal(size=(S, N))
    table = pd.DataFrame(
        {
            "d": difference_SN.ravel(),
            "seed": np.repeat(np.arange(S), N),
            "image": np.tile(np.arange(N), S),
        }
    )
    square = anova_lm(ols("d ~ C(seed) + C(image)", table).fit())["mean_sq"]
    expected = (square["C(seed)"] + square["C(image)"] - square["Residual"]) / (S * N)
    w = two_way(difference_SN)
    assert w.seed_part + w.image_part == pytest.approx(expected, abs=1e-9)
    assert w.seed_part == pytest.approx(square["C(seed)"] / (S * N), abs=1e-9)


def test_where_all_images_behave_alike_it_is_the_paired_t_interval() -> None:
    seed_S = RNG.normal(size=6)
    difference_SN = np.repeat(seed_S[:, None], 50, axis=1)
    w, t = two_way(difference_SN), t_intervals(seed_S)
    assert float(w.low) == pytest.approx(float(t.low), abs=1e-9)
    assert float(w.high) == pytest.approx(float(t.high), abs=1e-9)


def test_where_all_seeds_behave_alike_it_is_the_t_interval_over_images() -> None:
    image_N = RNG.normal(size=40)
    w = two_way(np.repeat(image_N[None, :], 5, axis=0))
    low, high = stats.ttest_1samp(image_N, 0).confidence_interval()
    assert float(w.low) == pytest.approx(float(low), abs=1e-9)
    assert float(w.high) == pytest.approx(float(high), abs=1e-9)


def test_is_never_narrower_than_the_interval_on_this_test_set_where_seeds_decide() -> None:
    difference_RSN = RNG.normal(size=(200, 5, 30))
    w = two_way(difference_RSN)
    assert (w.image_part >= 0).all()
    t = t_intervals(difference_RSN.mean(axis=-1))
    only_seeds = w.image_part == 0
    assert only_seeds.any()
    np.testing.assert_allclose(w.low[only_seeds], t.low[only_seeds], atol=1e-9)


def test_pooling_seeds_and_images_as_independent_would_be_too_narrow() -> None:
    seed_S = RNG.normal(size=5)
    difference_SN = seed_S[:, None] + 0.1 * RNG.normal(size=(5, 1000))
    pooled = stats.ttest_1samp(difference_SN.ravel(), 0).confidence_interval()
    w = two_way(difference_SN)
    assert w.high - w.low > 10 * (pooled.high - pooled.low)


def test_seed_share_says_what_more_seeds_would_reduce() -> None:
    a_SN = np.zeros((4, 100))
    only_images_SN = np.repeat(RNG.integers(0, 2, size=(1, 100)), 4, axis=0)
    assert compare_on_new_images(a_SN, only_images_SN).seed_share == pytest.approx(0, abs=1e-12)
    only_seeds_SN = np.repeat([[0], [1], [1], [0]], 100, axis=1)
    assert compare_on_new_images(a_SN, only_seeds_SN).seed_share == pytest.approx(1)


def test_no_difference_at_all_has_no_width() -> None:
    r = compare_on_new_images(np.ones((3, 4)), np.ones((3, 4)))
    assert (r.mean, r.low, r.high) == (0, 0, 0)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 seeds × 2 images"):
        two_way(np.zeros((2, 10)))
    with pytest.raises(ValueError, match="seeds × images of each"):
        compare_on_new_images(np.zeros((3, 4)), np.zeros((3, 5)))
