"""Every two of several experiments compared: what the set of the best and ranks rest on."""

# Axes: E experiments, F the experiment that E is compared with, S seeds, R runs of one experiment,
# ... any leading axes (studies).

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.stats.distributions import critical_t, t_two_sided_p
from paribus.stats.limits import FEWEST_SEEDS
from paribus.stats.paired import no_spread

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EveryPair:
    """E minus F, (..., E, F) each, over the runs that have a value: mean, standard error, degrees
    of freedom, and whether there is no measure of chance.

    `whole`: whether all runs of an experiment have a value, `none`: whether no run has, (..., E).
    """

    mean: Floats
    error: Floats
    df: Floats
    no_test: Flags
    whole: Flags
    none: Flags

    def reach(self, level: float) -> Floats:
        """Return half the interval that leaves out so much on both sides together."""
        reach = critical_t(level, self.df) * self.error
        # Values that are all equal are equal; a constant difference has no measure of chance.
        same = (self.mean == 0) & (self.df >= FEWEST_SEEDS - 1)
        return np.where(self.no_test, np.where(same, 0.0, np.inf), reach)

    @property
    def p(self) -> Floats:
        """Two-sided, 1 where there is no test."""
        t = np.divide(self.mean, self.error, out=np.zeros_like(self.mean), where=~self.no_test)
        return t_two_sided_p(t, self.df)


def paired(value_ES: ArrayLike, ran_ES: Flags | None = None) -> EveryPair:
    """Compare every two experiments over the same seeds, by paired t tests (Student 1908).

    `value_ES`: (..., E, S), E >= 2, S >= 3; NaN where a run has no value. `ran_ES`: the seeds that
    each has a run of, all if None; two are compared over those that they share, and not with fewer
    than 3. Raise ValueError for other shapes, and for infinite values.
    """
    value_ES = np.asarray(value_ES, dtype=np.float64)
    if value_ES.ndim < 2 or value_ES.shape[-2] < 2 or value_ES.shape[-1] < FEWEST_SEEDS:
        raise ValueError(
            f"needs at least 2 experiments × {FEWEST_SEEDS} seeds; got {value_ES.shape}"
        )
    _check_finite(value_ES)
    difference_EFS = value_ES[..., :, None, :] - value_ES[..., None, :, :]
    n_EF, mean_EF, squares_EF, still_EF = _moments(difference_EFS)
    has_ES = np.isfinite(value_ES)
    return EveryPair(
        mean=mean_EF,
        error=np.sqrt(squares_EF / np.maximum(n_EF - 1, 1) / np.maximum(n_EF, 1)),
        # One stands in where there is no test.
        df=np.maximum(n_EF - 1.0, 1.0),
        no_test=still_EF | (n_EF < FEWEST_SEEDS),
        whole=np.asarray((has_ES if ran_ES is None else has_ES | ~ran_ES).all(axis=-1)),
        none=np.asarray(~has_ES.any(axis=-1)),
    )


def unpaired(values: Sequence[ArrayLike]) -> EveryPair:
    """Compare every two experiments that share no seeds, with Hájek's min(n, m) - 1 degrees of
    freedom (1962), as `compare_unpaired` does; no common variance is assumed.

    `values`: of each of E >= 2 experiments its runs, (..., R) with R of its own; NaN where a run
    has no value. There is no test with fewer than 3 values. Raise ValueError for other shapes, and
    for infinite values.
    """
    sides = [np.asarray(value_R, dtype=np.float64) for value_R in values]
    if len(sides) < 2 or min(side.ndim for side in sides) < 1 or min(map(np.size, sides)) < 1:
        raise ValueError("needs at least 2 experiments with a run each")
    for side in sides:
        _check_finite(side)
    n_E, mean_E, squares_E, still_E = (
        np.stack(one, axis=-1) for one in zip(*map(_moments, sides), strict=True)
    )
    runs_E = np.array([side.shape[-1] for side in sides])
    part_E = squares_E / np.maximum(n_E - 1, 1) / np.maximum(n_E, 1)
    fewest_EF = np.minimum(n_E[..., :, None], n_E[..., None, :])
    still_EF = still_E[..., :, None] & still_E[..., None, :]
    # An experiment is itself.
    itself_EF = np.eye(len(sides), dtype=np.bool_)
    return EveryPair(
        mean=np.asarray(mean_E[..., :, None] - mean_E[..., None, :]),
        error=np.sqrt(part_E[..., :, None] + part_E[..., None, :]),
        df=np.maximum(fewest_EF - 1.0, 1.0),
        no_test=itself_EF | still_EF | (fewest_EF < FEWEST_SEEDS),
        whole=np.asarray(n_E == runs_E),
        none=np.asarray(n_E == 0),
    )


def _check_finite(value_R: Floats) -> None:
    if np.isinf(value_R).any():
        raise ValueError("values must not be infinite; a run without a value has NaN")


def _moments(value_R: Floats) -> tuple[NDArray[np.int64], Floats, Floats, Flags]:
    """Return of (..., R) values, NaN left out: their number, their mean, the sum of squares about
    it, and whether there is no spread; (...) each."""
    has_R = np.isfinite(value_R)
    n = has_R.sum(axis=-1)
    mean = np.asarray(np.where(has_R, value_R, 0.0).sum(axis=-1) / np.maximum(n, 1))
    filled_R = np.where(has_R, value_R, mean[..., None])
    squares = np.asarray(np.square(filled_R - mean[..., None]).sum(axis=-1))
    return n, mean, squares, no_spread(filled_R)
