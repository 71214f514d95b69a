"""Probabilities and scores from logits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paribus.engines.scoring import probabilities, score


def test_large_logits_do_not_overflow() -> None:
    p_NK = probabilities(np.array([[1e4, 0.0], [-1e4, -1e4]], np.float32))
    assert p_NK.tolist() == [[1.0, 0.0], [0.5, 0.5]]
    assert p_NK.dtype == np.float32


def test_score() -> None:
    logits_NK = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]]))
    got = score(logits_NK, np.array([0, 2]))
    assert got.loss == pytest.approx(-(math.log(0.7) + math.log(0.3)) / 2)
    assert got.accuracy == 0.5


def test_a_diverged_run_scores_nan_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    assert math.isnan(score(np.array([[np.inf, 0.0]]), np.array([0])).loss)
    assert np.isnan(probabilities(np.array([[np.nan, 0.0]]))).all()
    assert not recwarn.list
