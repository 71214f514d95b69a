"""The verdict that a decision about two experiments comes to, given runs without a value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from paribus.questions.finding import Verdict
from paribus.stats.rule import Decision


def verdict_of(
    decision: int | NDArray[np.int_],
    *,
    higher_is_better: bool,
    excluded: bool,
    rounded: bool,
    is_favored: Callable[[bool], bool],
) -> Verdict:
    """Return the verdict on B against A.

    decision: a `Decision`, as `stats.rule.decide` returns it. excluded: whether runs without a
    value were excluded. rounded: whether values are so coarse that others could decide what these
    leave undecided. is_favored: whether that may have favored B (True) or A (False).
    Against the favored side a verdict stands, and no other does.
    """
    if decision in (Decision.HIGHER, Decision.LOWER):
        b_is_better = (decision == Decision.HIGHER) == higher_is_better
        if not is_favored(b_is_better):
            return Verdict.BETTER if b_is_better else Verdict.WORSE
    if excluded:
        return Verdict.NONE
    if decision == Decision.EQUAL:
        return Verdict.EQUAL
    return Verdict.NONE if rounded else Verdict.UNDECIDED
