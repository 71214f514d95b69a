"""Single-run replay: what one training of each would have told."""

# Axes: A runs of one experiment, B runs of the other.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Replay:
    """All pairs of one run of A and one of B, by the order they show.

    `same` show the order of the two means, `opposite` the other one, `tied` none.
    `opposite_share` is (opposite + tied / 2) / pairs: a tie is settled by a coin.
    """

    pairs: int
    same: int
    opposite: int
    tied: int
    opposite_share: float


def replay(a_A: ArrayLike, b_B: ArrayLike) -> Replay | None:
    """How often one training of each would have shown the opposite order of the means.

    `a_A`, `b_B`: the metric of each run, in the same unit; runs without a value (NaN) are left
    out. None if a side has no run left or the means are the same. The share is the
    Mann-Whitney U over its largest value; source: Mann & Whitney 1947; on single runs:
    Bouthillier et al. 2021.

    >>> replay([0.1, 0.2, 0.4], [0.3, 0.4, 0.5])
    Replay(pairs=9, same=7, opposite=1, tied=1, opposite_share=0.16666666666666666)
    """
    a_A = _finite(a_A)
    b_B = _finite(b_B)
    if a_A.size == 0 or b_B.size == 0 or a_A.mean() == b_B.mean():
        return None
    order_AB = np.sign(b_B[None, :] - a_A[:, None]) * np.sign(b_B.mean() - a_A.mean())
    opposite, tied = int((order_AB < 0).sum()), int((order_AB == 0).sum())
    return Replay(
        pairs=order_AB.size,
        same=int((order_AB > 0).sum()),
        opposite=opposite,
        tied=tied,
        opposite_share=(opposite + tied / 2) / order_AB.size,
    )


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    return numbers[np.isfinite(numbers)]
