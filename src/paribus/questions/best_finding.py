"""What is concluded of the question which experiment is the best, as records without a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.measure.metric import Metric
from paribus.questions.finding import Finding
from paribus.spec.diff import Difference
from paribus.spec.question import BestQuestion


@dataclass(frozen=True)
class Contender:
    """An experiment that may be the best, or is shown not to be.

    `seeds`: its runs at the last look that it took part in, or all; `missing`: how many of them
    ended without a value. `level`: mean and SD of the others; None under 2. `to_best`: its mean
    less that of the best other one, of pairs over the seeds of both; None without any. `low`,
    `high`: the interval of that, 95% for all at once; infinite where there is no bound, None
    before the first look. `first_rank`, `last_rank`: 1 is the best. `compared`: whether it has
    enough values for a test against any other one; without, it may be the best unless it has none.
    """

    name: str
    seeds: int
    missing: int
    level: tuple[float, float] | None
    may_be_best: bool
    to_best: float | None
    low: float | None
    high: float | None
    first_rank: int
    last_rank: int
    compared: bool = True


@dataclass(frozen=True)
class BestLook:
    """Where a question about the best stands at planned looks: as in `Look`."""

    plan: tuple[int, ...]
    taken: int
    open: bool

    @property
    def seeds(self) -> int:
        """The seeds that it was judged from; 0 before the first look."""
        return self.plan[self.taken - 1] if self.taken else 0

    @property
    def next_seeds(self) -> int:
        """The seeds of its next look; those of the last one after that."""
        return self.plan[min(self.taken, len(self.plan) - 1)]


@dataclass(frozen=True)
class NotAskedAbout:
    """In what an experiment differs from the first that a question is not about."""

    name: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, eq=False)
class BestFinding(Finding):
    """Which of several experiments may be the best.

    The verdict is BETTER where one is left, EQUAL where all are shown to lie within `matters` of
    each other, else UNDECIDED. `contenders`: in the order of the question. `trained`: seeds whose
    runs of all those still in question have ended; `planned`: the seeds that a verdict requires.
    `all_within`: None where nothing was said to matter. `look`: with planned looks. `paired`:
    False if runs share no seeds. `rounded_to`: the step of rounding, where it is wider than the
    spread and there is no verdict; 0 otherwise.
    """

    question: BestQuestion
    metric: Metric
    contenders: tuple[Contender, ...]
    trained: int
    planned: int
    all_within: bool | None
    confounds: tuple[NotAskedAbout, ...]
    look: BestLook | None = None
    paired: bool = True
    rounded_to: float = 0.0

    @property
    def best(self) -> tuple[Contender, ...]:
        """Those that may be the best."""
        return tuple(one for one in self.contenders if one.may_be_best)

    @property
    def uncompared(self) -> tuple[Contender, ...]:
        """Those that may be the best only because they are compared with no other one."""
        return tuple(one for one in self.best if not one.compared)

    @property
    def seeds(self) -> int:
        """The seeds that it was judged from."""
        return max(one.seeds for one in self.contenders)

    @property
    def seeds_of_each(self) -> tuple[int, int]:
        """The fewest and the most runs of one experiment; of planned looks the last one's."""
        found = [one.seeds for one in self.contenders]
        return max(found) if self.look is not None else min(found), max(found)
