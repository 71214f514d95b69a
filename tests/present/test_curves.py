"""Learning curves: what stands beside the axes lies on the figure."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from paribus.present.figures.curves import learning_curves
from paribus.present.figures.shown import LearningCurves, RunCurves


@pytest.mark.slow
@pytest.mark.parametrize("narrow", [False, True])
def test_axes_of_tiny_losses_lie_on_the_figure(narrow: bool) -> None:
    falling = np.logspace(-0.5, -6.5, 100)
    curves = RunCurves(
        train_loss=falling,
        train_accuracy=1 - falling,
        test_loss=falling,
        test_accuracy=1 - falling,
        finished=True,
        diverged=False,
        averaged=True,
        kept_epoch=100,
    )
    figure = learning_curves(LearningCurves("cnn", (curves, curves)), narrow=narrow)
    figure.savefig(BytesIO())
    box, inside = figure.get_tightbbox(), figure.bbox_inches
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert "0.0001" in labels
    assert box.x0 > inside.x0
    assert box.x1 < inside.x1
