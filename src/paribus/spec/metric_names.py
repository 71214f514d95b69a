"""Names of metrics in study files and on the command line.

What a metric is, is said in `measure`; here is what the names are checked by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from paribus.errors import did_you_mean
from paribus.registry import Registry
from paribus.spec.bounds import LONGEST_LABEL
from paribus.text import is_import_path


class MetricFacts(Protocol):
    """Interface of a metric that questions need."""

    @property
    def kind(self) -> str:
        """The kind of question that it is asked by."""

    @property
    def label(self) -> str:
        """Its name in sentences."""

    @property
    def in_preview(self) -> str:
        """The metric that previews ask for in its place; "" if they ask for itself."""

    @property
    def needs_validation(self) -> bool:
        """Whether only studies with validation images have it."""

    def check_difference(self, difference: float) -> None:
        """Raise ValueError, saying what to write, if the metric cannot differ by so much."""


class NamedMetric(Protocol):
    """Object registered under a metric's name."""

    def with_arguments(self, arguments: Sequence[str]) -> MetricFacts:
        """Return the metric for what is written behind its name. Raises ValueError if it cannot
        be that."""


METRICS: Registry[NamedMetric] = Registry(
    "metrics",
    "metric",
    {
        "test_accuracy": "paribus.measure.built_in_metrics:TEST_ACCURACY",
        "test_loss": "paribus.measure.built_in_metrics:TEST_LOSS",
        "train_loss": "paribus.measure.built_in_metrics:TRAIN_LOSS",
        "validation_accuracy": "paribus.measure.built_in_metrics:VALIDATION_ACCURACY",
        "best_validation_test_accuracy": (
            "paribus.measure.built_in_metrics:BEST_VALIDATION_TEST_ACCURACY"
        ),
        "validation_loss": "paribus.measure.built_in_metrics:VALIDATION_LOSS",
        "epochs_to": "paribus.measure.built_in_metrics:EPOCHS_TO",
        "generalisation_gap": "paribus.measure.built_in_metrics:GENERALISATION_GAP",
        "test_loss_rise": "paribus.measure.built_in_metrics:TEST_LOSS_RISE",
        "class_accuracy": "paribus.measure.of_predictions:CLASS_ACCURACY",
        "worst_class": "paribus.measure.of_predictions:WORST_CLASS",
        "calibration_error": "paribus.measure.of_predictions:CALIBRATION_ERROR",
        "parameters": "paribus.measure.built_in_metrics:PARAMETERS",
        "step_time": "paribus.measure.built_in_metrics:STEP_TIME",
    },
)


# Functions of a user's own have no name of ours.
_FUNCTIONS: Registry[NamedMetric] = Registry(
    "metric_functions", "metric", {"function": "paribus.measure.of_predictions:FUNCTION"}
)


def metric_facts(text: str) -> MetricFacts:
    """Return the metric of a text such as "test_accuracy", "epochs_to 0.98" or
    "my_package.metrics:f1".

    Raises ValueError saying what is wrong with it.

    >>> metric_facts("epochs_to 0.98").kind
    'compare'
    """
    name, *arguments = text.split() or [""]
    if is_function(name):
        return _FUNCTIONS.get("function").with_arguments([name, *arguments])
    if name not in METRICS:
        raise ValueError(f'there is no metric "{name}"; {did_you_mean(name, METRICS.names())}')
    return METRICS.get(name).with_arguments(arguments)


def check_metric(text: str) -> str:
    """Return the text of a metric, its spaces put in order, if it names one.

    Raises ValueError saying what is wrong.

    >>> check_metric("epochs_to  0.98")
    'epochs_to 0.98'
    """
    metric_facts(text)
    return " ".join(text.split())


def is_function(metric: str) -> bool:
    """Return whether a metric is a function of the user's own."""
    name = metric.split()[:1]
    return bool(name) and name[0] not in METRICS and is_import_path(name[0])


def check_metric_label(label: str, metric: str) -> str:
    """Return the name of a metric in sentences.

    metric: a valid name, "" if it is wrong. Raises ValueError if it is no function of the user's
    own, or the label is not one line.
    """
    if label and metric and not is_function(metric):
        raise ValueError(f"is for a metric that is a function; leave it out beside {metric}")
    if not label.isprintable() or label != label.strip() or len(label) > LONGEST_LABEL:
        raise ValueError(
            f"must be one line of at most {LONGEST_LABEL} characters without spaces at its ends"
        )
    return label


def check_matters(matters: float, metric: str) -> float:
    """Return a smallest difference that matters, if a metric (a valid name) can differ by it.

    Raises ValueError saying what is wrong.

    >>> check_matters(0.001, "test_accuracy")
    0.001
    """
    if not math.isfinite(matters):
        raise ValueError(f"must be a finite number, got {matters}")
    metric_facts(metric).check_difference(matters)
    return matters
