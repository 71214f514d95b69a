"""Whether a finding agrees with the report that the study repeats."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from paribus.questions.finding import Verdict
from paribus.questions.original import Agreement, agreement
from tests.support.judged import CLEAR, FEWER_EPOCHS, TINY, VAGUE, differing, finding_of, question

WORSE = [-d for d in CLEAR]


@pytest.mark.parametrize(
    ("said", "difference_S", "rest", "expected", "agrees"),
    [
        ("better", CLEAR, {}, Agreement.AGREES, True),
        ("better", WORSE, {}, Agreement.DISAGREES, False),
        ("better", CLEAR, {"matters": 0.01}, Agreement.AGREES_BUT_SMALL, True),
        ("equal", CLEAR, {"matters": 0.01}, Agreement.EQUAL_AS_SMALL, True),
        ("equal", CLEAR, {}, Agreement.DISAGREES, False),
        ("equal", TINY, {}, Agreement.AGREES, True),
        ("better", TINY, {}, Agreement.DISAGREES, False),
        ("better", VAGUE, {}, Agreement.OPEN, None),
        ("better", CLEAR, {"confounds": (FEWER_EPOCHS,)}, Agreement.CONFOUNDED, None),
        ("", CLEAR, {}, Agreement.NOT_COMPARABLE, None),
    ],
)
def test_agreement(
    *,
    said: Any,
    difference_S: list[float],
    rest: dict[str, Any],
    expected: Agreement,
    agrees: bool | None,
) -> None:
    asked = question(
        "test_loss", rest.pop("matters", 0.001), original="It was so.", original_verdict=said
    )
    found = agreement(finding_of(differing(difference_S, asked=asked, **rest)))
    assert (found, found.agrees) == (expected, agrees)


def test_agreement_is_left_to_the_full_study_in_a_preview() -> None:
    asked = question("test_loss", 0.001, original="It was so.", original_verdict="better")
    found = agreement(replace(finding_of(differing(CLEAR, asked=asked)), preview=True))
    assert (found, found.agrees) == (Agreement.LEFT_TO_FULL_STUDY, None)


def test_where_nothing_was_stated_nothing_is_said() -> None:
    finding = finding_of(differing(CLEAR))
    assert finding.verdict is Verdict.BETTER
    assert agreement(finding) is Agreement.NOTHING_STATED
