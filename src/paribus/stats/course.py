"""The course of a study with planned looks: which question stops when, and with which decision."""

# Axes: Q questions, S seeds, L looks, ... any leading axes (studies).

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.adjustment import holm
from paribus.stats.equivalence import EQUIVALENCE_LEVEL
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.looks import Looks, at_looks, futile
from paribus.stats.rule import Decision

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Course:
    """Where every question of a study with looks stands, (..., Q) each.

    `decision`: of `Decision`. `open`: whether more seeds are to be trained for it. `stopped`: the
    look (from 0) at which it stopped, or the last one taken; -1 before the first. `futile`: stopped
    as no outcome was likely. `sequential_p`: as it stood when the question stopped; `adjusted_p`:
    the same, adjusted for one another (Holm). `decisive`: the look that gave the direction;
    `direction`: the mean at that look.
    """

    decision: NDArray[np.int64]
    open: NDArray[np.bool_]
    stopped: NDArray[np.intp]
    futile: NDArray[np.bool_]
    sequential_p: Floats
    adjusted_p: Floats
    decisive: NDArray[np.intp]
    direction: Floats


def follow(
    difference_QS: ArrayLike,
    looks: Looks,
    *,
    matters: ArrayLike | None = None,
    level: float = VERDICT_LEVEL,
    beside: ArrayLike = (),
    seeds_Q: ArrayLike | None = None,
    ends_Q: ArrayLike | None = None,
    futile_go_on: bool = False,
) -> Course:
    """Follow a study from look to look, over the looks that have been taken.

    `difference_QS`: (..., Q, S) paired differences in the order of the seeds, each question in a
    unit of its own; NaN where a pair was trained but has no value, as in `at_looks`. Whatever comes
    after the look at which a question stopped is never read. `matters`: one number, (Q,) or
    (..., Q); NaN where none was stated. `beside`: p-values of further questions of the study that
    have no looks. `seeds_Q`: how many of the S seeds are trained for each question, (Q,) or
    (..., Q), all if None: a look beyond them has not been taken for it, and it stays open.
    `ends_Q`: the look (from 0) after which a question ends in any case, where more seeds could
    decide nothing; the last if None. `futile_go_on`: whether a question that stopped as futile
    takes a later look all the same where its seeds are trained, for another question, say.

    At each look the sequential p-values of the open questions are renewed, those of the stopped
    stay, and Holm adjusts all. A question stops as different at `level`, as equivalent at 5%, or
    as futile. Since Holm's adjustment can only fall as other questions are decided, it is applied
    anew after every look to all, and a difference takes precedence.

    >>> rng = np.random.default_rng(0)
    >>> difference_QS = rng.normal(size=(3, 40)) + np.array([[2.0], [0.0], [0.4]])
    >>> course = follow(difference_QS, Looks((10, 20, 40)), matters=1.0)
    >>> course.decision.tolist(), course.stopped.tolist()
    ([2, 1, 1], [0, 1, 1])
    """
    difference_QS = np.asarray(difference_QS, dtype=np.float64)
    size = difference_QS.shape[:-1]
    margin = np.asarray(np.nan if matters is None else matters, dtype=np.float64)
    hardest = level / (size[-1] + np.size(beside))
    trained_Q = np.broadcast_to(difference_QS.shape[-1] if seeds_Q is None else seeds_Q, size)
    last_Q = np.broadcast_to(len(looks.seeds) - 1 if ends_Q is None else ends_Q, size)
    open_Q = np.ones(size, dtype=np.bool_)
    futile_Q, decided_Q = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    p_Q, equality_Q, mean_Q = np.ones(size), np.ones(size), np.zeros(size)
    stopped_Q, decisive_Q = np.full(size, -1, np.intp), np.zeros(size, np.intp)
    adjusted_Q = _adjusted(p_Q, beside)
    for look, n in enumerate(looks.seeds):
        # The rule for futility is not binding: the levels leave out that it ever stops a question.
        going_Q = open_Q | (futile_Q & ~decided_Q) if futile_go_on else open_Q
        taken_Q = going_Q & (n <= trained_Q)
        if not taken_Q.any():
            break
        # What a question has beyond the look at which it stopped is not read.
        so_far_QS = np.where(taken_Q[..., None], difference_QS[..., :n], 0.0)
        at = at_looks(so_far_QS, looks, margin)
        p_Q = np.where(taken_Q, at.sequential_p[..., -1], p_Q)
        equality_Q = np.where(taken_Q, at.equality_p[..., -1], equality_Q)
        decisive_Q = np.where(taken_Q, at.decisive[..., -1], decisive_Q)
        direction = np.take_along_axis(at.mean, at.decisive[..., -1:], axis=-1)[..., 0]
        mean_Q = np.where(taken_Q, direction, mean_Q)
        stopped_Q = np.where(taken_Q, look, stopped_Q)
        adjusted_Q = _adjusted(p_Q, beside)
        decided_Q = (adjusted_Q <= level) | (equality_Q <= EQUIVALENCE_LEVEL)
        hopeless_Q = futile(
            at.mean[..., -1], at.sd[..., -1], look, looks, matters=margin, level=hardest
        )
        goes_on_Q = ~decided_Q & (look < last_Q)
        futile_Q = np.where(taken_Q, goes_on_Q & hopeless_Q, futile_Q)
        open_Q = np.where(taken_Q, goes_on_Q & ~hopeless_Q, open_Q & ~decided_Q)
    different_Q = adjusted_Q <= level
    decision_Q = np.select(
        [different_Q & (mean_Q > 0), different_Q & (mean_Q < 0), equality_Q <= EQUIVALENCE_LEVEL],
        [int(Decision.HIGHER), int(Decision.LOWER), int(Decision.EQUAL)],
        default=int(Decision.UNDECIDED),
    )
    return Course(
        decision=decision_Q,
        open=open_Q,
        stopped=stopped_Q,
        futile=futile_Q,
        sequential_p=p_Q,
        adjusted_p=adjusted_Q,
        decisive=decisive_Q,
        direction=mean_Q,
    )


def _adjusted(p_Q: Floats, beside: ArrayLike) -> Floats:
    beside = np.asarray(beside, dtype=np.float64)
    all_Q = np.concatenate([p_Q, np.broadcast_to(beside, (*p_Q.shape[:-1], beside.size))], axis=-1)
    return holm(all_Q)[..., : p_Q.shape[-1]]
