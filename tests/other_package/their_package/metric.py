"""A metric: the mean over classes of the accuracy on their test images."""

from __future__ import annotations

import numpy as np

from paribus.measure.metric import Metric
from paribus.measure.runs import Run


def _balanced_accuracy(run: Run) -> float:
    predictions = run.predictions
    if predictions is None:
        return float("nan")
    label_N, correct_N = predictions.label_N, predictions.correct
    return float(np.mean([correct_N[label_N == k].mean() for k in np.unique(label_N)]))


BALANCED_ACCURACY = Metric(
    key="balanced_accuracy",
    label="balanced accuracy",
    higher_is_better=True,
    better="better balanced accuracy",
    worse="worse balanced accuracy",
    unit="points",
    scale=100,
    is_share=True,
    widest=1,
    read=_balanced_accuracy,
)
