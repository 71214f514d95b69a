"""The anytime-valid t-test: golden values, its mixture integral, confidence sequences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from paribus.stats.e_process import (
    anytime_p,
    confidence_sequence,
    log_e_values,
    radius,
    rescue_p,
)

RNG = np.random.default_rng(51)
GOLDEN_S = [0.3, 0.1, 0.4, 0.2, 0.5, 0.1, 0.3, 0.2, 0.4, 0.3]


def test_golden_values() -> None:
    assert np.exp(log_e_values(GOLDEN_S)[-1]) == pytest.approx(154.7667, abs=5e-5)
    assert radius(np.std(GOLDEN_S, ddof=1), 10, 0.05) == pytest.approx(0.169832, abs=5e-7)


@pytest.mark.parametrize("n", [2, 3, 10, 60])
@pytest.mark.parametrize("t", [0.0, 0.7, -2.5, 6.0])
def test_e_value_is_the_mixture_of_noncentral_t_likelihood_ratios(n: int, t: float) -> None:
    # n differences with mean t/√n and SD 1 have this t.
    difference_S = RNG.normal(size=n)
    difference_S = (difference_S - difference_S.mean()) / difference_S.std(ddof=1) + t / n**0.5

    def weighted(effect: float) -> float:
        density = stats.nct.pdf(t, n - 1, effect * n**0.5) if effect else stats.t.pdf(t, n - 1)
        return float(density * stats.norm.pdf(effect, scale=0.5**0.5))

    expected = integrate.quad(weighted, -6, 6, limit=400)[0] / stats.t.pdf(t, n - 1)
    assert np.exp(log_e_values(difference_S)[-1]) == pytest.approx(expected, rel=1e-5)


def test_unit_and_sign_do_not_matter() -> None:
    difference_S = RNG.normal(0.3, 1.0, size=30)
    expected_S = log_e_values(difference_S)
    np.testing.assert_allclose(log_e_values(-1e-6 * difference_S), expected_S, atol=1e-9)


def test_a_large_common_part_costs_no_digits() -> None:
    difference_S = 1e6 + RNG.normal(size=20)
    s = confidence_sequence(difference_S)
    half = radius(difference_S.std(ddof=1), 20, 0.05)
    assert (s.high[-1] - s.low[-1]) / 2 == pytest.approx(float(half), rel=1e-6)


def test_the_sequence_holds_the_differences_whose_e_value_is_small() -> None:
    difference_S = RNG.normal(0.4, 1.0, size=40)
    s = confidence_sequence(difference_S, alpha=0.10)
    for n in (8, 20, 40):
        for end in (s.low[n - 1], s.high[n - 1]):
            e = np.exp(log_e_values(difference_S[:n] - end)[-1])
            assert e == pytest.approx(10, rel=1e-6)


def test_few_seeds_give_no_interval() -> None:
    s = confidence_sequence(RNG.normal(size=12))
    assert np.isinf(s.high[:5]).all()
    assert np.isfinite(s.high[5:]).all()
    assert not np.isnan(s.low).any()


def test_p_is_that_of_the_largest_e_value_so_far() -> None:
    difference_RS = RNG.normal(0.5, 1.0, size=(20, 30))
    e_RS = np.exp(log_e_values(difference_RS))
    p_RS, late_RS = anytime_p(difference_RS), anytime_p(difference_RS, after=10)
    for n in range(1, 31):
        np.testing.assert_allclose(p_RS[:, n - 1], np.minimum(1, 1 / e_RS[:, :n].max(axis=1)))
    assert (late_RS[:, :10] == 1).all()
    np.testing.assert_allclose(late_RS[:, -1], np.minimum(1, 1 / e_RS[:, 10:].max(axis=1)))
    # What is asked for must not be changed by asking.
    np.testing.assert_array_equal(anytime_p(difference_RS), p_RS)


def test_no_difference_at_all_is_no_evidence_and_a_constant_one_is_finite() -> None:
    assert log_e_values(np.zeros(10)).tolist() == [0.0] * 10
    e = log_e_values(np.full(10, 0.25))
    assert e[-1] == pytest.approx(4.5 * np.log(6))


def test_rescue_gives_the_planned_test_its_level_and_the_rest_a_hundredth() -> None:
    assert rescue_p(0.04, 1.0) <= 0.04
    assert rescue_p(0.041, 0.01) <= 0.04
    assert rescue_p(0.041, 0.0101) > 0.04
    assert rescue_p(0.9, 0.9) == 0.9


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_differences_must_be_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="finite differences"):
        log_e_values([0.1, bad, 0.2])
