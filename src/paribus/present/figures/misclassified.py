"""Figure of misclassified test images."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from paribus.present.figures.shown import Misclassified, MisclassifiedImage
from paribus.present.figures.style import GRAY, style
from paribus.text import short_name

# C channels, H rows, W columns

_COLUMNS = 5


def misclassified(shown: Misclassified) -> Figure:
    """Draw each image with its true class and what it was taken for."""
    name, runs = short_name(shown.name, 40), shown.runs
    rows = -(-len(shown.images) // _COLUMNS)
    with style():
        figure = Figure(figsize=(8.5, 2.2 * rows + 0.4), layout="constrained")
        what = (
            f"images that most of its {runs} runs get wrong"
            if runs > 1
            else "images that its 1 run gets wrong"
        )
        figure.suptitle(f"{name}: {what}", fontsize=10.5)
        for place, image in enumerate(shown.images, start=1):
            _draw(figure.add_subplot(rows, _COLUMNS, place), image, runs)
    return figure


def _draw(axes: Axes, image: MisclassifiedImage, runs: int) -> None:
    axes.imshow(_picture(image.image_CHW), cmap="gray_r", vmin=0, vmax=255)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("#bbbbbb")
    of = f", {image.wrong} of {runs} wrong" if runs > 1 else ""
    title = "\n".join(textwrap.wrap(f"{image.truth}, taken for {image.taken_for}", 24)[:3])
    axes.set_title(title, fontsize=9.5 if len(title) < 20 else 8)
    doubt = "\nlabel rejected" if image.rejected else ""
    axes.set_xlabel(f"no. {image.number}{of}{doubt}", fontsize=8, color=GRAY)


def _picture(image_CHW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(C, H, W) as matplotlib wants it: (H, W, 3) in color, else (H, W) in gray, the mean of the
    channels."""
    if len(image_CHW) == 3:
        return image_CHW.transpose(1, 2, 0)
    gray: NDArray[np.uint8] = image_CHW.mean(0).astype(np.uint8)
    return gray
