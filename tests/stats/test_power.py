"""Power against statsmodels, and the seeds that follow from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.power import TTestPower

from paribus.stats.power import (
    power_of_difference,
    power_of_equivalence,
    seeds_to_decide,
    seeds_to_plan,
)


@pytest.mark.parametrize("n", [3, 5, 10, 20])
@pytest.mark.parametrize("effect", [-1.5, 0.0, 0.3, 1.0])
@pytest.mark.parametrize("level", [0.05, 0.04, 0.04 / 8])
def test_power_of_difference_agrees_with_statsmodels(n: int, effect: float, level: float) -> None:
    theirs = TTestPower().power(effect, n, level, alternative="two-sided")
    assert power_of_difference(2 * effect, 2.0, n, level) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("n", "difference"), [(3, 0.0), (10, 0.0), (10, 0.4), (20, 1.0)])
def test_power_of_equivalence_agrees_with_numerical_integration(n: int, difference: float) -> None:
    def given_s(s: float) -> float:
        reach = stats.t.isf(0.05, n - 1) * s
        above = stats.norm.cdf((1 - difference) * np.sqrt(n) - reach)
        below = stats.norm.cdf((-1 - difference) * np.sqrt(n) + reach)
        density = stats.chi2.pdf((n - 1) * s**2, n - 1) * 2 * (n - 1) * s
        return float(max(above - below, 0.0) * density)

    expected = integrate.quad(given_s, 0, 10, limit=500)[0]
    assert power_of_equivalence(1.0, 1.0, n, difference) == pytest.approx(expected, abs=1e-4)


def test_at_the_margin_equality_is_claimed_in_at_most_five_percent() -> None:
    for n in (3, 10, 100):
        assert power_of_equivalence(1.0, 1.0, n, difference=1.0) <= 0.0501


def test_the_planned_seeds_are_the_fewest_that_reach_both_powers() -> None:
    n = seeds_to_plan(sd=0.002, matters=0.001)
    assert n is not None

    def enough(n: int) -> bool:
        found = power_of_difference(0.001, 0.002, n) >= 0.8
        return found and power_of_equivalence(0.001, 0.002, n) >= 0.8

    assert enough(n)
    assert not enough(n - 1)


def test_more_questions_take_more_seeds() -> None:
    one = seeds_to_plan(0.002, 0.001)
    eight = seeds_to_plan(0.002, 0.001, level=0.04 / 8)
    assert one is not None
    assert eight is not None
    assert eight > one


def test_a_large_effect_takes_the_fewest_seeds_a_verdict_may_have() -> None:
    assert seeds_to_decide(1.0, 0.001, matters=None) == 3


def test_a_small_difference_is_decided_by_showing_it_to_be_small() -> None:
    found_small = seeds_to_decide(0.00001, 0.002, matters=0.001)
    assert found_small is not None
    assert found_small < 50
    assert seeds_to_decide(0.00001, 0.002, matters=None) is None


@pytest.mark.parametrize(("sd", "n"), [(0.0, 5), (1.0, 2)])
def test_no_spread_or_too_few_seeds_have_no_power(sd: float, n: int) -> None:
    with pytest.raises(ValueError, match="needs an SD above 0 and at least 3 pairs"):
        power_of_difference(1.0, sd, n)


def test_a_margin_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        seeds_to_plan(1.0, 0.0)
