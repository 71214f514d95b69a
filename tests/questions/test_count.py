"""Counts: which way is better, and what a module of one's own does."""

from __future__ import annotations

import pytest

from paribus.questions.finding import NoVerdict, Verdict
from tests.support.judged import counted


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (42_310, 21_578, Verdict.BETTER),
        (21_578, 42_310, Verdict.WORSE),
        (100, 100, Verdict.EQUAL),
        (None, 100, Verdict.NONE),
        (100, None, Verdict.NONE),
    ],
)
def test_fewer_is_better(a: int | None, b: int | None, verdict: Verdict) -> None:
    finding = counted(a, b)
    assert finding.verdict is verdict
    assert finding.why_none is (NoVerdict.NOT_COUNTED if verdict is Verdict.NONE else None)
