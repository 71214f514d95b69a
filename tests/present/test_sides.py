"""The values that stand beside the names of what a finding compares."""

from __future__ import annotations

import pytest

from paribus.present.sides import values
from tests.support.judged import time_found, timed, timings


def test_the_quotient_of_two_step_times_is_the_ratio_that_is_found() -> None:
    finding = time_found(timed(timings(1.37, 0.3)))
    shown = values(finding)
    assert shown is not None
    assert finding.ratio is not None
    a, b = (float(side.removesuffix(" ms")) for side in shown)
    assert b / a == pytest.approx(finding.ratio.ratio, rel=0.01)  # Three digits are shown.
