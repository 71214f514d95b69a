"""The numbers that one finding rests on."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.stats.images import NewImages
from paribus.stats.paired import PairedComparison
from paribus.stats.replay import Replay
from paribus.stats.sign_flip import SignFlip


@dataclass(frozen=True)
class Measured:
    """What at least three finished pairs say, in the metric's raw unit; B minus A.

    `paired` holds the 95 % interval, `low_90` and `high_90` are the ends of the 90 % one.
    """

    paired: PairedComparison
    low_90: float
    high_90: float
    sign_flip: SignFlip
    new_images: NewImages | None
    new_images_90: NewImages | None


@dataclass(frozen=True)
class Evidence:
    """All numbers of one question.

    `n`: seeds with a value of both. `runs`: seeds trained. `planned`: seeds the study fixed.
    `missing_a`, `missing_b`: runs that gave no value. `mean`: B minus A over the n. `level_a`,
    `level_b`: mean and SD of each over the n; None under 2. `replay`: over all runs that have a
    value. `measured`: None where there is no test. `adjusted_p`: Holm's, over `family`
    questions; None without a test or where confounded. `seeds_to_decide`: for an undecided
    question; None otherwise, and where over 10,000. `seeds_as_seen`: the seeds if the true
    difference were as large as the mean; the same number where no other can be given (nothing
    was said to matter, or the seeds for that have been had), None where they are not fewer.
    `identical`: every run of B scored as its pair on every single image.
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
    seeds_as_seen: int | None = None
    identical: bool = False

    @property
    def p(self) -> float:
        """Of the paired t test; 1 where there is none."""
        return 1.0 if self.measured is None else self.measured.paired.p
