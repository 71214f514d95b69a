"""Our distributions against those of scipy.stats, and that it is not imported for them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from paribus.stats import distributions as ours

DEGREES = [2, 3, 4, 9, 19, 50, 99, 500, 2000, 9999]


@pytest.mark.parametrize("df", DEGREES)
def test_student_t_and_chi_squared_agree_with_scipy(df: int) -> None:
    for probability in (0.0004, 0.02, 0.5, 0.95, 0.975, 0.9999):
        expected = stats.t.ppf(probability, df)
        assert ours.t_quantile(probability, df) == pytest.approx(expected, rel=1e-12, abs=1e-12)
        expected = stats.chi2.ppf(probability, df)
        assert ours.chi_squared_quantile(probability, df) == pytest.approx(expected, rel=1e-12)
    t = np.linspace(-9, 9, 37)
    np.testing.assert_allclose(ours.t_two_sided_p(t, df), 2 * stats.t.sf(np.abs(t), df), rtol=1e-12)


def test_normal_agrees_with_scipy() -> None:
    for probability in (0.0004, 0.5, 0.975):
        assert ours.normal_quantile(probability) == pytest.approx(
            stats.norm.ppf(probability), rel=1e-12, abs=1e-12
        )
    z = np.linspace(-9, 9, 37)
    np.testing.assert_allclose(ours.normal_cdf(z), stats.norm.cdf(z), rtol=1e-12)


@pytest.mark.parametrize("df", DEGREES)
def test_noncentral_t_agrees_with_scipy(df: int) -> None:
    for level in (0.05, 0.04, 0.04 / 8, 0.04 / 22, 0.04 / 50):
        critical = stats.t.isf(level / 2, df)
        for shift in [*np.linspace(-6, 6, 49), 10, 20, 37, 60, 100]:
            expected = stats.nct.sf(critical, df, shift) + stats.nct.sf(critical, df, -shift)
            found = ours.noncentral_t_beyond(critical, df, shift)
            assert found == pytest.approx(expected, abs=1e-12)


def test_hypergeometric_agrees_with_scipy() -> None:
    for drawn, total in ((3, 6), (5, 10), (20, 25), (80, 100)):
        for marked in range(total + 1):
            np.testing.assert_allclose(
                ours.hypergeometric(drawn, marked, total),
                stats.hypergeom.pmf(np.arange(drawn + 1), total, marked, drawn),
                rtol=1e-11,
                atol=1e-13,
            )


def test_scipy_stats_is_not_imported() -> None:
    code = "import sys, paribus.stats; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tails_and_critical_values_of_many_at_once() -> None:
    df = np.array([1, 2, 4, 9, 79, 9999])
    t = np.array([-40.0, -2.0, 0.3, 5.0, 126.0])[:, None]
    np.testing.assert_allclose(ours.t_upper_tail(t, df), stats.t.sf(t, df), rtol=1e-9)
    level = np.array([1e-12, 1e-6, 0.002, 0.04, 0.5, 0.99])[:, None]
    critical = ours.critical_t(level, df)
    np.testing.assert_allclose(critical, stats.t.isf(level / 2, df), rtol=1e-8)
    np.testing.assert_allclose(ours.t_two_sided_p(critical, df), level + 0 * df, rtol=1e-9)
