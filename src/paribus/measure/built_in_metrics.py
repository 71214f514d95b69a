"""The built-in metrics. `spec/metric_names.py` lists them by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paribus.measure.metric import Metric, MetricWithArgument
from paribus.text import percent

if TYPE_CHECKING:
    from paribus.measure.predictions import Predictions
    from paribus.measure.runs import Run


def _cross_entropy(predictions: Predictions) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return -np.log(predictions.of_truth_N.astype(np.float64))


_accuracy = partial(
    Metric,
    unit="points",
    unit_of_one="point",
    scale=100,
    is_share=True,
    limits="accuracies lie between 0 and 1",
    # Few changes of a network are worth 10 points, and smaller differences would count as none.
    mistyped_from=0.1,
)

_loss = partial(
    Metric,
    higher_is_better=False,
    better="lower loss",
    worse="higher loss",
    unit="nats",
    unit_of_one="nat",
)

TEST_ACCURACY = _accuracy(
    key="test_accuracy",
    label="final test accuracy",
    higher_is_better=True,
    better="more accurate",
    worse="less accurate",
    widest=1,
    curve=lambda run: run.curves.test_accuracy,
    scores=lambda predictions: predictions.correct.astype(np.float64),
    scores_are_correctness=True,
)

TEST_LOSS = _loss(
    key="test_loss",
    label="final test loss",
    curve=lambda run: run.curves.test_loss,
    scores=_cross_entropy,
)

TRAIN_LOSS = _loss(
    key="train_loss",
    label="final training loss",
    curve=lambda run: run.curves.train_loss,
)

TRAIN_ACCURACY = _accuracy(
    key="train_accuracy",
    label="final training accuracy",
    higher_is_better=True,
    better="more accurate in training",
    worse="less accurate in training",
    widest=1,
    curve=lambda run: run.curves.train_accuracy,
)

VALIDATION_ACCURACY = _accuracy(
    key="validation_accuracy",
    label="final validation accuracy",
    higher_is_better=True,
    better="more accurate",
    worse="less accurate",
    widest=1,
    curve=lambda run: run.curves.validation_accuracy,
    needs_validation=True,
)

VALIDATION_LOSS = _loss(
    key="validation_loss",
    label="final validation loss",
    curve=lambda run: run.curves.validation_loss,
    needs_validation=True,
)


def _at_best_validation(run: Run) -> NDArray[np.float64]:
    """The test accuracy of the epoch with the highest validation accuracy so far, of equals the
    first."""
    accuracy_E = run.curves.validation_accuracy
    if not np.isfinite(accuracy_E).all():
        return np.full(run.epochs, np.nan)
    best = [int(accuracy_E[: epoch + 1].argmax()) for epoch in range(run.epochs)]
    return run.curves.test_accuracy[best]


BEST_VALIDATION_TEST_ACCURACY = _accuracy(
    key="best_validation_test_accuracy",
    label="test accuracy of the epoch with the best validation accuracy",
    higher_is_better=True,
    better="more accurate",
    worse="less accurate",
    widest=1,
    curve=_at_best_validation,
    needs_validation=True,
)


def _within_reach(accuracy: float) -> float:
    """Return a preview's substitute for an accuracy: half of it.

    >>> _within_reach(0.98)
    0.49
    """
    return accuracy / 2


def _epochs_to(accuracy: float) -> Metric:
    def epochs(run: Run) -> NDArray[np.float64]:
        reached_E = run.curves.test_accuracy >= accuracy
        first = reached_E.argmax() if reached_E.any() else run.epochs
        return np.where(np.arange(run.epochs) < first, np.nan, first + 1.0)

    shown = percent(accuracy, "g")
    return Metric(
        key="epochs_to",
        label=f"number of epochs to {shown} test accuracy",
        higher_is_better=False,
        better="fewer epochs",
        worse="more epochs",
        unit="epochs",
        unit_of_one="epoch",
        decimals=1,
        curve=epochs,
        # Of training, and not of the network that is kept.
        read=lambda run: float(epochs(run)[-1]),
        without="runs that all get there: more epochs, or an accuracy that is easier to reach",
        lacks=f"never got to {shown} test accuracy",
        in_preview=f"epochs_to {_within_reach(accuracy):.12g}",
    )


EPOCHS_TO = MetricWithArgument("epochs_to", takes="an accuracy", make=_epochs_to)

GENERALISATION_GAP = _accuracy(
    key="generalisation_gap",
    label="final train minus test accuracy",
    higher_is_better=False,
    better="smaller gap",
    worse="larger gap",
    widest=2,
    curve=lambda run: run.curves.train_accuracy - run.curves.test_accuracy,
)

TEST_LOSS_RISE = Metric(
    key="test_loss_rise",
    label="rise of the test loss after its minimum",
    higher_is_better=False,
    better="smaller rise",
    worse="larger rise",
    unit="nats",
    unit_of_one="nat",
    curve=lambda run: run.curves.test_loss - np.minimum.accumulate(run.curves.test_loss),
)

PARAMETERS = Metric(
    key="parameters",
    label="number of parameters",
    higher_is_better=False,
    better="fewer parameters",
    worse="more parameters",
    unit_of_one="parameter",
    kind="count",
    count=lambda result: result.parameters,
)

STEP_TIME = Metric(
    key="step_time",
    label="time of a training step",
    higher_is_better=False,
    better="faster step",
    worse="slower step",
    unit="% of the time of a step",
    scale=100,
    mistyped_from=1,
    kind="step_time",
)

TRAIN_SECONDS = Metric(
    key="train_seconds",
    label="time of training",
    higher_is_better=False,
    better="less time",
    worse="more time",
    unit="s",
    curve=lambda run: run.curves.train_seconds,
)

TEST_SECONDS = Metric(
    key="test_seconds",
    label="time of evaluation",
    higher_is_better=False,
    better="less time",
    worse="more time",
    unit="s",
    curve=lambda run: run.curves.test_seconds,
)

OF_EVERY_EPOCH = (
    TRAIN_LOSS,
    TRAIN_ACCURACY,
    TEST_LOSS,
    TEST_ACCURACY,
    VALIDATION_LOSS,
    VALIDATION_ACCURACY,
    TRAIN_SECONDS,
    TEST_SECONDS,
)
"""What engines measure: one for each of the store's `EPOCH_COLUMNS`, by the same names. Not all can
be asked about: how long training takes depends on what else the machine does."""
