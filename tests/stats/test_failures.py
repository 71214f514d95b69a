"""Failure rates that can go unseen, and runs far from their siblings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paribus.stats.failures import (
    FAR_LEVEL,
    far_from_siblings,
    far_runs,
    unseen_failure_rate,
)

RNG = np.random.default_rng(23)


@pytest.mark.parametrize("runs", [1, 3, 5, 10, 20])
def test_unseen_rate_is_the_exact_binomial_limit(runs: int) -> None:
    rate = unseen_failure_rate(runs)
    assert stats.binom.pmf(0, runs, rate) == pytest.approx(0.05)
    limit = stats.binomtest(0, runs, alternative="less").proportion_ci(0.95, method="exact").high
    assert rate == pytest.approx(limit)


def test_unseen_rate_without_a_run_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one run"):
        unseen_failure_rate(0)


@pytest.mark.parametrize("K", [3, 5, 7])
def test_threshold_is_that_of_exponential_spacings(K: int) -> None:
    # One run can be far: its gap exceeds ratio · range with exactly the level, on that side.
    value_RS = RNG.exponential(size=(200_000, K))
    above = (far_runs(value_RS) == 1).any(axis=1).mean()
    assert above == pytest.approx(FAR_LEVEL, abs=4 * np.sqrt(FAR_LEVEL / 200_000))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 50), min_size=3, max_size=12),
    st.floats(0.01, 100),
    st.floats(-50, 50),
)
def test_rule_does_not_depend_on_unit_sign_or_order(
    values: list[int], scale: float, shift: float
) -> None:
    value_S = np.array(values, float)
    side_S = far_runs(value_S, step=0.5)
    np.testing.assert_array_equal(far_runs(scale * value_S + shift, step=0.5 * scale), side_S)
    np.testing.assert_array_equal(far_runs(-value_S, step=0.5), -side_S)
    np.testing.assert_array_equal(far_runs(value_S[::-1], step=0.5), side_S[::-1])


def test_two_failures_do_not_hide_each_other() -> None:
    value_S = [98.1, 98.2, 97.9, 98.0, 90.1, 98.3, 98.1, 89.8]
    (found,) = far_from_siblings(value_S)
    assert found.runs == (4, 7)
    assert not found.above
    assert (found.gap, found.spread) == (7.8, 0.4)


def test_a_run_can_be_far_above_as_well() -> None:
    (found,) = far_from_siblings([1.2, 1.1, 1.3, 9.8, 1.2])
    assert (found.runs, found.above) == ((3,), True)


def test_of_three_runs_one_must_be_very_far() -> None:
    # The two others must lie within a 48th of the gap: two runs say little of their spread.
    assert far_runs([0.0, 1.0, 48.0]).tolist() == [0, 0, 0]
    assert far_runs([0.0, 1.0, 49.1]).tolist() == [0, 0, 1]


def test_rounding_makes_no_run_far() -> None:
    # Two equal accuracies of three are common on few images; their range is not 0 but rounded.
    assert far_runs([0.98, 0.98, 0.97]).any()
    assert not far_runs([0.98, 0.98, 0.97], step=0.01).any()
    assert far_runs([0.98, 0.98, 0.10], step=0.01).any()
    assert not far_runs([0.98, 0.98, 0.98]).any()


def test_many_experiments_at_once_are_each_alone() -> None:
    value_RS = RNG.standard_t(1.5, size=(50, 8))
    expected_RS = [far_runs(value_S) for value_S in value_RS]
    np.testing.assert_array_equal(far_runs(value_RS), expected_RS)
    assert np.any(expected_RS)


@pytest.mark.parametrize(
    ("values", "step", "match"),
    [
        ([1.0, 2.0], 0.0, "at least 3 runs"),
        ([1.0, 2.0, np.nan], 0.0, "must be finite"),
        ([1.0, 2.0, 3.0], -1.0, "step: must be 0 or above"),
    ],
)
def test_wrong_input_is_refused(values: list[float], step: float, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        far_runs(values, step)
