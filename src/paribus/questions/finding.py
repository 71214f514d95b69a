"""Findings: what is concluded about a question, as records without a sentence.

`present.wording` turns them into words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from paribus.measure.metric import Metric
from paribus.measure.runs import Timing
from paribus.spec.diff import Consequence, Difference
from paribus.spec.question import (
    BaseQuestion,
    InteractionQuestion,
    PairQuestion,
)
from paribus.stats.failures import FarRuns
from paribus.stats.flips import FlipLedger
from paribus.stats.new_images import NewImages
from paribus.stats.noise import NoiseFloor
from paribus.stats.paired import PairedComparison
from paribus.stats.sign_flips import SignFlip
from paribus.stats.single_run import Replay
from paribus.stats.step_times import Ratio


class Verdict(StrEnum):
    """Verdict on B compared with A. NONE: the requirements for a verdict are not met."""

    CONFOUNDED = "confounded"
    BETTER = "better"
    WORSE = "worse"
    EQUAL = "equal"
    UNDECIDED = "undecided"
    NONE = "none"


class NoVerdict(StrEnum):
    """Why there is no verdict; the first that applies."""

    UNFINISHED = "unfinished"
    """Not all planned seeds are trained, or not all those of the first look."""
    OPEN = "open"
    """Undecided at a planned look, with more looks to come."""
    MISSING_VALUES = "missing values"
    """Runs ended without a value, and excluding them could have made the difference."""
    TOO_FEW_SEEDS = "too few seeds"
    NO_SPREAD = "no spread"
    """All seeds show exactly the same difference."""
    ROUNDED = "rounded"
    """The values are rounded to a step wider than their spread."""
    NOT_TIMED = "not timed"
    NOT_COUNTED = "not counted"


@dataclass(frozen=True)
class EarlierStates:
    """Experiments of a question that were changed after runs had ended. `times`: how many earlier
    states of them it was asked of, each of which counts as a question; 0 if it is judged alone, as
    the best of several is."""

    names: tuple[str, ...]
    times: int


@dataclass(frozen=True, eq=False)
class Finding:
    """What a finding of every kind has.

    `less_than_matters`: better or worse, but shown to be by less than matters. `preview`: what was
    judged is the shortened study, and says nothing of the full one. `exploratory`: the question was
    added after runs of the study had ended. `as_recorded`: the finding of the question as it was
    recorded before, if its metric, `matters` or `about` have changed since. `changed`: which of its
    experiments have. `possible_pairs`: of a pair that no question of a study asks about, how many
    such pairs there are.
    """

    needs_training: ClassVar[bool] = True
    """Whether it is about trained runs. One that is not is the same in a preview."""

    question: BaseQuestion
    verdict: Verdict
    why_none: NoVerdict | None
    """With the verdict NONE, and only then."""
    less_than_matters: bool
    preview: bool = field(default=False, kw_only=True)
    exploratory: bool = field(default=False, kw_only=True)
    as_recorded: Finding | None = field(default=None, kw_only=True)
    changed: EarlierStates | None = field(default=None, kw_only=True)
    possible_pairs: int | None = field(default=None, kw_only=True)

    @property
    def is_amended(self) -> bool:
        """Whether it is asked in other terms, or of other experiments, than at first."""
        return self.as_recorded is not None or self.changed is not None


@dataclass(frozen=True)
class Pair:
    """The two experiments of a question, and what differs between them.

    `a`, `b`: their names. `confounds`: those of the differences that the question is not about.
    `consequences`: what follows from the differences (`spec.diff.consequences`). `recorded_only`:
    whether more may differ than `differences` has, as nobody but the user knows the experiments.
    """

    a: str
    b: str
    differences: tuple[Difference, ...] = ()
    confounds: tuple[Difference, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    recorded_only: bool = False


@dataclass(frozen=True, eq=False)
class TwoSided(Finding):
    """What a finding about two experiments has, whatever was compared."""

    question: PairQuestion
    pair: Pair
    metric: Metric

    @property
    def a(self) -> str:
        return self.pair.a

    @property
    def b(self) -> str:
        return self.pair.b

    @property
    def matters(self) -> float | None:
        """The smallest difference that matters; None if none was stated."""
        return self.question.matters or None


@dataclass(frozen=True)
class Measured:
    """Tests and intervals of at least three pairs, in the metric's raw unit; B minus A.

    `paired` holds the 95% interval, `low_90` and `high_90` are the ends of the 90% one.
    `new_images_p`: the level at which the interval for new images reaches 0.
    """

    paired: PairedComparison
    low_90: float
    high_90: float
    sign_flip: SignFlip
    new_images: NewImages | None
    new_images_p: float | None
    new_images_90: NewImages | None


@dataclass(frozen=True)
class Look:
    """Where a question stands that is judged at planned looks.

    `plan`: the numbers of seeds at all looks. `taken`: the look (from 1) that it was judged at, 0
    before the first. `trained`: seeds trained of both, those after that look included. `open`:
    whether it goes on. `futile`: it was stopped, as the last look would hardly have decided it.
    `p`: the sequential p-value, as it stood when the question stopped. `direction`: the mean
    difference at the look that gave it.
    """

    plan: tuple[int, ...]
    taken: int
    trained: int
    open: bool
    futile: bool = False
    p: float = 1.0
    direction: float = 0.0

    @property
    def seeds(self) -> int:
        """The seeds that it was judged from; 0 before the first look."""
        return self.plan[self.taken - 1] if self.taken else 0

    @property
    def next_seeds(self) -> int:
        """The seeds of its next look; those of the last one after that."""
        return self.plan[min(self.taken, len(self.plan) - 1)]

    @property
    def early(self) -> bool:
        """Whether it stopped before the last look."""
        return not self.open and self.taken < len(self.plan)


@dataclass(frozen=True)
class Raised:
    """How a question is judged whose seeds were raised without a plan.

    `planned`: the seeds that were planned. `trained`: those that are trained of both. `by_plan`:
    whether the planned seeds have decided it, or the others cannot yet: then all numbers are of the
    planned ones. `p`: of both together (`stats.e_process.rescue_p`). `direction`: the mean
    difference that gave it.
    """

    planned: int
    trained: int
    by_plan: bool
    p: float
    direction: float


@dataclass(frozen=True)
class Evidence:
    """All numbers of one comparison over seeds.

    `n`: seeds with a value of both. `runs`: seeds trained. `planned`: seeds the study fixed.
    `missing_a`, `missing_b`: runs without a value. `mean`: B minus A over the n. `level_a`,
    `level_b`: mean and SD of each over the n; None under 2. `replay`: over all runs that have a
    value. `measured`: None where there is no test. `adjusted_p`: Holm's, over `family`
    questions; None without a test or where confounded. `seeds_to_decide`: for an undecided
    question; None otherwise, and where over 10,000. `seeds_as_seen`: the seeds if the true
    difference were as large as the mean; the same number where no other can be given (nothing
    was said to matter, or the seeds for that have been had), None where they are not fewer.
    `seeds_to_decide` allows for how little few seeds tell of the spread; `seeds_if_spread_holds`
    would do if it is as seen. `next_seed`: the first that was never trained or planned.
    `new_images_adjusted_p`: Holm's, of `Measured.new_images_p`. `replay_of_equals`: the share that
    `replay` shows on average for two networks that do not differ. `unseen_failure_rate`: the
    largest that can leave no trace in these runs; None where a run lacks a value. `far_a`, `far_b`:
    runs far from the others of their experiment.
    `identical`: every run of B scored as its pair on every single image, of which there are
    `images`; `bit_identical`: it also gave every image's true class the same probability.
    `look`: with planned looks, the one that all of this is of; None without. Its
    intervals are then repeated ones. `raised`: where seeds were raised without a plan; if not
    `by_plan`, the intervals are those of a confidence sequence. `differences`: B minus A of each of
    the n seeds. `rounded_to`: the step of rounding, where it is wider than the spread of the
    differences, so that p and intervals allow for it; 0 otherwise.
    """

    n: int
    runs: int
    planned: int
    missing_a: int
    missing_b: int
    mean: float | None
    level_a: tuple[float, float] | None = None
    level_b: tuple[float, float] | None = None
    replay: Replay | None = None
    measured: Measured | None = None
    adjusted_p: float | None = None
    family: int = 0
    seeds_to_decide: int | None = None
    seeds_if_spread_holds: int | None = None
    seeds_as_seen: int | None = None
    next_seed: int | None = None
    new_images_adjusted_p: float | None = None
    replay_of_equals: float | None = None
    unseen_failure_rate: float | None = None
    far_a: tuple[FarRuns, ...] = ()
    far_b: tuple[FarRuns, ...] = ()
    identical: bool = False
    bit_identical: bool = False
    images: int = 0
    look: Look | None = None
    raised: Raised | None = None
    differences: tuple[float, ...] = ()
    rounded_to: float = 0.0

    @property
    def constant(self) -> tuple[float, float] | None:
        """The level of either, mean and SD, if all runs of both have the very same value."""
        level = self.level_a
        return level if level is not None and level == self.level_b and level[1] == 0 else None

    @property
    def p(self) -> float:
        """Of the paired t test, the sequential one with planned looks; 1 where there is none."""
        if self.measured is None:
            return 1.0
        sequential = self.raised or self.look
        return self.measured.paired.p if sequential is None else sequential.p

    @property
    def direction(self) -> float:
        """The mean difference whose sign a verdict has; 0 where there is no test."""
        if self.measured is None:
            return 0.0
        sequential = self.raised or self.look
        return self.measured.paired.mean if sequential is None else sequential.direction


@dataclass(frozen=True, eq=False)
class PairFinding(TwoSided):
    """Is B better than A, over seeds?

    `shown_for_new_images`: whether better, worse or equal also holds with the test images drawn
    anew; None where there are no images or another verdict. `noise`: how far runs of A lie apart.
    `ledger`: which test images changed. `other_bits`: the seeds whose two runs are by one engine,
    but of other bits.
    """

    shown_for_new_images: bool | None
    evidence: Evidence
    noise: NoiseFloor | None
    ledger: FlipLedger | None
    other_bits: tuple[int, ...] = ()


@dataclass(frozen=True)
class CellLevel:
    """One of the four experiments of an interaction: its mean and SD over the seeds that are
    compared; None under 2."""

    name: str
    level: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class InteractionFinding(PairFinding):
    """Does a change do as much in the second place as in the first?

    A is the change in the first place, B the same in the second; the difference is
    (B2 - A2) - (B1 - A1). `pair`: the two experiments without the change, with all that is no part
    of the question among its `confounds`. `changes`: without and with it, in either place.
    `cells`: the four, in the order of `changes`. `near_ceiling`: those whose mean is a share above
    99%, where points are not log-odds.
    """

    question: InteractionQuestion
    changes: tuple[Pair, Pair] = field(kw_only=True)
    cells: tuple[CellLevel, ...] = field(kw_only=True)
    near_ceiling: tuple[str, ...] = field(kw_only=True)

    @property
    def a(self) -> str:
        return f"{self.changes[0].a} → {self.changes[0].b}"

    @property
    def b(self) -> str:
        return f"{self.changes[1].a} → {self.changes[1].b}"


@dataclass(frozen=True, eq=False)
class StepTimeFinding(TwoSided):
    """Does a training step of B take longer than one of A? A step takes as long in a preview.

    `ratio`: B over A, `control`: A over A; None where too few processes were timed. `log_ratios`:
    of B over A, one per process. `adjusted_p`: over `family` questions; None without a test or
    where confounded. `timings`: one per process. `study_name`: what a command calls the study, ""
    if none can; `store_folder`: its store.
    """

    ratio: Ratio | None
    control: Ratio | None
    log_ratios: tuple[float, ...]
    adjusted_p: float | None
    family: int
    timings: tuple[Timing, ...]
    study_name: str
    store_folder: Path

    needs_training: ClassVar[bool] = False


@dataclass(frozen=True, eq=False)
class CountFinding(TwoSided):
    """Which of two experiments has more of something, e.g. parameters, which needs no training.

    `count_a`, `count_b`: None for a custom module, of which Paribus counts nothing.
    """

    needs_training: ClassVar[bool] = False

    count_a: int | None
    count_b: int | None
