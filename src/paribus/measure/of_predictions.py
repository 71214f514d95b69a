"""Metrics that are computed from a run's predictions on the test images.

`class_accuracy`, `worst_class`, `calibration_error`, and functions of the user's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import UserError, did_you_mean
from paribus.measure.metric import Metric, MetricOfClass
from paribus.spec.functions import UNTRUSTED, find_function, told
from paribus.stats.calibration import BINS, calibration_error

if TYPE_CHECKING:
    from paribus.measure.predictions import Predictions
    from paribus.measure.runs import Run

_share = partial(
    Metric,
    unit="points",
    unit_of_one="point",
    scale=100,
    is_share=True,
    widest=1,
    mistyped_from=0.1,
)


def _predictions(run: Run, metric: str) -> Predictions:
    if (predictions := run.predictions) is None:
        raise UserError(
            f'metric "{metric}": the predictions of run {run.id} are missing in its store; remove '
            "the run, and train it again"
        )
    return predictions


def class_accuracies(predictions: Predictions) -> NDArray[np.float64]:
    """Return the accuracy on the test images of each class, NaN of one without any: (K,)."""
    classes = max(len(predictions.class_names), int(predictions.label_N.max()) + 1)
    images_K = np.bincount(predictions.label_N, minlength=classes)
    correct_K = np.bincount(predictions.label_N[predictions.correct], minlength=classes)
    return np.where(images_K > 0, correct_K / np.maximum(images_K, 1), np.nan)


def _class_accuracy(name: str) -> Metric:
    written = f"class_accuracy {name}"

    def check(class_names: Sequence[str], folder: Path | None) -> None:
        if name not in class_names:
            known = did_you_mean(name, list(class_names))
            raise UserError(f'metric "{written}": there is no class "{name}"; {known}')

    def read(run: Run) -> float:
        predictions = _predictions(run, written)
        check(predictions.class_names, predictions.folder)
        value = float(class_accuracies(predictions)[predictions.class_names.index(name)])
        if math.isnan(value):
            raise UserError(f'metric "{written}": no test image is of class "{name}"')
        return value

    return _share(
        key="class_accuracy",
        label=f"final test accuracy on class {name}",
        higher_is_better=True,
        better=f"more accurate on class {name}",
        worse=f"less accurate on class {name}",
        limits="accuracies lie between 0 and 1",
        read=read,
        check_data=check,
    )


CLASS_ACCURACY = MetricOfClass("class_accuracy", _class_accuracy)

WORST_CLASS = _share(
    key="worst_class",
    label="final test accuracy on the worst class",
    higher_is_better=True,
    better="more accurate on its worst class",
    worse="less accurate on its worst class",
    limits="accuracies lie between 0 and 1",
    read=lambda run: float(np.nanmin(class_accuracies(_predictions(run, "worst_class")))),
)


def _calibration_error(run: Run) -> float:
    predictions = _predictions(run, "calibration_error")
    if predictions.of_class_N is None:
        raise UserError(
            f'metric "calibration_error": run {run.id} was unpacked, and a pack has no '
            "probabilities of wrong predictions; train the study in another store"
        )
    return calibration_error(predictions.of_class_N, predictions.correct)


CALIBRATION_ERROR = _share(
    key="calibration_error",
    label=f"final expected calibration error ({BINS} bins)",
    higher_is_better=False,
    better="better calibrated",
    worse="worse calibrated",
    limits="calibration errors lie between 0 and 1",
    read=_calibration_error,
)


@dataclass(frozen=True)
class FunctionMetric:
    """What makes metrics of functions of the user's own, e.g. of `my_package.metrics:f1`.

    A function takes the true and the predicted classes of the test images, int64 (N,) each, as
    scikit-learn's metrics do, and returns a number.
    """

    def with_arguments(self, arguments: Sequence[str]) -> Metric:
        """Return the metric of an import path, higher better unless "lower" stands behind it.

        Raises ValueError if anything else does.
        """
        path, *others = arguments
        if others not in ([], ["lower"], ["higher"]):
            raise ValueError(
                f'metric "{path}" takes "lower" or "higher", which is better, got '
                f'"{" ".join(others)}"'
            )
        metric = Metric(
            key=path,
            label="",
            higher_is_better=others != ["lower"],
            better="",
            worse="",
            read=partial(_of_function, path),
            check_data=partial(_try, path),
        )
        return metric.called(path.partition(":")[2].replace("_", " ").strip() or path)


def _of_function(path: str, run: Run) -> float:
    predictions = _predictions(run, path)
    return _called(path, predictions.folder, predictions.label_N, predictions.class_N)


def _try(path: str, class_names: Sequence[str], folder: Path) -> None:
    """Call the function once, as if every image were predicted right."""
    label_N = np.arange(len(class_names)).repeat(2)
    _called(path, folder, label_N, label_N)


def _called(
    path: str, folder: Path | None, label_N: NDArray[np.int64], class_N: NDArray[np.integer[Any]]
) -> float:
    where = f'metric "{path}"'
    if folder is None:
        raise UserError(f"{where}: is a function, and {UNTRUSTED}, e.g. with --study")
    function = find_function(path, folder, where)
    with told(where):
        # Copies: what a function does to its arrays is no other metric's business.
        value = function(label_N.copy(), class_N.astype(np.int64))
    if isinstance(value, bool | str) or not isinstance(value, int | float | np.number):
        raise UserError(f"{where}: returned a {type(value).__name__}; it must return a number")
    if not math.isfinite(value):
        raise UserError(f"{where}: returned {value}; it must return a finite number")
    return float(value)


FUNCTION = FunctionMetric()
