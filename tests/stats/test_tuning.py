"""Tuning curves against all subsets, and what a tuned comparison refuses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from paribus.stats.paired import t_intervals
from paribus.stats.tuning import (
    at_edge,
    chosen,
    compare_tuned,
    shared_settings,
    tuning_curve,
)

RNG = np.random.default_rng(81)


def trials(R: int, N: int, failing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    validation_RN = RNG.normal(size=(R, N))
    test_RN = validation_RN + 0.3 * RNG.normal(size=(R, N))
    failed_RN = RNG.random((R, N)) < failing
    return np.where(failed_RN, np.nan, validation_RN), np.where(failed_RN, np.nan, test_RN)


@pytest.mark.parametrize("failing", [0.0, 0.3])
def test_the_curve_is_the_mean_over_all_subsets(failing: float) -> None:
    validation_RN, test_RN = trials(4, 7, failing)
    curve = tuning_curve(validation_RN, test_RN, worst=-9.0)
    for budget in range(1, 8):
        subsets = [list(subset) for subset in combinations(range(7), budget)]
        each = [chosen(validation_RN[:, s], test_RN[:, s], worst=-9.0) for s in subsets]
        np.testing.assert_allclose(curve.replicate_RT[:, budget - 1], np.mean(each, axis=0))


def test_its_last_point_is_the_setting_that_was_chosen() -> None:
    validation_RN, test_RN = trials(5, 50, failing=0.1)
    curve = tuning_curve(validation_RN, test_RN)
    np.testing.assert_allclose(curve.replicate_RT[:, -1], chosen(validation_RN, test_RN))
    t = t_intervals(curve.replicate_RT[:, -1])
    assert (curve.low_T[-1], curve.high_T[-1]) == pytest.approx((float(t.low), float(t.high)))


def test_budgets_that_may_fail_entirely_have_no_value() -> None:
    nan = np.nan
    validation_RN = [[1.0, nan, nan], [1.0, 2.0, 3.0], [1.0, 2.0, 3.5]]
    curve = tuning_curve(validation_RN, validation_RN)
    assert np.isnan(curve.mean_T).tolist() == [True, True, False]
    assert np.isnan(curve.low_T).tolist() == [True, True, False]


def test_the_choice_is_made_on_validation_and_ties_go_to_the_earlier() -> None:
    assert chosen([[0.9, 0.8]], [[0.1, 0.7]]).tolist() == [0.1]
    assert chosen([[0.9, 0.9]], [[0.1, 0.7]]).tolist() == [0.1]
    curve = tuning_curve([[0.9, 0.9]] * 3, [[0.1, 0.7]] * 3)
    assert curve.replicate_RT[0].tolist() == pytest.approx([0.4, 0.1])
    assert np.isnan(curve.low_T).all()  # All replicates the same: no spread.


def test_comparison_is_the_paired_test_over_replicates() -> None:
    a, b = tuning_curve(*trials(6, 10)), tuning_curve(*trials(6, 10))
    tuned = compare_tuned(a, b)
    t = t_intervals(b.replicate_RT[:, -1] - a.replicate_RT[:, -1])
    assert float(tuned.at.p[-1]) == pytest.approx(float(t.p))
    assert tuned.at.mean.shape == (10,)


def test_curves_that_cross_are_seen() -> None:
    # A is never bad; B is, but its best settings are better.
    a_RN = RNG.normal(1.0, 0.05, size=(8, 20))
    b_RN = RNG.normal(0.0, 1.0, size=(8, 20))
    tuned = compare_tuned(tuning_curve(a_RN, a_RN), tuning_curve(b_RN, b_RN))
    assert tuned.changes_sign
    assert tuned.crosses
    same = compare_tuned(tuning_curve(a_RN, a_RN), tuning_curve(a_RN + 1, a_RN + b_RN / 9 + 1))
    assert not same.crosses


def test_fewer_than_five_replicates_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 5 replicates; got 4"):
        compare_tuned(tuning_curve(*trials(4, 3)), tuning_curve(*trials(4, 3)))


def test_settings_that_replicates_share_are_found() -> None:
    assert shared_settings([["a", "b"], ["c"], ["d", "e"]]) == []
    assert shared_settings([["a", "b"], ["c", "a"], ["b", "c"]]) == [(0, 1), (0, 2), (1, 2)]
    # One replicate may draw a setting twice.
    assert shared_settings([["a", "a"], ["b"]]) == []


@pytest.mark.parametrize(("value", "edge"), [(0.001, True), (0.0012, True), (0.03, False)])
def test_edges_of_a_range_on_a_log_scale(value: float, edge: bool) -> None:
    assert at_edge(value, 0.001, 1.0, log=True) == edge


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="replicates × settings of both"):
        chosen([[1.0]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="failed and have neither"):
        chosen([[1.0, np.nan]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="inside a range"):
        at_edge(2.0, 0.0, 1.0)
