"""Ratio of step times over several processes, each with trainings of its own."""

# Axes: P processes, R rounds of one process.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.equivalence import EQUIVALENCE_CONFIDENCE, inside_margin
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.paired import t_intervals
from paribus.stats.rule import Decision

FEWEST_PROCESSES = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ratio:
    """A ratio of times over n processes: geometric mean, its 95% and 90% confidence interval,
    p-value against 1."""

    n: int
    ratio: float
    low: float
    high: float
    low_90: float
    high_90: float
    p: float


def process_means(first: Sequence[ArrayLike], second: Sequence[ArrayLike]) -> Floats:
    """Return the mean log ratio second/first of every process, (P,).

    Per process the seconds of a step in each of its rounds, (R,) and above 0; the number of rounds
    may differ between processes. Ratios are formed within rounds, since what slows the machine
    slows all turns of a round. Raise ValueError for other shapes or values.

    >>> process_means([[1.0, 1.1], [2.0]], [[2.0, 2.2], [2.0]]).round(3).tolist()
    [0.693, 0.0]
    """
    means = []
    for first_R, second_R in zip(first, second, strict=True):
        x_R, y_R = np.asarray(first_R, np.float64), np.asarray(second_R, np.float64)
        if x_R.ndim != 1 or x_R.shape != y_R.shape or x_R.size == 0:
            raise ValueError(f"needs one time per round of each; got {x_R.shape} and {y_R.shape}")
        if not all((np.isfinite(t_R) & (t_R > 0)).all() for t_R in (x_R, y_R)):
            raise ValueError("times must be finite and above 0")
        means.append(float(np.log(y_R / x_R).mean()))
    return np.array(means)


def ratio_over_processes(first: Sequence[ArrayLike], second: Sequence[ArrayLike]) -> Ratio:
    """Return second/first with Student's t interval over the processes' mean log ratios.

    Arguments as for `process_means`, of at least 5 processes. Two trainings of the same thing can
    differ for as long as a process lives (where its memory happens to lie: Mytkowicz, Diwan,
    Hauswirth & Sweeney 2009), and rounds of one process depend on each other; so processes are
    counted, not rounds (Kalibera & Jones 2013). Raise ValueError for fewer processes, and where
    all of them have exactly the same ratio.

    >>> a_P = [[1.00, 1.02], [1.01, 1.00], [0.99, 1.00], [1.03, 1.02], [1.00, 1.01]]
    >>> b_P = [[1.10, 1.12], [1.13, 1.11], [1.08, 1.10], [1.12, 1.13], [1.09, 1.12]]
    >>> r = ratio_over_processes(a_P, b_P)
    >>> r.n, round(r.ratio, 3), round(r.low, 3), round(r.high, 3)
    (5, 1.101, 1.092, 1.111)
    """
    mean_P = process_means(first, second)
    if mean_P.size < FEWEST_PROCESSES:
        raise ValueError(f"needs at least {FEWEST_PROCESSES} processes; got {mean_P.size}")
    t, t_90 = t_intervals(mean_P), t_intervals(mean_P, EQUIVALENCE_CONFIDENCE)
    ratio, low, high, low_90, high_90 = (
        math.exp(x) for x in (t.mean, t.low, t.high, t_90.low, t_90.high)
    )
    return Ratio(mean_P.size, ratio, low, high, low_90, high_90, float(t.p))


def decide_times(
    ratio: Ratio, control: Ratio, adjusted_p: float, matters: float | None
) -> Decision:
    """Return whether a step of B takes longer (HIGHER), less long (LOWER), as long, or neither.

    `ratio`: B over A; `control`: a second training of A over A, in the same processes.
    `adjusted_p`: Holm's. `matters`: the smallest share that matters, 0.05 for 5%. Different where
    the p-value is 0.04 or less and the ratio is further from 1 than the control's 95% interval
    reaches; equal where both 90% intervals lie within `matters` of 1, since a machine on which A
    is not shown to be as fast as itself cannot show that B is.

    >>> ratio = Ratio(5, 1.10, 1.09, 1.11, 1.09, 1.11, 1e-5)
    >>> control = Ratio(5, 1.00, 0.98, 1.02, 0.99, 1.01, 0.9)
    >>> decide_times(ratio, control, 1e-5, matters=0.05).name
    'HIGHER'
    """
    floor = max(abs(math.log(control.low)), abs(math.log(control.high)))
    if adjusted_p <= VERDICT_LEVEL and abs(math.log(ratio.ratio)) > floor:
        return Decision.HIGHER if ratio.ratio > 1 else Decision.LOWER
    if matters is not None and within(ratio, matters) and within(control, matters):
        return Decision.EQUAL
    return Decision.UNDECIDED


def within(ratio: Ratio, matters: float) -> bool:
    """Return whether the 90% interval of a ratio lies within `matters` of 1: 0.05 for 5%."""
    margin = math.log1p(matters)
    return bool(inside_margin(math.log(ratio.low_90), math.log(ratio.high_90), margin))
