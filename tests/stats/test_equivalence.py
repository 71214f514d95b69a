"""The 90% interval inside the margin against statsmodels' two one-sided tests."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.weightstats import ttost_paired

from paribus.stats.equivalence import EQUIVALENCE_CONFIDENCE, EQUIVALENCE_LEVEL, inside_margin
from paribus.stats.paired import t_intervals


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_statsmodels(seed: int) -> None:
    a_S, b_S = np.random.default_rng(seed).normal(size=(2, 8))
    t = t_intervals(b_S - a_S, EQUIVALENCE_CONFIDENCE)
    p = ttost_paired(b_S, a_S, -0.9, 0.9)[0]
    assert inside_margin(t.low, t.high, 0.9) == (p < EQUIVALENCE_LEVEL)


def test_both_outcomes_occur_among_these() -> None:
    shown = []
    for seed in range(20):
        a_S, b_S = np.random.default_rng(seed).normal(size=(2, 8))
        t = t_intervals(b_S - a_S, EQUIVALENCE_CONFIDENCE)
        shown.append(bool(inside_margin(t.low, t.high, 0.9)))
    assert set(shown) == {True, False}


@pytest.mark.parametrize("difference_S", [[0.5, 0.6, 0.7], [-0.5, 0.0, 0.5]])
def test_what_is_large_or_scattered_is_not_shown_to_be_small(difference_S: list[float]) -> None:
    t = t_intervals(difference_S, EQUIVALENCE_CONFIDENCE)
    assert not inside_margin(t.low, t.high, 0.1)


def test_inside_a_margin_of_zero_there_is_nothing() -> None:
    assert not inside_margin(0.0, 0.0, 0.0)
