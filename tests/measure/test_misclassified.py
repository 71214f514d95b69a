"""Wrong images are counted right, and only where every run has predictions."""

from __future__ import annotations

import numpy as np

from paribus.measure.misclassified import confusion, correct, most_misclassified
from tests.support.made_up import dataset, run


def test_confusion_and_mistakes() -> None:
    labels_N = np.array([0, 1, 2, 2])
    predicted_SN = np.array([[0, 1, 2, 1], [0, 2, 2, 1]])
    assert confusion(predicted_SN, labels_N, 3).tolist() == [
        [1.0, 0.0, 0.0],
        [0.0, 0.5, 0.5],
        [0.0, 1.0, 1.0],
    ]
    found = most_misclassified(predicted_SN, labels_N, 10)
    assert [(m.image, m.truth, m.taken_for, m.wrong) for m in found] == [(3, 2, 1, 2), (1, 1, 2, 1)]


def test_runs_without_predictions_are_not_judged_by_the_others() -> None:
    data = dataset(40)
    with_some = run(0, 2, "finished", data)
    without = run(1, 2, "finished", data, read_probabilities=lambda: None)
    found = correct([with_some])
    assert found is not None
    assert found.shape == (1, 40)
    assert correct([with_some, without]) is None
    assert correct([]) is None
