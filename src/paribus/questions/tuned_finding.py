"""What is found of two tuned experiments, beside what is found of any two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from paribus.questions.finding import PairFinding
from paribus.spec.tune import Settings, Space
from paribus.stats.tuning import TunedDifference, TuningCurve


@dataclass(frozen=True)
class AtEdge:
    """A setting whose winners lie in the outermost 5% of its range, in so many replicates at its
    lower and at its upper end."""

    setting: str
    lower: int
    upper: int


@dataclass(frozen=True)
class Winner:
    """The settings that a replicate has chosen. `seed`: the replicate's. `trial`: from 0.
    `validation`: the accuracy that it was chosen by, NaN where all trials diverged. `result`: the
    metric of the question, of the run that is compared; NaN where it has none."""

    seed: int
    trial: int
    settings: Settings
    validation: float
    result: float


@dataclass(frozen=True, eq=False)
class TunedSide:
    """How an experiment was tuned, over the replicates that are compared.

    `trials`: of each replicate. `runs`, `seconds`: what all replicates took, winners included;
    seconds are those of a core, with evaluation. `diverged`: trials. `curve`: what fewer trials
    would have given, by the metric of the question; None where trials lack a value of it.
    """

    name: str
    trials: int
    space: Mapping[str, Space]
    runs: int
    seconds: float
    diverged: int
    winners: tuple[Winner, ...]
    edges: tuple[AtEdge, ...]
    curve: TuningCurve | None


@dataclass(frozen=True, eq=False)
class ByBudget:
    """B minus A by the number of trials. `trials`: the numbers at which both curves have a value,
    in ascending order; the arrays of `difference` are over them."""

    trials: tuple[int, ...]
    difference: TunedDifference


@dataclass(frozen=True, eq=False)
class TunedFinding(PairFinding):
    """Is B better than A, each tuned? The runs that are compared are those of the winners.

    `by_budget`: None where the two have other numbers of trials, or there are too few replicates.
    """

    sides: tuple[TunedSide, TunedSide] = field(kw_only=True)
    by_budget: ByBudget | None = field(kw_only=True)
