"""The upper limit of an SD, and the seeds planned with it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paribus.stats.planning import SeedPlan, plan_seeds, plan_seeds_as_seen, sd_upper_limit
from paribus.stats.power import seeds_to_decide, seeds_to_plan


@pytest.mark.parametrize("n", [2, 3, 5, 10, 40])
def test_upper_limit_is_the_chi_squared_one(n: int) -> None:
    expected = 0.3 * np.sqrt((n - 1) / stats.chi2.ppf(0.2, n - 1))
    assert sd_upper_limit(0.3, n) == pytest.approx(expected)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_upper_limit_exceeds_the_sd_in_four_of_five_samples(n: int) -> None:
    sd_R = np.random.default_rng(n).normal(size=(20_000, n)).std(axis=1, ddof=1)
    share = np.mean([sd_upper_limit(sd, n) >= 1 for sd in sd_R])
    assert share == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 20_000))


def test_both_numbers_are_those_of_the_two_sds() -> None:
    upper = sd_upper_limit(0.002, 5)
    expected = SeedPlan(seeds_to_plan(0.002, 0.001, 0.01), seeds_to_plan(upper, 0.001, 0.01))
    assert plan_seeds(0.002, 5, 0.001, level=0.01) == expected
    expected = SeedPlan(
        seeds_to_decide(0.003, 0.002, 0.001, 0.01), seeds_to_decide(0.003, upper, 0.001, 0.01)
    )
    assert plan_seeds_as_seen(0.003, 0.002, 5, matters=0.001, level=0.01) == expected


def test_more_than_ten_thousand_seeds_are_no_plan() -> None:
    # The observed SD takes about 8,600 seeds, its upper limit more than 10,000.
    plan = plan_seeds(sd=1.0, n=5, matters=0.0315)
    assert plan.as_observed is not None
    assert plan.cautious is None


@pytest.mark.parametrize(("sd", "n"), [(1.0, 1), (-1.0, 5), (np.nan, 5)])
def test_wrong_input_is_refused(sd: float, n: int) -> None:
    with pytest.raises(ValueError, match="needs an SD from at least 2 values"):
        sd_upper_limit(sd, n)
