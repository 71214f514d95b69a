"""Two one-sided tests against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.weightstats import ttost_paired

from paribus.stats.equivalence import equivalence


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_statsmodels_and_with_its_interval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a_S, b_S = rng.normal(size=(2, 8))
    margin = 0.9
    ours = equivalence(b_S - a_S, margin)
    p = ttost_paired(b_S, a_S, -margin, margin)[0]
    assert ours.p == pytest.approx(p, abs=1e-9)
    assert ours.inside == (ours.p < 0.05)


def test_a_large_difference_is_not_shown_to_be_small() -> None:
    assert not equivalence([0.5, 0.6, 0.7], margin=0.1).inside


def test_few_scattered_seeds_do_not_show_that_there_is_no_difference() -> None:
    assert not equivalence([-0.5, 0.0, 0.5], margin=0.1).inside


@pytest.mark.parametrize("margin", [0.0, -1.0, np.nan])
def test_a_margin_must_be_above_zero(margin: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        equivalence([0.1, 0.2, 0.3], margin)
