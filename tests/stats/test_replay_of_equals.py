"""The closed form of the reversal rate of equal networks against simulated replays."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.stats.replay_of_equals import reversal_rate_of_equals
from paribus.stats.single_run import replay


@pytest.mark.parametrize(
    ("a_runs", "b_runs", "correlation"),
    [(3, 3, 0.0), (5, 5, 0.0), (20, 20, 0.0), (3, 8, 0.0), (5, 5, 0.7), (4, 4, -0.5), (1, 1, 0.5)],
)
def test_is_the_mean_of_simulated_replays(a_runs: int, b_runs: int, correlation: float) -> None:
    rng = np.random.default_rng(a_runs * 100 + b_runs)
    shares = []
    for _ in range(4000):
        a_A, b_B = rng.normal(size=a_runs), rng.normal(size=b_runs)
        if correlation:
            b_B = correlation * a_A + np.sqrt(1 - correlation**2) * b_B
        r = replay(a_A, b_B)
        assert r is not None
        shares.append(r.opposite_share)
    error = np.std(shares) / np.sqrt(len(shares))
    expected = reversal_rate_of_equals(a_runs, b_runs, correlation)
    assert np.mean(shares) == pytest.approx(expected, abs=4 * error + 1e-12)


def test_with_many_runs_it_is_one_half() -> None:
    assert reversal_rate_of_equals(10_000, 10_000) == pytest.approx(0.5, abs=0.004)


@pytest.mark.parametrize(
    ("a_runs", "b_runs", "correlation", "match"),
    [(0, 3, 0.0, "at least one run"), (3, 4, 0.5, "correlation"), (3, 3, 1.0, "correlation")],
)
def test_wrong_input_is_refused(a_runs: int, b_runs: int, correlation: float, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        reversal_rate_of_equals(a_runs, b_runs, correlation)
