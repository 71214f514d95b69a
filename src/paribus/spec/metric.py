"""The numbers that a question can be about, and how they are named."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from paribus.errors import did_you_mean


@dataclass(frozen=True)
class MetricKind:
    """A number that a question can be about: what it is, its unit, and which way is better."""

    label: str
    """What a sentence calls it; "{}" stands for the number behind its name, in per cent."""
    higher_is_better: bool
    better: str
    """What a better one has or is, in a word or two."""
    worse: str
    unit: str = ""
    """What a printed difference is in."""
    scale: float = 1.0
    """Turns a difference into that unit, e.g. 100 makes points of shares."""
    takes: str = ""
    """What the number behind the metric's name means, e.g. an accuracy; empty if it has none."""
    widest: float = math.inf
    """The largest difference that there can be, unscaled."""
    without: str = "runs that all end"
    """What it takes where runs have no value."""
    lacks: str = "diverged"
    """What a run without a value did; "{}" as in the label."""
    from_runs: bool = True
    """Whether every run has a value of its own; if not, seeds say nothing about it."""


METRICS: dict[str, MetricKind] = {
    "test_accuracy": MetricKind(
        "final test accuracy", True, "more accurate", "less accurate", "points", 100, widest=1
    ),
    "test_loss": MetricKind("final test loss", False, "lower loss", "higher loss", "nats"),
    "train_loss": MetricKind("final train loss", False, "lower loss", "higher loss", "nats"),
    "epochs_to": MetricKind(
        "number of epochs to {} test accuracy",
        False,
        "fewer epochs",
        "more epochs",
        "epochs",
        takes="an accuracy",
        without="runs that all get there: more epochs, or an accuracy that is easier to reach",
        lacks="never got to {} test accuracy",
    ),
    "generalisation_gap": MetricKind(
        "final train minus test accuracy",
        False,
        "smaller gap",
        "larger gap",
        "points",
        100,
        widest=2,
    ),
    "test_loss_rise": MetricKind(
        "rise of the test loss after its minimum", False, "smaller rise", "larger rise", "nats"
    ),
    "parameters": MetricKind(
        "number of parameters", False, "fewer parameters", "more parameters", from_runs=False
    ),
    "step_time": MetricKind(
        "time of a training step", False, "faster step", "slower step", from_runs=False
    ),
}


def metric_kind(text: str) -> tuple[MetricKind, float | None]:
    """The kind of a metric that `check_metric` has accepted, and the number behind its name.

    >>> kind, number = metric_kind("epochs_to 0.98")
    >>> kind.label, number
    ('number of epochs to 98 % test accuracy', 0.98)
    """
    name, *rest = text.split()
    kind = METRICS[name]
    if not rest:
        return kind, None
    shown = f"{float(rest[0]) * 100:g} %"
    said = replace(kind, label=kind.label.format(shown), lacks=kind.lacks.format(shown))
    return said, float(rest[0])


def check_metric(text: str) -> str:
    """The text of a metric, e.g. `test_accuracy` or `epochs_to 0.98`, if it names one.

    Raises ValueError saying what is wrong.

    >>> check_metric("epochs_to 0.98")
    'epochs_to 0.98'
    """
    name, *rest = text.split()
    if name not in METRICS:
        raise ValueError(f'there is no metric "{name}"; {did_you_mean(name, list(METRICS))}')
    takes = METRICS[name].takes
    if takes and (len(rest) != 1 or not _is_share(rest[0])):
        raise ValueError(f'metric "{name}" needs {takes} between 0 and 1; write e.g. "{name} 0.98"')
    if not takes and rest:
        raise ValueError(f'metric "{name}" takes no number, got "{" ".join(rest)}"')
    return " ".join([name, *rest])


def check_matters(matters: float, metric: str) -> float:
    """A smallest difference that matters, if a metric that `check_metric` took can differ by it.

    Raises ValueError saying what is wrong.

    >>> check_matters(0.001, "test_accuracy")
    0.001
    """
    if not math.isfinite(matters):
        raise ValueError(f"must be a finite number, got {matters}")
    if matters >= metric_kind(metric)[0].widest:
        raise ValueError(
            f"accuracies lie between 0 and 1, so none differs by {matters:g}; "
            "write e.g. 0.001 for 0.1 points"
        )
    return matters


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) < 1
    except ValueError:
        return False
