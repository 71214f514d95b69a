"""What figures show, as plain records: the other modules draw them, here or in another process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.present.many_runs import MOST_DOTS, Bars

# E epochs, R runs, K classes, C channels, H rows, W columns
Floats = NDArray[np.float64]

LEAST_ERRORS = 5e-4
"""Where higher training accuracies are drawn: the way to 100% has no end on their axis."""


@dataclass(frozen=True, eq=False)
class AccuracyRow:
    """Final test accuracies of an experiment."""

    name: str
    value_R: Floats
    interval: Floats | None
    """Both ends of the mean's interval; None where there is none."""
    text: str
    """Mean ± SD, in percent."""


@dataclass(frozen=True, eq=False)
class FinalAccuracies:
    """Final test accuracies of all experiments, each run a dot."""

    rows: tuple[AccuracyRow, ...]
    test_images: int


@dataclass(frozen=True)
class Tick:
    """A place on an axis, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class ForestRow:
    """A finding of a forest plot. Places are in units of its group's axis, better to the right."""

    number: int
    """Of the question in its study, from 1."""
    question: str
    sides: str
    n: str
    """With its name, e.g. "n = 5"; "" if it has none."""
    verdict: str
    """Its key."""
    word: str
    """The verdict in a word or a few."""
    numbers: str
    """Estimate and interval as text; "" if there is no number."""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    """Ends of the interval that the verdict rests on; None without one."""
    band: float = 0
    """Half the width of the differences that do not matter; 0 if all matter."""
    dots: tuple[float, ...] = ()
    """The difference of each seed or process; none if they are too many."""
    bars: Bars = ()
    """In place of too many dots."""
    claim: str = ""
    """The verdict of the original, "better", "worse" or "equal"; "" if it has none."""
    original: str = ""
    """What the original says; "" if nothing."""
    agreement: str = ""
    """Whether that stands."""
    agrees: bool | None = None
    nothing: str = ""
    """Why there is nothing to draw, where there is no estimate."""
    why: str = ""
    """What stands behind the verdict, in a few words; "" where nothing has to."""
    small: str = ""
    """Which differences do not matter, where the rows of its group differ in that."""


@dataclass(frozen=True)
class ForestGroup:
    """Findings that share an axis."""

    title: str
    unit: str
    left: str
    """What a place to the left of 0 means."""
    right: str
    limit: float
    """The end of the axis on either side; 0 if nothing of the group can be drawn."""
    ticks: tuple[Tick, ...]
    rows: tuple[ForestRow, ...]
    small: str = ""
    """Which differences do not matter, where it is the same for all rows."""
    scaled: str = ""
    """Which of its title's differences it has, and how large they are drawn beside those of the
    group before it; "" where there is one group of them."""


@dataclass(frozen=True)
class Forest:
    """All findings of a study, in groups that share a unit."""

    groups: tuple[ForestGroup, ...]
    heading: str
    """What the findings are of."""
    has_original: bool
    """Whether answers of an earlier report are shown."""

    @property
    def has_bars(self) -> bool:
        """Whether a row has bars in place of dots."""
        return any(row.bars for group in self.groups for row in group.rows)


@dataclass(frozen=True, eq=False)
class RunCurves:
    """Learning curves of a run that has an epoch behind it, (E,) each."""

    train_loss: Floats
    train_accuracy: Floats
    test_loss: Floats
    test_accuracy: Floats
    finished: bool
    diverged: bool
    averaged: bool
    """Whether the mean curve is of this run too."""
    kept_epoch: int
    """The epoch whose network is kept, counted from 1; of a run in progress its last so far."""

    @property
    def epochs(self) -> int:
        return len(self.train_loss)


@dataclass(frozen=True, eq=False)
class LearningCurves:
    """Learning curves of an experiment: the mean over runs, each run a thin line behind it; of many
    runs bands that hold most of them."""

    name: str
    runs: tuple[RunCurves, ...]
    base: str | None = None
    """The experiment it was stated as changes to."""
    recipe: str = ""
    keeps: bool = False
    """Whether each run keeps the network of a chosen epoch, and not the last."""

    @property
    def averaged(self) -> list[RunCurves]:
        return [run for run in self.runs if run.averaged]

    @property
    def has_bands(self) -> bool:
        """Whether they are too many for a line each."""
        return len(self.runs) > MOST_DOTS


@dataclass(frozen=True, eq=False)
class CurvesTogether:
    """Test accuracy and test loss of a few experiments, a line each."""

    experiments: tuple[LearningCurves, ...]
    test_images: int


@dataclass(frozen=True, eq=False)
class CurvesSideBySide:
    """One curve of many experiments, a panel each, the base of each behind it in gray."""

    experiments: tuple[LearningCurves, ...]
    curve: str
    """"test_accuracy" or "test_loss"."""
    test_images: int


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """Test images of a true class (row) that a run took for a class (column)."""

    name: str
    class_names: tuple[str, ...]
    counts_KK: Floats
    """Mean over runs."""
    runs: int


@dataclass(frozen=True, eq=False)
class MisclassifiedImage:
    """A test image that some runs got wrong."""

    number: int
    """Its index in the test set, from 0."""
    image_CHW: NDArray[np.uint8]
    truth: str
    taken_for: str
    wrong: int
    """Runs that got it wrong."""
    rejected: bool
    """Whether annotators rejected its label."""


@dataclass(frozen=True, eq=False)
class Misclassified:
    """Test images that most of an experiment's runs get wrong."""

    name: str
    images: tuple[MisclassifiedImage, ...]
    runs: int


@dataclass(frozen=True, eq=False)
class TuningCurveOf:
    """What an experiment gives by the number of trials, from 1: (T,) each, NaN where unknown.

    `winners_R`: the results of the winners, trained again; NaN of one that diverged.
    """

    name: str
    mean_T: Floats
    low_T: Floats
    high_T: Floats
    winners_R: Floats


@dataclass(frozen=True, eq=False)
class TuningCurves:
    """The tuning curves of the two sides of a question."""

    sides: tuple[TuningCurveOf, TuningCurveOf]
    label: str
    """What is measured, with its unit."""
    is_accuracy: bool
    """Whether it is drawn in the share of errors."""
    is_loss: bool
    """Whether its axis is that of losses."""
    scale: float
    """Turns a value into what is printed."""
    test_images: int


@dataclass(frozen=True, eq=False)
class FactorLine:
    """Final test accuracies along the values of a setting, those of others held."""

    name: str
    """The values of the others; "" if there are none."""
    place_L: Floats
    """Where the values stand on the axis: (L,)."""
    value_LR: tuple[Floats, ...]
    """The runs at each of them, diverged ones left out."""
    interval_L: tuple[Floats | None, ...]
    """Both ends of the interval of each mean; None where there is none."""


@dataclass(frozen=True, eq=False)
class GridLines:
    """A grid: one setting along the axis, a line for each combination of the others."""

    label: str
    ticks: tuple[Tick, ...]
    is_logarithmic: bool
    lines: tuple[FactorLine, ...]
    test_images: int


Shown = (
    Forest
    | FinalAccuracies
    | LearningCurves
    | CurvesTogether
    | CurvesSideBySide
    | ConfusionMatrix
    | Misclassified
    | TuningCurves
    | GridLines
)
