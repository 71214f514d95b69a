"""The runs among which the best experiment is looked for: how those of two belong together.

Studies have `SameSeeds`. Results from elsewhere have `OwnSeeds` where runs of a seed are pairs, and
`Groups` where they are not; both are judged at once.
"""

# Axes: E experiments, F the experiment that E is compared with, S seeds, R runs of one experiment.

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from paribus.stats.best_course import BestCourse, Stage, follow_best, judge_at_once, stages_of
from paribus.stats.every_pair import EveryPair, paired, unpaired
from paribus.stats.limits import FEWEST_SEEDS
from paribus.stats.looks import Looks
from paribus.stats.paired import no_spread

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Contested(ABC):
    """The runs of several experiments.

    `values`: of each experiment, NaN (or infinite) where a run ended without a value.
    """

    values: tuple[Floats, ...]

    paired: ClassVar[bool]
    """Whether runs of one seed are compared with each other."""

    @property
    def looks(self) -> tuple[int, ...]:
        """The planned looks that they are judged at; none if at once."""
        return ()

    def first(self, n: int) -> Contested:
        """Return those of the first n seeds, where these were planned."""
        return self

    def at_looks(self, looks: tuple[int, ...]) -> Contested:
        """Return the same, judged at planned looks, where seeds were planned."""
        return self

    @property
    @abstractmethod
    def counts(self) -> list[int]:
        """The runs of each."""

    @property
    def trained(self) -> int:
        """The runs that all have."""
        return min(self.counts)

    def needed(self, *, at_first_look: bool) -> int:
        """Return the runs that a verdict requires. at_first_look: whether it ends there."""
        return self.trained

    @property
    @abstractmethod
    def compared(self) -> Flags:
        """Which two have enough values for a test: (E, E)."""

    @abstractmethod
    def course(self, sign: int, matters: float | None, *, at_first_look: bool) -> BestCourse | None:
        """Return where the question stands; None with too few runs for any test.

        sign: 1 if higher is better, else -1. at_first_look: as in `needed`.
        """

    @abstractmethod
    def judged(self, e: int, n: int) -> Floats:
        """Return the values of an experiment that was judged by n runs."""

    @abstractmethod
    def difference(self, e: int, other: int, n: int) -> float | None:
        """Return the mean of an experiment that was judged by n runs, less that of another one over
        the same seeds; None where there is no value, or the other has been excluded before."""

    @property
    def varying(self) -> list[Floats]:
        """What must vary more than it was rounded."""
        return [finite(value_R) for value_R in self.values]

    def _enough(self, values_of: Callable[[int, int], int]) -> Flags:
        """Which two have enough values for a test, by how many they have."""
        E = len(self.values)
        n_EF = np.zeros((E, E))
        for e, f in permutations(range(E), 2):
            n_EF[e, f] = values_of(e, f)
        return n_EF >= FEWEST_SEEDS

    def _at_once(
        self, sign: int, matters: float | None, compare: Callable[[list[Floats]], EveryPair]
    ) -> BestCourse | None:
        if not self.compared.any():
            return None
        return judge_at_once(compare(_signed(sign, self.values)), self.counts, matters=matters)


@dataclass(frozen=True, eq=False)
class _Paired(Contested):
    """Runs of which those of one seed are compared with each other."""

    paired = True

    @property
    def compared(self) -> Flags:
        return self._enough(lambda e, f: len(self._differences(e, f)))

    @property
    def varying(self) -> list[Floats]:
        """Of every two, what varies at all."""
        pairs = combinations(range(len(self.values)), 2)
        differences = [self._differences(a, b) for a, b in pairs]
        return [one_S for one_S in differences if one_S.size and not no_spread(one_S)]

    @abstractmethod
    def _differences(self, e: int, other: int) -> Floats:
        """The differences of two over the seeds with which both have a value: (S,)."""


@dataclass(frozen=True, eq=False)
class SameSeeds(_Paired):
    """Runs of the same seeds, in their order: (S,) of as many as each experiment has.

    `planned`: as in `Comparison`. `planned_looks`: if the question is judged at such.
    """

    planned: int | None = None
    planned_looks: tuple[int, ...] = ()

    @property
    def looks(self) -> tuple[int, ...]:
        return self.planned_looks

    def first(self, n: int) -> SameSeeds:
        return replace(self, values=tuple(value_S[:n] for value_S in self.values), planned=n)

    def at_looks(self, looks: tuple[int, ...]) -> SameSeeds:
        return replace(self, planned_looks=looks)

    @property
    def counts(self) -> list[int]:
        return list(map(len, self.values))

    def needed(self, *, at_first_look: bool) -> int:
        return self._stages(at_first_look)[-1].seeds

    def course(self, sign: int, matters: float | None, *, at_first_look: bool) -> BestCourse | None:
        stages = self._stages(at_first_look)
        if stages[0].seeds < FEWEST_SEEDS:
            return None
        value_ES = np.full((len(self.values), max(self.counts)), np.nan)
        for row_S, value_S in zip(value_ES, _signed(sign, self.values), strict=True):
            row_S[: len(value_S)] = value_S
        return follow_best(value_ES, self.counts, stages, matters=matters)

    def judged(self, e: int, n: int) -> Floats:
        return self.values[e][:n]

    def difference(self, e: int, other: int, n: int) -> float | None:
        # One that took part in fewer looks is not the best.
        if len(self.values[other]) < n:
            return None
        return _mean(self._differences(e, other, n))

    def _stages(self, at_first_look: bool) -> tuple[Stage, ...]:
        if not self.looks:
            return (Stage(self.planned or self.trained),)
        stages = stages_of(Looks(self.looks))
        return stages[:1] if at_first_look else stages

    def _differences(self, e: int, other: int, n: int | None = None) -> Floats:
        both = min(len(self.values[e]), len(self.values[other]))
        return finite(self.values[e][:both][:n] - self.values[other][:both][:n])


@dataclass(frozen=True, eq=False)
class OwnSeeds(_Paired):
    """Runs of which each experiment has seeds of its own: (S,) of all seeds that any has. Two are
    compared over those that they share.

    `ran`: the seeds that each has a run of, (S,) each.
    """

    ran: tuple[Flags, ...]

    @property
    def counts(self) -> list[int]:
        return [int(ran_S.sum()) for ran_S in self.ran]

    def course(self, sign: int, matters: float | None, *, at_first_look: bool) -> BestCourse | None:
        return self._at_once(sign, matters, lambda sides: paired(sides, np.stack(self.ran)))

    def judged(self, e: int, n: int) -> Floats:
        return self.values[e][self.ran[e]]

    def difference(self, e: int, other: int, n: int) -> float | None:
        return _mean(self._differences(e, other)) if self.compared[e, other] else None

    def _differences(self, e: int, other: int) -> Floats:
        return finite(self.values[e] - self.values[other])


@dataclass(frozen=True, eq=False)
class Groups(Contested):
    """Runs that share no seeds: (R,) of as many as each experiment has."""

    paired = False

    @property
    def counts(self) -> list[int]:
        return list(map(len, self.values))

    @property
    def compared(self) -> Flags:
        has = [len(finite(value_R)) for value_R in self.values]
        return self._enough(lambda e, f: min(has[e], has[f]))

    def course(self, sign: int, matters: float | None, *, at_first_look: bool) -> BestCourse | None:
        return self._at_once(sign, matters, unpaired)

    def judged(self, e: int, n: int) -> Floats:
        return self.values[e]

    def difference(self, e: int, other: int, n: int) -> float | None:
        own, others = _mean(finite(self.values[e])), _mean(finite(self.values[other]))
        return None if own is None or others is None else own - others


def finite(value_R: Floats) -> Floats:
    """Return the values that there are."""
    return value_R[np.isfinite(value_R)]


def _signed(sign: int, values: tuple[Floats, ...]) -> list[Floats]:
    """Higher is better, and NaN stands for no value."""
    return [sign * np.where(np.isfinite(value_R), value_R, np.nan) for value_R in values]


def _mean(value_R: Floats) -> float | None:
    return float(value_R.mean()) if value_R.size else None
