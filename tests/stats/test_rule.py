"""The rule from numbers to verdict."""

from __future__ import annotations

import pytest

from paribus.stats.rule import Decision, decide


@pytest.mark.parametrize(
    ("mean", "p", "low", "high", "matters", "decision"),
    [
        (1.0, 0.01, 0.5, 1.5, 0.2, Decision.HIGHER),
        (-1.0, 0.01, -1.5, -0.5, 0.2, Decision.LOWER),
        (1.0, 0.04, 0.5, 1.5, 0.2, Decision.HIGHER),  # the level itself suffices
        (0.1, 0.01, 0.05, 0.15, 0.2, Decision.HIGHER),  # different comes before equal
        (0.0, 0.9, -0.1, 0.1, 0.2, Decision.EQUAL),
        (0.0, 0.9, -0.1, 0.1, None, Decision.UNDECIDED),
        (0.0, 0.9, -0.3, 0.1, 0.2, Decision.UNDECIDED),
        (0.0, 0.9, -0.1, 0.2, 0.2, Decision.UNDECIDED),  # reaching the margin is not inside
        (1.0, 0.041, 0.1, 1.9, 0.2, Decision.UNDECIDED),
    ],
)
def test_rule(
    *, mean: float, p: float, low: float, high: float, matters: float | None, decision: Decision
) -> None:
    assert decide(mean, p, low, high, matters=matters) == decision
