"""What all figures of a report share: colors, fonts, axes for accuracy and loss, files.

Nothing of matplotlib's global state is used but its settings, while `style` lasts.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from paribus.text import percent

# Okabe and Ito's colors, which color-blind readers can tell apart; their yellow is left out as
# too pale for lines.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GRAY = "#666666"

PAPER_WIDTH = 6.0
"""Inches of a figure for paper. The text of a portrait page is 4.8 inches wide, by LaTeX's article,
to 6.5: letters of 8 points are printed with 6.4 points or more."""

_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "none",
    # TrueType: journals refuse PDFs with fonts of Type 3, which are matplotlib's default.
    "pdf.fonttype": 42,
    # Titles stay where they are put: to find out that nothing is in their way takes a tenth of the
    # time to draw a figure.
    "axes.titley": 1.0,
    # The same figure gives identical files.
    "svg.hashsalt": "paribus",
    # A class may be called "$5".
    "text.parse_math": False,
}

# Where an accuracy axis can have ticks, as shares of errors of 1 and of its tenths: the fewer, the
# wider its range.
_STEPS = {
    12.0: (1.0, 0.5, 0.2),
    3.0: (1.0, 0.7, 0.5, 0.4, 0.3, 0.2, 0.15),
    0.0: (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.175, 0.15, 0.125),
}
_DECADES = 5


def style() -> AbstractContextManager[None]:
    """The settings that figures are made and saved with."""
    settings: Any = _SETTINGS
    return mpl.rc_context(settings)


def svg(figure: Figure) -> bytes:
    """A figure as SVG. From then on everything in it stays in its place."""
    file = BytesIO()
    canvas: Any = FigureCanvasSVG(figure)
    with _drawing():
        # Not `savefig`: it draws everything twice, the first time to no end.
        canvas.print_svg(file, metadata={"Date": None, "Creator": "Paribus"})
    figure.set_layout_engine("none")
    return file.getvalue()


def png(figure: Figure) -> bytes:
    """A figure as PNG, 150 dots an inch."""
    file = BytesIO()
    figure.set_dpi(150)
    canvas: Any = FigureCanvasAgg(figure)
    with _drawing():
        canvas.print_png(file, metadata={"Software": "Paribus"})
    return file.getvalue()


def pdf(pages: Sequence[Figure]) -> bytes:
    """Figures as the pages of a PDF, its fonts embedded, for LaTeX's `\\includegraphics`."""
    file = BytesIO()
    with _drawing(), PdfPages(file, metadata={"CreationDate": None, "Creator": "Paribus"}) as whole:
        for page in pages:
            canvas: Any = FigureCanvasPdf(page)
            canvas.print_pdf(whole)
    return file.getvalue()


@contextmanager
def _drawing() -> Iterator[None]:
    with style(), warnings.catch_warnings():
        # Class names may be in a script that matplotlib's own font lacks; browsers have others.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def errors(accuracy: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Shares of errors for a logarithmic axis, which has no place for none: `least` instead."""
    return np.maximum(1 - accuracy, least)


def accuracy_scale(
    axes: Axes, which: Literal["x", "y"], shown: Sequence[NDArray[np.float64]]
) -> None:
    """Make an axis of errors one of accuracies: logarithmic in the error, 100% at its far end.

    shown: all shares of errors on it; the axis goes from the tick below them to the one above.
    """
    values = np.concatenate([errors.ravel() for errors in shown])
    values = values[np.isfinite(values)]
    least, most = (float(values.min()), float(values.max())) if len(values) else (0.01, 0.1)
    steps = next(steps for ratio, steps in _STEPS.items() if most >= ratio * least)
    known = [step / 10**decade for decade in range(_DECADES + 1) for step in steps]
    low = max((tick for tick in known if tick <= least), default=known[-1])
    high = min((tick for tick in known if tick >= most), default=1.0)
    if low == high:
        place = known.index(low)
        low, high = known[min(place + 1, len(known) - 1)], known[max(place - 1, 0)]
    ticks = [tick for tick in known if low <= tick <= high]
    if high == 1.0 and len(ticks) > 3 and most < 0.93:
        # Guessing among ten classes: nothing lies between 0 and 7%.
        ticks[0] = high = 0.9
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda error, _: percent(1 - error, ".6g")))
    (axes.set_xlim if which == "x" else axes.set_ylim)(high * 1.1, low / 1.06)


def loss_scale(axes: Axes, shown: Sequence[NDArray[np.float64]]) -> None:
    """Make the upright axis logarithmic, with plain numbers at a few places.

    shown: all losses on it; those that are not above 0 have no place.
    """
    values = np.concatenate([losses.ravel() for losses in shown])
    values = values[np.isfinite(values) & (values > 0)]
    least, most = (float(values.min()), float(values.max())) if len(values) else (0.1, 1.0)
    if most < 1.5 * least:
        least, most = least / 1.5, most * 1.5
    axes.set_yscale("log")
    axes.set_ylim(least / 1.12, most * 1.12)
    places = (1, 1.5, 2, 3, 5, 7) if most < 8 * least else (1, 2, 5) if most < 300 * least else (1,)
    axes.yaxis.set_major_locator(LogLocator(subs=places, numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
