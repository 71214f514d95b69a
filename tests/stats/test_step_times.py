"""Ratios of step times over processes."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.stats.paired import t_intervals
from paribus.stats.rule import Decision
from paribus.stats.step_times import (
    Ratio,
    decide_times,
    process_means,
    ratio_over_processes,
)

RNG = np.random.default_rng(91)


def test_interval_is_that_of_the_processes_means() -> None:
    rounds = [20, 20, 7, 20, 30, 20]
    a_P = [np.exp(0.1 * RNG.normal(size=R)) for R in rounds]
    b_P = [1.1 * np.exp(0.1 * RNG.normal(size=R)) for R in rounds]
    mean_P = [np.log(b_R / a_R).mean() for a_R, b_R in zip(a_P, b_P, strict=True)]
    np.testing.assert_allclose(process_means(a_P, b_P), mean_P)
    r, t, t_90 = ratio_over_processes(a_P, b_P), t_intervals(mean_P), t_intervals(mean_P, 0.90)
    assert r.n == 6
    assert r.p == pytest.approx(float(t.p))
    assert np.log([r.low, r.ratio, r.high]) == pytest.approx([t.low, t.mean, t.high])
    assert np.log([r.low_90, r.high_90]) == pytest.approx([t_90.low, t_90.high])


def test_more_rounds_of_a_process_do_not_count_as_more_processes() -> None:
    lasting_P = 0.02 * RNG.normal(size=5)
    few, many = (
        ratio_over_processes([np.ones(R)] * 5, [np.exp(np.full(R, x)) for x in lasting_P])
        for R in (3, 300)
    )
    assert few.high - few.low == pytest.approx(many.high - many.low)


def ratio(low: float, high: float) -> Ratio:
    return Ratio(5, (low * high) ** 0.5, low, high, low, high, 0.01)


QUIET = ratio(0.99, 1.01)


@pytest.mark.parametrize(
    ("of_b", "control", "p", "expected"),
    [
        (ratio(1.09, 1.11), QUIET, 0.01, Decision.HIGHER),
        (ratio(0.89, 0.91), QUIET, 0.01, Decision.LOWER),
        (ratio(1.09, 1.11), QUIET, 0.05, Decision.UNDECIDED),
        (ratio(1.09, 1.11), ratio(0.88, 1.01), 0.01, Decision.UNDECIDED),
        (ratio(0.99, 1.02), QUIET, 0.3, Decision.EQUAL),
        (ratio(0.99, 1.02), ratio(0.9, 1.1), 0.3, Decision.UNDECIDED),
        (ratio(1.005, 1.02), QUIET, 0.01, Decision.HIGHER),
    ],
)
def test_decisions(of_b: Ratio, control: Ratio, p: float, expected: Decision) -> None:
    assert decide_times(of_b, control, p, matters=0.05) is expected


def test_nothing_is_equal_where_nothing_was_said_to_matter() -> None:
    assert decide_times(QUIET, QUIET, 1.0, matters=None) is Decision.UNDECIDED


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        ([[1.0, 2.0]] * 5, [[1.0]] * 5, "one time per round of each"),
        ([[]] * 5, [[]] * 5, "one time per round of each"),
        ([[1.0, 0.0]] * 5, [[1.0, 1.0]] * 5, "finite and above 0"),
        ([[1.0, 2.0]] * 4, [[1.0, 1.1]] * 4, "at least 5 processes; got 4"),
        ([[1.0, 2.0]] * 5, [[1.0, 1.1]] * 5, "all the same"),
        ([[1.0, 2.0]] * 5, [[1.0, 1.1]] * 4, "shorter"),
    ],
)
def test_wrong_input_is_refused(
    first: list[list[float]], second: list[list[float]], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        ratio_over_processes(first, second)
