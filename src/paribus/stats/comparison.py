"""The question that a verdict answers, with the numbers to answer it from."""

# Axes: S seeds, N images.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.metric import Metric

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Is experiment B better than experiment A?

    `a_S`, `b_S`: the metric of every run, (S,) each, the same seeds in the same order; NaN (or
    infinite) where a run was trained but gave no value, as it diverged or never got there. Such a
    value is taken to be worse than any number, so a seed that is merely not trained yet must be
    left out, not given as NaN.
    `planned`: the number of seeds that the study fixed; None if all of them are here.
    `matters`: the smallest difference that matters, in the metric's raw unit; None if none was
    stated, and then nothing can be called equal.
    `confounds`: what differs between the two beyond what the question is about, in words.
    `a_SN`, `b_SN`: seeds × images of the scores whose mean over images is the metric (for
    accuracy 1 or 0); both or none. Without them nothing is said of new images.
    `preview`: the runs are those of a shortened study. `same_seeds`: whether the runs of a pair
    share their seed; if not, they are paired in order.
    """

    a: str
    b: str
    metric: Metric
    a_S: ArrayLike
    b_S: ArrayLike
    matters: float | None = None
    planned: int | None = None
    confounds: tuple[str, ...] = ()
    a_SN: ArrayLike | None = None
    b_SN: ArrayLike | None = None
    preview: bool = False
    same_seeds: bool = True

    def __post_init__(self) -> None:
        a_S, b_S = _floats(self.a_S), _floats(self.b_S)
        if a_S.ndim != 1 or a_S.shape != b_S.shape:
            raise ValueError(
                f"{self.a}, {self.b}: need one value per seed of each; "
                f"got {a_S.shape} and {b_S.shape}"
            )
        if self.matters is not None and not self.matters > 0:
            raise ValueError(f"matters: must be above 0, or None; got {self.matters}")
        if self.planned is not None and self.planned < a_S.size:
            raise ValueError(f"planned: {self.planned} seeds, but there are {a_S.size}")
        if (self.a_SN is None) != (self.b_SN is None):
            raise ValueError("a_SN, b_SN: give both or none")
        for name, values_S, score_SN in (("a", a_S, self.a_SN), ("b", b_S, self.b_SN)):
            if score_SN is not None:
                _check_scores(name, values_S, _floats(score_SN))

    @property
    def paired(self) -> NDArray[np.bool_]:
        """Which seeds have a value of both: (S,)."""
        return np.asarray(np.isfinite(_floats(self.a_S)) & np.isfinite(_floats(self.b_S)))

    def pairs(self) -> tuple[Floats, Floats]:
        """The values of both over the seeds that have both."""
        return _floats(self.a_S)[self.paired], _floats(self.b_S)[self.paired]

    def image_pairs(self) -> tuple[Floats, Floats] | None:
        """The scores of both over the seeds that have both: (S, N) each."""
        if self.a_SN is None or self.b_SN is None:
            return None
        return _floats(self.a_SN)[self.paired], _floats(self.b_SN)[self.paired]


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _check_scores(name: str, values_S: Floats, score_SN: Floats) -> None:
    if score_SN.ndim != 2 or len(score_SN) != values_S.size:
        raise ValueError(f"{name}_SN: needs {values_S.size} seeds × images; got {score_SN.shape}")
    has = np.isfinite(values_S)
    # 1e-6: accuracies and losses may have been averaged in float32.
    if not np.allclose(score_SN[has].mean(axis=1), values_S[has], rtol=1e-5, atol=1e-6):
        raise ValueError(f"{name}_SN: its means over images are not {name}_S")
