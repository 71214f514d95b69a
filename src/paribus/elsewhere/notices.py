"""What is to be said of results from elsewhere beside their findings, as records.

`present.notices` turns them into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paribus.elsewhere.terms import Missing


@dataclass(frozen=True)
class Notice:
    """Something to be said of results."""


@dataclass(frozen=True)
class Guessed(Notice):
    """A role of columns that nobody has stated, and the option that would."""

    role: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class RunsByName(Notice):
    """Names of runs, or of their folders, that were taken for runs of one experiment, by its name,
    if that is what a column has."""

    column: str
    names: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class ExperimentsGuessed(Notice):
    """The columns that were taken for experiments, each for one."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class SeedColumnsGuessed(Notice):
    """The columns that were taken for seeds, each for one."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class RunColumnsGuessed(Notice):
    """The columns that were taken for runs, each named by its experiment and its seed."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class MetricsInRows(Notice):
    """A column that was taken for the name of each row's metric, and one for its value."""

    name: str
    value: str


@dataclass(frozen=True)
class EndsOfColumns(Notice):
    """Columns of experiments that end before others, each with its number of empty cells there,
    which were taken for no runs."""

    cells: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class SweepGuessed(Notice):
    """A column of the numbers of epochs that runs were trained, and not of the moments of a run."""

    column: str
    budgets: tuple[float, ...]


@dataclass(frozen=True)
class LogGuessed(Notice):
    """A column of few moments of runs, which may be numbers of epochs that they were trained.
    `kept`: whether runs name the moment that counts."""

    column: str
    experiment: tuple[str, ...]
    kept: bool = False


@dataclass(frozen=True)
class PairsInOneColumn(Notice):
    """The columns that together name experiments, of which pairs differ in one alone; of a sweep
    the others than that of its epochs."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class DirectionGuessed(Notice):
    """Whether higher or lower is better, by the name of a metric alone."""

    metric: str
    higher_is_better: bool


@dataclass(frozen=True)
class UnitGuessed(Notice):
    """Whether values are percentages or shares, by the name of a metric (`named`), or by their size
    alone."""

    metric: str
    in_percent: bool
    named: bool


@dataclass(frozen=True)
class AboutGuessed(Notice):
    """Settings that were taken to be what is asked about, each the only one that differs."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class LowPercentages(Notice):
    """Values that were stated to be percentages, and may be shares by their size. `highest`: of
    them all, at most 1."""

    metric: str
    highest: float


@dataclass(frozen=True)
class Unused(Notice):
    """Columns that are neither roles nor settings."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Pooled(Notice):
    """Columns in which runs of one experiment differ, each with its values, and the columns that
    name experiments."""

    experiment: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class UnknownStates(Notice):
    """Words in the column of states that are not known, of runs that count as finished."""

    column: str
    states: tuple[str, ...]


@dataclass(frozen=True)
class Unnamed(Notice):
    """Runs of an experiment that have neither seed nor run ID, where others have."""

    experiment: str
    runs: int


@dataclass(frozen=True)
class BestOfSeveral(Notice):
    """A metric that by its name is the best of several values, not the final one."""

    metric: str


@dataclass(frozen=True)
class SummaryOfRuns(Notice):
    """A metric that by its name is a mean of runs, not a value of one."""

    metric: str


@dataclass(frozen=True)
class OneValueEach(Notice):
    """No experiment has more than one value."""

    experiments: int


@dataclass(frozen=True)
class EqualValues(Notice):
    """Runs of an experiment that have the same value. `named`: whether they have ids or seeds that
    tell them apart."""

    experiment: str
    metric: str
    runs: int
    of: int
    named: bool


@dataclass(frozen=True)
class WithoutValue(Notice):
    """Runs without a value. `missing`: what they were declared to be, None if nothing was.
    `failed`: those whose state says that they failed."""

    experiment: str
    metric: str
    runs: int
    of: int
    missing: Missing | None
    failed: int = 0


@dataclass(frozen=True)
class NotEnded(Notice):
    """Runs that have not ended, and are left out."""

    experiment: str
    runs: int


@dataclass(frozen=True)
class DifferentEnds(Notice):
    """Runs of an experiment whose logs end at different epochs."""

    experiment: str
    column: str
    first: float
    last: float


@dataclass(frozen=True)
class DifferentLengths(Notice):
    """Experiments whose logs end at different epochs, each with the last one of all its runs, where
    nobody has said that this is meant."""

    column: str
    ends: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KeptEpochs(Notice):
    """Runs whose values are of the epoch that they keep, not of their last one."""

    column: str
    epoch: str
    runs: int


@dataclass(frozen=True)
class Folds(Notice):
    """Runs that are named by the fold of a cross-validation."""

    column: str


@dataclass(frozen=True)
class LastOfLog(Notice):
    """Of each run the value at its highest epoch is taken."""

    column: str


@dataclass(frozen=True)
class BestEpochs(Notice):
    """A column that may name the epochs that runs keep, of a log of which the last ones count."""

    column: str


@dataclass(frozen=True)
class SeedsNotPaired(Notice):
    """All experiments have the same seeds, and nobody has declared that they pair runs."""

    seeds: int


@dataclass(frozen=True)
class AbsentSeeds(Notice):
    """Experiments that lack seeds which others have, each with these seeds, where runs are not
    paired."""

    absent: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class PairsDropped(Notice):
    """Pairs of experiments that have as many seeds in common, and the same ones on one side only;
    where fewer than 3 are in common, whatever the others are."""

    pairs: tuple[tuple[str, str], ...]
    shared: int
    seeds: tuple[str, ...]


@dataclass(frozen=True)
class AlikeNames(Notice):
    """Names of experiments that differ in capitals, spaces, signs, or the writing of a number."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class MeansInARow(Notice):
    """An experiment of one run that is, by its name, a summary of others."""

    name: str


@dataclass(frozen=True)
class RowOfMeans(Notice):
    """The last run of each of several experiments has the mean of its other values. `places`: of
    their rows."""

    metric: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class SameValues(Notice):
    """Two experiments of which each run has the value of one of the other, of its seed if it has
    one."""

    metric: str
    names: tuple[str, str]
    runs: int


@dataclass(frozen=True)
class LargeMatters(Notice):
    """A smallest difference that matters of shares that was probably meant in points."""

    metric: str
    matters: float
    points: float


@dataclass(frozen=True)
class Confounded(Notice):
    """The settings of which pairs differ in several, or in what they were measured on, where nobody
    has said what is meant to."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class NoSettings(Notice):
    """No column records a setting of the experiments."""
