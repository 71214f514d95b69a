"""The numbers that a question can be about, and how they are named."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.errors import did_you_mean


@dataclass(frozen=True)
class MetricKind:
    """A measured number: what it is, in which unit, and which way is better."""

    label: str
    unit: str
    higher_is_better: bool
    takes: str = ""
    """What the number behind the metric's name means, e.g. an accuracy; empty if it has none."""


METRICS: dict[str, MetricKind] = {
    "test_accuracy": MetricKind("final test accuracy", "share", True),
    "test_loss": MetricKind("final test loss", "nats", False),
    "train_loss": MetricKind("final train loss", "nats", False),
    "epochs_to": MetricKind("epochs to reach a test accuracy", "epochs", False, "an accuracy"),
    "generalisation_gap": MetricKind("train minus test accuracy", "share", False),
    "test_loss_rise": MetricKind("rise of the test loss after its minimum", "nats", False),
    "parameters": MetricKind("parameters", "count", False),
    "step_time": MetricKind("time of a training step", "ratio", False),
}


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


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) < 1
    except ValueError:
        return False
