"""The noise floor and the split of the variance over seeds."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.stats.noise import noise_floor, run_variance


def test_independent_luck_is_predicted_and_nothing_lasts() -> None:
    rng = np.random.default_rng(1)
    p_N = rng.beta(2, 0.2, size=2000)
    v = run_variance(rng.random((400, 2000)) < p_N)
    true = np.sqrt((p_N * (1 - p_N)).sum()) / 2000
    # The SD over 400 seeds has a standard error of 3.5%.
    assert v.luck == pytest.approx(true, rel=0.01)
    assert v.observed == pytest.approx(true, rel=0.11)
    assert v.lasting < 0.5 * true


def test_runs_that_are_better_as_a_whole_show_as_lasting() -> None:
    rng = np.random.default_rng(2)
    level_S1 = 0.9 + 0.03 * rng.normal(size=(300, 1))
    v = run_variance(rng.random((300, 1000)) < level_S1)
    assert v.lasting == pytest.approx(0.03, rel=0.15)
    assert v.luck == pytest.approx(np.sqrt(0.09 / 1000), rel=0.05)


def test_the_two_parts_add_up_or_luck_is_all() -> None:
    v = run_variance(np.random.default_rng(3).random((8, 200)) < 0.8)
    assert v.lasting**2 == pytest.approx(max(0.0, v.observed**2 - v.luck**2))


def test_the_floor_is_a_prediction_interval() -> None:
    value_S = np.random.default_rng(4).normal(size=50)
    floor = noise_floor(value_S)
    assert floor.between_runs == pytest.approx(2.0096 * 2**0.5 * value_S.std(ddof=1), rel=1e-4)
    assert floor.predicted is None


def test_luck_on_single_images_alone() -> None:
    correct_SN = np.array([[1, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 0]])
    assert noise_floor([0.75, 0.76, 0.77], correct_SN).predicted == pytest.approx(0.693, abs=1e-4)


def test_runs_that_all_end_the_same_have_no_spread() -> None:
    floor = noise_floor([0.1135] * 3)
    assert (floor.sd, floor.between_runs) == (0, 0)


def test_under_three_seeds_there_is_no_floor() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        noise_floor([0.1, 0.2])
    with pytest.raises(ValueError, match="at least 3"):
        run_variance([[1, 0], [0, 1]])
    with pytest.raises(ValueError, match="finite"):
        noise_floor([0.1, 0.2, np.nan])
