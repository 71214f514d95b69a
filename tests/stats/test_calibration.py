from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.stats.calibration import calibration_error


def by_hand(confidence: list[float], correct: list[bool], bins: int) -> float:
    """Guo et al. 2017, eq. 3, bin by bin."""
    total = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [
            (p, right)
            for p, right in zip(confidence, correct, strict=True)
            if low < p <= high or (number == 0 and p == 0)
        ]
        if inside:
            accuracy = sum(right for _, right in inside) / len(inside)
            mean = sum(p for p, _ in inside) / len(inside)
            total += len(inside) / len(confidence) * abs(accuracy - mean)
    return total


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), min_size=1), st.integers(1, 20))
def test_is_the_formula(images: list[tuple[int, bool]], bins: int) -> None:
    # Between edges: on one, rounding may put an image to either side.
    confidence = [(p + 0.37) / 1001 for p, _ in images]
    correct = [right for _, right in images]
    found = calibration_error(np.array(confidence), np.array(correct), bins)
    assert found == pytest.approx(by_hand(confidence, correct, bins), abs=1e-9)


def test_sure_and_right_is_calibrated() -> None:
    assert calibration_error(np.ones(5), np.ones(5, bool)) == 0
    assert calibration_error(np.ones(5), np.zeros(5, bool)) == 1


def test_edge_belongs_to_the_lower_bin() -> None:
    # 0.5 and 0.75 in one bin of two would give |0.5 - 0.625|.
    found = calibration_error(np.array([0.5, 0.75]), np.array([True, False]), bins=2)
    assert found == pytest.approx((0.5 + 0.75) / 2)
