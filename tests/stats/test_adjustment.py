"""Holm's adjustment against statsmodels."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from paribus.stats.adjustment import holm


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_agrees_with_statsmodels(p_Q: list[float]) -> None:
    # It collects garbage at each call, which takes long where much has been loaded.
    with patch("gc.collect"):
        theirs = multipletests(p_Q, method="holm")[1]
    np.testing.assert_allclose(holm(p_Q), theirs, atol=1e-9)


def test_many_studies_at_once_are_each_study_alone() -> None:
    p_RQ = np.random.default_rng(3).random((5, 4))
    np.testing.assert_array_equal(holm(p_RQ), [holm(p_Q) for p_Q in p_RQ])


def test_one_question_is_left_as_it_is() -> None:
    assert holm([0.03]).tolist() == [0.03]


def test_no_question_gives_none() -> None:
    assert holm([]).size == 0


@pytest.mark.parametrize("bad", [[-0.1], [1.1], [np.nan]])
def test_what_is_no_probability_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm(bad)
