"""Which epoch's network a run keeps: the last, or the best on the validation images.

Runs that train decide it epoch by epoch (`execute/keeping.py`), and whatever reads a run finds the
same epoch again from what is stored of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from paribus.spec.experiment import Experiment

# E epochs


def epoch_value(experiment: Experiment, loss: float, accuracy: float) -> float:
    """Return what is to be low in the epoch that an experiment keeps, of its validation loss and
    accuracy."""
    return loss if experiment.best_by == "validation_loss" else -accuracy


def kept_epoch(experiment: Experiment, epochs: Mapping[str, NDArray[np.float64]]) -> int:
    """Return the epoch, counted from 1, whose network a run keeps: of equally good ones the first;
    the last one where none is chosen, or where no value is finite.

    epochs: (E,) for each of a run's columns, among them "validation_loss" and
    "validation_accuracy".
    """
    loss_E, accuracy_E = epochs["validation_loss"], epochs["validation_accuracy"]
    if experiment.best_by == "none":
        return len(loss_E)
    pairs = zip(loss_E, accuracy_E, strict=True)
    value_E = np.array([epoch_value(experiment, loss, accuracy) for loss, accuracy in pairs])
    if not np.isfinite(value_E).any():
        return len(value_E)
    return int(np.where(np.isfinite(value_E), value_E, np.inf).argmin()) + 1
