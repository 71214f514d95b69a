"""A metric: the accuracy on the test images of the worst class."""

from __future__ import annotations

import numpy as np

from paribus.measure.metric import Metric
from paribus.measure.runs import Run


def _worst_class(run: Run) -> float:
    predictions = run.predictions
    if predictions is None:
        return float("nan")
    label_N, correct_N = predictions.label_N, predictions.correct
    return float(min(correct_N[label_N == k].mean() for k in np.unique(label_N)))


WORST_CLASS = Metric(
    key="worst_class",
    label="accuracy of the worst class",
    higher_is_better=True,
    better="better worst class",
    worse="worse worst class",
    unit="points",
    scale=100,
    is_share=True,
    widest=1,
    read=_worst_class,
)
