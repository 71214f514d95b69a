"""Figure of misclassified test images."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from paribus.present.figures.shown import Misclassified, MisclassifiedImage
from paribus.present.figures.style import GRAY, PAPER_WIDTH, style
from paribus.text import short_name

# C channels, H rows, W columns

_COLUMNS, _COLUMNS_ON_PAPER = 5, 4


def misclassified(shown: Misclassified, *, paper: bool = False) -> Figure:
    """Draw each image with its true class and the predicted one.

    paper: as wide as a page's text.
    """
    name, runs = short_name(shown.name, 40), shown.runs
    columns = _COLUMNS_ON_PAPER if paper else _COLUMNS
    rows = -(-len(shown.images) // columns)
    with style():
        width = PAPER_WIDTH if paper else 8.5
        figure = Figure(figsize=(width, 2.2 * rows + 0.4), layout="constrained")
        what = (
            f"images that most of its {runs} runs get wrong"
            if runs > 1
            else "images that its 1 run gets wrong"
        )
        apart = ":\n" if paper and len(name) + len(what) > 60 else ": "
        figure.suptitle(f"{name}{apart}{what}", fontsize=10.5)
        for place, image in enumerate(shown.images, start=1):
            _draw(figure.add_subplot(rows, columns, place), image, runs)
    return figure


def _draw(axes: Axes, image: MisclassifiedImage, runs: int) -> None:
    axes.imshow(_picture(image.image_CHW), cmap="gray_r", vmin=0, vmax=255)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("#bbbbbb")
    of = f", {image.wrong} of {runs} wrong" if runs > 1 else ""
    title = "\n".join(textwrap.wrap(f"{image.truth}, predicted as {image.taken_for}", 24)[:3])
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
