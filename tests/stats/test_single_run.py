"""Single-run replay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paribus.stats.single_run import replay


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=8),
    st.lists(st.integers(0, 8), min_size=1, max_size=8),
)
def test_is_the_mann_whitney_u(a: list[int], b: list[int]) -> None:
    r = replay(a, b)
    if r is None:
        assert np.mean(a) == np.mean(b)
        return
    # SciPy's U counts the pairs in which its first list is larger, ties half.
    u = stats.mannwhitneyu(a, b).statistic / (len(a) * len(b))
    assert r.opposite_share == pytest.approx(u if np.mean(b) > np.mean(a) else 1 - u)
    assert r.same + r.opposite + r.tied == r.pairs == len(a) * len(b)


def test_clear_differences_are_never_reversed() -> None:
    r = replay([1, 2, 3], [4, 5, 6])
    assert r is not None
    assert (r.pairs, r.opposite_share) == (9, 0.0)


def test_runs_without_a_value_are_left_out() -> None:
    r = replay([1, np.nan, 3], [4, 5, np.inf])
    assert r is not None
    assert r.pairs == 4
    assert replay([np.nan], [1.0]) is None
