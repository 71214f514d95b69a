"""Golden numbers of other programs and of plain simulations, made by the scripts in oracles/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats
from scipy.special import ndtr

from paribus.stats.best import best_set, ranks
from paribus.stats.distributions import critical_t
from paribus.stats.e_process import log_e_values, radius
from paribus.stats.looks import Looks
from paribus.stats.unpaired import compare_unpaired
from tests.support.boundary_chain import crossing_chances

ORACLES = Path(__file__).parent / "oracles"
LOOKS = Looks((10, 20, 40, 80))


def golden(name: str) -> Any:
    return json.loads((ORACLES / f"{name}.json").read_text("utf-8"))


def near(simulated: float, exact: float) -> bool:
    """Within four standard errors of a million studies."""
    return bool(abs(simulated - exact) <= 4 * np.sqrt(exact * (1 - exact) / 1e6))


# Jennison & Turnbull 2000, tables 2.1 and 2.3: two-sided constants of Pocock and of O'Brien &
# Fleming for 2 to 5 looks of equal size.
PUBLISHED = {
    0.05: [(2, 2.178, 1.977), (3, 2.289, 2.004), (4, 2.361, 2.024), (5, 2.413, 2.040)],
    0.01: [(2, 2.772, 2.580), (3, 2.873, 2.595), (4, 2.939, 2.609), (5, 2.986, 2.621)],
}


@pytest.mark.parametrize(
    ("level", "looks", "pocock", "obrien_fleming"),
    [(level, *row) for level, rows in PUBLISHED.items() for row in rows],
)
def test_chain_reproduces_published_tables_for_many_seeds(
    level: float, looks: int, pocock: float, obrien_fleming: float
) -> None:
    n_L = 300 * np.arange(1, looks + 1)
    for z_L in (
        np.full(looks, pocock),
        obrien_fleming * np.sqrt(looks / np.arange(1, looks + 1)),
    ):
        chance = crossing_chances(n_L.tolist(), critical_t(2 * ndtr(-z_L), n_L - 1).tolist())[-1]
        assert chance == pytest.approx(level, rel=0.003)


@pytest.mark.parametrize(
    ("boundary", "level"), [("difference", 0.04), ("difference, 20 questions", 0.04 / 20)]
)
def test_boundaries_of_looks_by_chain_and_by_brute_force(boundary: str, level: float) -> None:
    critical_L = LOOKS.critical_differences(level)
    exact_L = crossing_chances(LOOKS.seeds, critical_L.tolist())
    simulated_L = golden("brute_force")["rates"][boundary]
    assert all(near(s, e) for s, e in zip(simulated_L, exact_L, strict=True))
    # Bonferroni over the looks: below the level, and not by much.
    assert 0.8 * level < exact_L[-1] < level


@pytest.mark.parametrize("seeds", [(5, 10, 20), (10, 20, 40, 80), (5, 20, 80), (20, 26, 32, 40)])
def test_errors_of_looks_stay_under_the_level(seeds: tuple[int, ...]) -> None:
    looks = Looks(seeds)
    for level in (0.04, 0.002):
        chance = crossing_chances(seeds, looks.critical_differences(level).tolist())[-1]
        assert 0.5 * level < chance < level


def test_repeated_intervals_by_chain_and_by_brute_force() -> None:
    critical_L = critical_t(0.05 * LOOKS.difference_weights, np.array(LOOKS.seeds) - 1)
    exact_L = crossing_chances(LOOKS.seeds, critical_L.tolist())
    simulated_L = golden("brute_force")["rates"]["interval misses"]
    assert all(near(s, e) for s, e in zip(simulated_L, exact_L, strict=True))


def test_equality_boundary_by_brute_force_is_under_five_percent() -> None:
    # Each look alone at most v of the 5%: exactly so at the margin, where the other side is far.
    simulated_L = golden("brute_force")["rates"]["equality at delta"]
    assert simulated_L[-1] < 0.05
    assert simulated_L[0] <= 0.05 * LOOKS.equality_weights[0]


@pytest.mark.slow
def test_e_process_by_chain_and_by_brute_force() -> None:
    # Looks after every fifth seed from 10 on, each with the |t| from which the e-value is 25.
    seeds = range(10, 101, 5)
    critical = [float(radius(1.0, n, 0.04)) * n**0.5 for n in seeds]
    rates = golden("brute_force")["rates"]
    exact_L = crossing_chances(seeds, critical, nodes=300)
    simulated_L = rates["e-process at 0.04, every fifth"]
    assert all(near(s, e) for s, e in zip(simulated_L, exact_L, strict=True))
    # After every seed: more often, and still below the level.
    assert exact_L[-1] < rates["e-process at 0.04"][-1] < 0.022


def test_rescue_by_brute_force_keeps_the_promise() -> None:
    rates = golden("brute_force")["rates"]
    assert rates["e-process at 0.01 after 5"][-1] < 0.01
    assert 0.040 < rates["planned 5 or rescue"][0] < 0.045


def hajek_error(n: int, m: int, ratio: float) -> float:
    """The chance that `compare_unpaired` gives a p of 0.04 or less where nothing differs, by
    quadrature over both variances, given which the difference of the means is normal."""
    sides = []
    for runs in (n, m):
        # χ² with runs - 1 degrees of freedom is twice a gamma variable with half as many.
        node, weight = special.roots_genlaguerre(60, (runs - 1) / 2 - 1)
        sides.append((2 * node / (runs - 1), weight / weight.sum()))
    (a_A, weight_A), (b_B, weight_B) = sides
    true = 1 / n + ratio**2 / m
    share_AB = (a_A[:, None] / n + ratio**2 * b_B / m) / true
    beyond_AB = 2 * ndtr(-float(critical_t(0.04, min(n, m) - 1)) * np.sqrt(share_AB))
    return float(weight_A @ beyond_AB @ weight_B)


def test_hajeks_rule_by_quadrature_and_by_brute_force() -> None:
    for cell in golden("brute_force_best")["hajek"]:
        (n, m), ratio = cell["runs"], cell["ratio"]
        exact = hajek_error(n, m, ratio)
        assert near(cell["rate"], exact), cell
        assert exact < 0.04
        if n == m:
            # With equal variances T has n + m - 2 degrees of freedom.
            critical = float(critical_t(0.04, n - 1))
            assert exact == pytest.approx(2 * stats.t.sf(critical, 2 * n - 2), rel=2e-3)


@pytest.mark.slow
def test_a_tied_best_is_missing_as_seldom_as_by_brute_force() -> None:
    rng = np.random.default_rng(3)
    for cell in golden("brute_force_best")["best set"]:
        k, seeds, rate = cell["k"], cell["seeds"], cell["rate"]
        assert 0.04 < rate < 0.05 or (k == 2 and near(rate, 0.05))
        value_RES = rng.normal(size=(10_000, k, seeds)) + rng.normal(size=(10_000, 1, seeds))
        missed = 1 - best_set(value_RES).may_be_best.mean(axis=0)
        assert abs(missed - rate).max() <= 4.5 * np.sqrt(rate / 10_000), cell


def test_e_values_and_radii_are_those_of_avinf() -> None:
    numbers = golden("anytime_valid")
    for row in numbers["log_e"]:
        n, t = row["n"], row["t"]
        difference_S = np.resize([1.0, -1.0], n) + (0.5 if n % 2 else 0.0) * np.arange(n)
        difference_S = (difference_S - difference_S.mean()) / difference_S.std(ddof=1)
        log_e = log_e_values(difference_S + t / n**0.5)[-1]
        assert log_e == pytest.approx(row["log_e"], abs=1e-9)
    for row in numbers["radius"]:
        assert radius(1.0, row["n"], row["alpha"]) == pytest.approx(row["radius"], rel=1e-9)


def _noise(i_N: np.ndarray) -> np.ndarray:
    x_N = np.sin(12.9898 * i_N) * 43758.5453
    return np.asarray(stats.norm.ppf(0.001 + 0.998 * (x_N - np.floor(x_N))))


def _values(means: list[float], seeds: int) -> np.ndarray:
    """(E, S), as oracles/r_comparisons.R makes them."""
    seed_S = np.arange(1, seeds + 1)
    return np.stack(
        [
            mean + _noise(e * seeds + seed_S) + _noise(100000 + seed_S)
            for e, mean in enumerate(means)
        ]
    )


def test_holm_over_pairs_is_that_of_r() -> None:
    adjusted_EF = ranks(_values([0, 0.8, 1.0, 3.0], 6)).adjusted_p
    theirs = golden("r_comparisons")["holm"]
    np.testing.assert_allclose(adjusted_EF[np.triu_indices(4, 1)], theirs, rtol=1e-6)


def test_intervals_to_the_best_for_many_seeds_are_near_those_of_multcomp() -> None:
    # Theirs have one pooled variance and the exact multivariate t; ours, with variances of their
    # own and Bonferroni, must be a little wider, and no more than that.
    value_ES = _values([0, 0.02, -0.3, 0.01], 400)
    best = best_set(value_ES)
    lower_EF = np.reshape(golden("r_comparisons")["lower_of_other_minus_j"], (4, 3))
    # j minus the best other one is at most the least of the upper ends of j minus each other.
    high_E = np.maximum(0, (-lower_EF).min(axis=1))
    half = np.sqrt(2 / 400) * stats.t.isf(0.05 / 3, 399)
    np.testing.assert_allclose(best.high, high_E, atol=0.06 * half)
    assert (best.high >= high_E - 0.02 * half).all()
    assert best.may_be_best.tolist() == (high_E > 0).tolist() == [True, True, False, True]


def test_welch_is_that_of_r() -> None:
    a_A = _values([0, 0.8, 1.0, 3.0], 6)[0]
    b_B = _values([0.5], 12)[0] * 2
    statistic, df, p, low, high = golden("r_comparisons")["welch"]
    test = stats.ttest_ind(b_B, a_A, equal_var=False)
    assert (test.statistic, test.df, test.pvalue) == pytest.approx((statistic, df, p), rel=1e-6)
    # Ours with so few runs has the same statistic, and fewer degrees of freedom.
    r = compare_unpaired(a_A, b_B)
    assert float(r.mean / r.error) == pytest.approx(statistic, rel=1e-6)
    assert float(r.low) < low < high < float(r.high)


def test_the_best_set_for_many_seeds_is_nearly_the_model_confidence_set() -> None:
    means = [0.0, 0.01, 0.05, 0.15, 0.3, 0.6]
    rng = np.random.default_rng(7)
    same = 0
    for theirs in golden("model_confidence_set")["sets"]:
        loss_SE = rng.normal(size=(1000, 6)) + rng.normal(size=(1000, 1)) + means
        ours = np.flatnonzero(best_set(-loss_SE.T).may_be_best).tolist()
        assert len(set(ours) ^ set(theirs)) <= 1
        same += ours == theirs
    assert same >= 8


def test_a_bootstrap_set_from_three_seeds_would_miss_the_best() -> None:
    missed = golden("model_confidence_set")["missed a tied best with 3 seeds"]
    assert missed["3"] > 0.15
    assert missed["8"] > 0.15
