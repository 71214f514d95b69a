"""How differences and intervals are printed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paribus.present.estimates import amount, difference, interval, mean_levels, with_interval
from tests.support.judged import ACCURACY, LOSS


def test_evidence_has_estimate_interval_confidence_and_seeds() -> None:
    printed = with_interval(ACCURACY, 0.0041, 0.0018, 0.0063, confidence=0.95, n="20 seeds")
    assert printed == "+0.41 points [0.18, 0.63], 95%, n = 20 seeds"


def test_a_negative_difference_has_a_minus_sign_and_a_metric_may_have_no_unit() -> None:
    printed = with_interval(LOSS, -0.25, -0.5, 0.0, confidence=0.90, n="3 seeds")
    assert printed == "−0.25 [−0.50, 0.00], 90%, n = 3 seeds"


@pytest.mark.parametrize(
    ("low", "high", "printed"),
    [
        (0.0012, 0.0034, "[0.0012, 0.0034]"),  # two figures of the half-width
        (-1.0, 1.0, "[−1.00, 1.00]"),
        (0.002, 0.9, "[0.002, 0.900]"),  # an end above 0 is not printed as 0
        (-0.001, 0.9, "[−0.001, 0.900]"),
        (0.0, 0.0, "[0.00, 0.00]"),
    ],
)
def test_an_interval_shows_whether_it_reaches_zero(low: float, high: float, printed: str) -> None:
    assert interval(LOSS, low, high) == printed


def test_an_amount_is_printed_as_it_was_stated() -> None:
    assert amount(ACCURACY, 0.001) == "0.10 points"
    assert amount(ACCURACY, 0.00005) == "0.005 points"
    assert amount(LOSS, 0.002) == "0.002"


def test_zero_has_no_sign() -> None:
    assert difference(LOSS, 0.0) == "0.00"
    assert difference(LOSS, -0.0) == "0.00"


def test_what_is_zero_at_any_precision_is_printed_with_few_zeros() -> None:
    nats = replace(LOSS, unit="nats")
    assert difference(nats, 3e-9) == "0.00 nats"
    assert difference(nats, 0.0004) == "+0.0004 nats"


def test_two_means_have_equally_many_digits() -> None:
    assert mean_levels(ACCURACY, (0.98936, 0.0008), (0.9882, 0.0015)) == ("98.94%", "98.82%")
    assert mean_levels(ACCURACY, (0.1135, 0.0), (0.98936, 0.0008)) == ("11.35%", "98.94%")
    assert mean_levels(ACCURACY, (0.999985, 2e-6), (0.999991, 3e-6)) == ("99.9985%", "99.9991%")
    nats = replace(LOSS, unit="nats")
    assert mean_levels(nats, (0.0042, 0.0029), (0.0407, 0.014)) == ("0.004 nats", "0.041 nats")


def test_two_means_that_look_alike_have_one_digit_more() -> None:
    assert mean_levels(ACCURACY, (0.97362, 0.0016), (0.97356, 0.0016)) == ("97.362%", "97.356%")
    assert mean_levels(ACCURACY, (0.9882, 0.0015), (0.9882, 0.0015)) == ("98.82%", "98.82%")
