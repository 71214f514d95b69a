"""The finding of a comparison whose runs share no seeds, as a record."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.questions.finding import TwoSided
from paribus.stats.failures import FarRuns
from paribus.stats.single_run import Replay
from paribus.stats.unpaired import Unpaired


@dataclass(frozen=True)
class UnpairedSide:
    """The runs of one experiment: how many there are, the values of those that have one, mean and
    SD of these (None under 2), and those far from the others."""

    runs: int
    values: tuple[float, ...]
    level: tuple[float, float] | None
    far: tuple[FarRuns, ...]

    @property
    def n(self) -> int:
        """The runs with a value."""
        return len(self.values)

    @property
    def missing(self) -> int:
        """The runs without a value."""
        return self.runs - self.n


@dataclass(frozen=True, eq=False)
class UnpairedEvidence:
    """All numbers of one comparison of runs that are not paired.

    `mean`: B minus A, None without a value of both. `measured`: None where there is no test.
    `adjusted_p`: Holm's, over `family` questions; None without a test or where confounded.
    `rounded_to`: the step of rounding, where it is wider than the spread of a side, so that p and
    intervals allow for it; 0 otherwise. `planned`: the runs of each that were fixed beforehand, 0
    if that is not known. `replay`, `replay_of_equals`: as in `finding.Evidence`.
    """

    a: UnpairedSide
    b: UnpairedSide
    mean: float | None
    replay: Replay | None
    replay_of_equals: float | None
    measured: Unpaired | None = None
    adjusted_p: float | None = None
    family: int = 0
    rounded_to: float = 0.0
    planned: int = 0

    @property
    def unfinished(self) -> bool:
        """Whether runs are still to come."""
        return min(self.a.runs, self.b.runs) < self.planned

    @property
    def missing(self) -> int:
        """The runs of both without a value."""
        return self.a.missing + self.b.missing


@dataclass(frozen=True, eq=False)
class UnpairedFinding(TwoSided):
    """Is B better than A, by runs that share no seeds?"""

    evidence: UnpairedEvidence
