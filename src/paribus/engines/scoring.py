"""Converts logits to probabilities and to a score on labeled images; shared by all engines.

Computed in float64 and by NumPy alone, so that equal logits give equal scores whatever made them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paribus.engines.base import Floats, Labels, Score

# N images, K classes


def log_softmax(logits_NK: NDArray[np.floating]) -> NDArray[np.float64]:
    """The logarithm of each class's probability: (N, K)."""
    logits_NK = logits_NK.astype(np.float64)
    shifted_NK = logits_NK - logits_NK.max(axis=1, keepdims=True)
    return np.asarray(shifted_NK - np.log(np.exp(shifted_NK).sum(axis=1, keepdims=True)))


def probabilities(logits_NK: NDArray[np.floating]) -> Floats:
    """Softmax of the logits: (N, K), each row adding up to 1.

    >>> probabilities(np.zeros((1, 4))).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    with np.errstate(invalid="ignore"):  # A run that diverged has no probabilities but NaN.
        return np.exp(log_softmax(logits_NK)).astype(np.float32)


def score(logits_NK: NDArray[np.floating], labels_N: Labels) -> Score:
    """Mean cross entropy in nats, without label smoothing, and share of correct answers.

    A row of equal logits is answered with its first class.

    >>> score(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1]))
    Score(loss=0.6931471805599453, accuracy=0.5)
    """
    with np.errstate(invalid="ignore"):
        log_NK = log_softmax(logits_NK)
    loss = -log_NK[np.arange(len(labels_N)), labels_N].mean()
    return Score(float(loss), float((logits_NK.argmax(axis=1) == labels_N).mean()))
