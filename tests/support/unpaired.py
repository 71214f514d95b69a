"""Findings of made-up runs that are not paired."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from paribus.elsewhere.asked.questions import ElsewhereQuestion
from paribus.measure.metric import Metric
from paribus.questions.family import conclude
from paribus.questions.finding import Finding, Pair
from paribus.questions.unpaired import UnpairedComparison
from tests.support.judged import ACCURACY, BASE_S, CLEAR, LOSS, LOWER_RATE, SHAKY, TINY, VAGUE


def unpaired(
    b: ArrayLike,
    a: ArrayLike = BASE_S,
    metric: Metric = ACCURACY,
    *,
    matters: float = 0.0,
    pair: Pair | None = None,
    step: float = 0.0,
    family: int = 1,
    planned: int | None = None,
) -> UnpairedComparison:
    """Return a question about runs of two experiments, cnn and cnn-bn."""
    asked = ElsewhereQuestion(
        ask="Is it?", compare=("cnn", "cnn-bn"), metric=metric.key, matters=matters
    )
    return UnpairedComparison(
        question=asked,
        pair=pair or Pair("cnn", "cnn-bn", recorded_only=True),
        metric=metric,
        a_A=a,
        b_B=b,
        family=family,
        planned=planned,
        step=step,
    )


def unpaired_cases() -> dict[str, Finding]:
    """Return a finding of each verdict, by name."""
    base = np.array(BASE_S)
    high, low = base + 0.01, base - 0.01
    confounds = (LOWER_RATE,)
    confounded = Pair("cnn", "cnn-bn", confounds, confounds, recorded_only=True)
    asked = {
        "better": unpaired(high),
        "worse, other numbers of runs": unpaired([*low, 0.9721, 0.9731]),
        "better, where lower is": unpaired(low, metric=LOSS),
        "better by less than matters": unpaired(base + 0.007, matters=0.012),
        "equal": unpaired(base + TINY, matters=0.005),
        "undecided": unpaired(base + VAGUE),
        "confounded": unpaired(high, pair=confounded),
        "still to come": unpaired(high[:4], planned=5),
        "too few runs": unpaired(high[:2]),
        "one value": unpaired(high[:1]),
        "no value": unpaired([]),
        "missing values": unpaired([*high[:4], np.nan]),
        "missing values of the worse": unpaired([*low[:4], np.nan]),
        "rounded": unpaired(high, step=0.01),
        "no spread": unpaired([0.5] * 3, [0.4] * 3),
        "a run far from the others": unpaired([0.981, 0.982, 0.983, 0.9815, 0.9]),
        "many runs": unpaired(np.tile(high, 2) + np.arange(10) / 1e4, np.tile(base, 2)),
    }
    found: dict[str, Finding] = {
        f"unpaired: {name}": conclude([one])[0] for name, one in asked.items()
    }
    family = [unpaired(base + SHAKY, family=9)] + [unpaired(base + CLEAR, family=9)] * 8
    found["unpaired: undecided as one of 9 questions"] = conclude(family)[0]
    return found
