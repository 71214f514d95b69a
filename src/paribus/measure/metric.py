"""Metrics that questions can be about: `Metric`, one object per metric.

A metric of another package is one object, registered by an entry point of the group
"paribus.metrics"; CONTRIBUTING.md has an example. The built-in ones are in `metrics`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from paribus.spec.metric_names import metric_facts
from paribus.spec.question import MetricQuestion
from paribus.text import plural, with_unit

if TYPE_CHECKING:
    from paribus.measure.predictions import Predictions
    from paribus.measure.runs import ExperimentResult, Run

# E epochs, N test images


@dataclass(frozen=True)
class Metric:
    """A number by which experiments are compared: how it is read, printed and judged.

    Values are kept as measured (an accuracy as 0.9874).
    """

    key: str
    """Its name in study files, e.g. "test_accuracy"."""
    label: str
    """Its name in sentences."""
    higher_is_better: bool
    better: str
    """Description of the better experiment, in a word or two."""
    worse: str
    unit: str = ""
    """The unit of a printed difference."""
    unit_of_one: str = ""
    """The same of a difference of 1, e.g. "point"; "" if it is the same word."""
    scale: float = 1.0
    """Turns a difference into that unit, e.g. 100 makes points of shares."""
    is_share: bool = False
    """Whether a value is a share, which is printed as a percentage."""
    decimals: int = 2
    """The fewest decimals of a printed difference."""
    widest: float = math.inf
    """The largest difference that there can be, unscaled."""
    limits: str = ""
    """Why there is none larger, as a clause, e.g. "accuracies lie between 0 and 1"."""
    mistyped_from: float = math.inf
    """From this difference on, unscaled, one that somebody types was probably meant as printed."""
    kind: str = "compare"
    """The kind of question that it is asked by."""
    curve: Callable[[Run], NDArray[np.float64]] | None = None
    """Return the value after each epoch of a run, (E,), NaN where it has none; None if it is known
    at the end alone, or of no run."""
    read: Callable[[Run], float] | None = None
    """Return the value of a finished run, NaN if it has none; None if that is `curve` at the epoch
    that the run keeps, or if no run has a value."""
    count: Callable[[ExperimentResult], int | None] | None = None
    """Return the value of an experiment, for those that need no run; None if it is unknown."""
    scores: Callable[[Predictions], NDArray[np.floating]] | None = None
    """Return a score per test image, (N,), whose mean is the run's value; None if there is none."""
    scores_are_correctness: bool = False
    """Whether a score is 1 for a correct classification and 0 otherwise."""
    without: str = "runs that all end"
    """Condition under which every run has a value."""
    lacks: str = "diverged"
    """Verb phrase for a run without a value."""
    needs_validation: bool = False
    """Whether only studies with validation images have it."""
    check_data: Callable[[Sequence[str], Path], None] | None = None
    """Raise `UserError` if it cannot be of data with these class names, in a study of this
    folder; None if it can be of all data."""
    in_preview: str = ""
    """The metric that previews ask for in its place; "" if they ask for itself."""

    @property
    def is_of_runs(self) -> bool:
        """Whether runs have a value."""
        return self.curve is not None or self.read is not None

    @property
    def is_printed_as_measured(self) -> bool:
        """Whether a difference is the same number on paper as in a study file."""
        return self.scale == 1

    @property
    def whole(self) -> float:
        """The value where all is right, in its own unit: 1 of shares, 100 of percentages."""
        return 100 / self.scale if self.is_share else 1.0

    def check_difference(self, difference: float) -> None:
        """Raise ValueError, saying what to write, if the metric cannot differ by so much."""
        if difference < self.widest:
            return
        reason = self.limits or f"values of the {self.label} are less than {self.widest:g} apart"
        said = f"{reason}, so none differs by {difference:g}"
        if not self.is_printed_as_measured:
            # Whoever writes 5 means 5 points.
            meant = difference if difference < self.scale else 0.1
            unit = plural(meant, self.unit_of_one or self.unit, self.unit)
            said += f"; write {meant / self.scale:g} for {with_unit(format(meant, 'g'), unit)}"
        raise ValueError(said)

    def value(self, run: Run) -> float:
        """Return the value of a run that has ended; NaN if it diverged or has none."""
        if not self.is_of_runs:
            raise ValueError(f"runs have no {self.key}")
        if run.status != "finished" or not run.epochs:
            return math.nan
        if self.read is not None:
            return self.read(run)
        return float(self.values(run)[run.kept_epoch - 1])

    def values(self, run: Run) -> NDArray[np.float64]:
        """Return the value after each epoch of a run: (E,); NaN where it has none, or where it is
        known at the end alone."""
        return np.full(run.epochs, np.nan) if self.curve is None else self.curve(run)

    def called(self, label: str) -> Metric:
        """Return the metric under another name, where higher or lower says what is better."""
        words = ("higher", "lower") if self.higher_is_better else ("lower", "higher")
        better, worse = (f"{word} {label}" for word in words)
        return replace(self, label=label, better=better, worse=worse)

    def with_arguments(self, arguments: Sequence[str]) -> Metric:
        """Return the metric itself. Raises ValueError if anything is written behind its name."""
        if arguments:
            raise ValueError(f'metric "{self.key}" takes no number, got "{" ".join(arguments)}"')
        return self


@dataclass(frozen=True)
class MetricWithArgument:
    """A metric that takes a share between 0 and 1 behind its name, e.g. `epochs_to 0.98`.

    `takes`: what the number is, with its article, e.g. "an accuracy".
    """

    key: str
    takes: str
    make: Callable[[float], Metric]
    example: str = "0.98"

    def with_arguments(self, arguments: Sequence[str]) -> Metric:
        """Return the metric for an argument. Raises ValueError unless it is a share."""
        if len(arguments) != 1 or not _is_share(arguments[0]):
            raise ValueError(
                f'metric "{self.key}" needs {self.takes} between 0 and 1; '
                f'write e.g. "{self.key} 0.98"'
            )
        return self.make(float(arguments[0]))


@dataclass(frozen=True)
class MetricOfClass:
    """A metric that takes the name of a class behind its name, e.g. `class_accuracy 7`."""

    key: str
    make: Callable[[str], Metric]
    example: str = "7"

    def with_arguments(self, arguments: Sequence[str]) -> Metric:
        """Return the metric for a class. Raises ValueError without one."""
        if not arguments:
            raise ValueError(
                f'metric "{self.key}" needs a class; write e.g. "{self.key} {self.example}"'
            )
        return self.make(" ".join(arguments))


def named(text: str) -> Metric:
    """Return the metric of a text such as "test_accuracy" or "epochs_to 0.98".

    Raises ValueError if it names none.

    >>> named("epochs_to 0.98").label
    'number of epochs to 98% test accuracy'
    """
    return cast(Metric, metric_facts(text))


def asked(question: MetricQuestion) -> Metric:
    """Return the metric of a question, called as it says."""
    metric = named(question.metric)
    return metric.called(question.metric_label) if question.metric_label else metric


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) < 1
    except ValueError:
        return False
