"""The p-value for new images against the interval that it is made from."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.stats.new_images import p_for_new_images, two_way
from paribus.stats.paired import t_intervals

RNG = np.random.default_rng(31)


@pytest.mark.parametrize("seed_sd", [0.01, 0.3, 3.0])
@pytest.mark.parametrize("mean", [0.0, 0.2, -1.0])
def test_interval_at_that_level_reaches_zero(seed_sd: float, mean: float) -> None:
    difference_RSN = (
        mean
        + seed_sd * RNG.normal(size=(20, 4, 1))
        + RNG.normal(size=(20, 1, 50))
        + 0.3 * RNG.normal(size=(20, 4, 50))
    )
    for difference_SN, p in zip(difference_RSN, p_for_new_images(difference_RSN), strict=True):
        w = two_way(difference_SN, confidence=1 - float(p))
        nearest = w.low if w.mean > 0 else w.high
        assert float(nearest) == pytest.approx(0, abs=1e-6 * float(w.high - w.low))


def test_where_all_images_behave_alike_it_is_the_paired_t_test() -> None:
    seed_S = RNG.normal(0.5, 1.0, size=6)
    p = p_for_new_images(np.repeat(seed_S[:, None], 50, axis=1))
    assert float(p) == pytest.approx(float(t_intervals(seed_S).p))


def test_where_all_seeds_behave_alike_it_is_the_t_test_over_images() -> None:
    image_N = RNG.normal(0.2, 1.0, size=40)
    p = p_for_new_images(np.repeat(image_N[None, :], 5, axis=0))
    assert float(p) == pytest.approx(float(t_intervals(image_N).p))


def test_extreme_differences_have_a_p_that_is_not_negative() -> None:
    difference_SN = 1 + 1e-9 * RNG.normal(size=(30, 1)) + 1e-9 * RNG.normal(size=(30, 50))
    assert 0 <= float(p_for_new_images(difference_SN)) < 1e-50


def test_without_variance_only_no_difference_has_p_1() -> None:
    difference_RSN = np.stack([np.zeros((3, 4)), np.ones((3, 4))])
    assert p_for_new_images(difference_RSN).tolist() == [1.0, 0.0]


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 seeds × 2 images"):
        p_for_new_images(np.zeros((2, 10)))
    with pytest.raises(ValueError, match="at least 3 seeds × 2 images"):
        p_for_new_images(np.zeros(10))
