"""Draws what figures show as SVG, PNG and PDF."""

from __future__ import annotations

from matplotlib.figure import Figure

from paribus.present.figures.accuracy import final_accuracies
from paribus.present.figures.confusion import confusion_matrix
from paribus.present.figures.curves import (
    curves_side_by_side,
    curves_together,
    learning_curves,
    paper_curves,
)
from paribus.present.figures.forest import forest, paper_forests
from paribus.present.figures.grid import grid_lines
from paribus.present.figures.misclassified import misclassified
from paribus.present.figures.protocol import Kind, Svgs
from paribus.present.figures.shown import (
    ConfusionMatrix,
    CurvesSideBySide,
    CurvesTogether,
    FinalAccuracies,
    Forest,
    GridLines,
    LearningCurves,
    Misclassified,
    Shown,
    TuningCurves,
)
from paribus.present.figures.style import pdf, png, svg
from paribus.present.figures.tuning import tuning_curves


class Drawn:
    """A figure that is made once and drawn in each form that is asked for."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._figure = figure(shown)

    def svgs(self) -> Svgs:
        narrow = narrow_figure(self._shown)
        return Svgs(svg(self._figure), None if narrow is None else svg(narrow))

    def file(self, kind: Kind) -> bytes:
        match kind:
            case "png":
                return png(self._figure)
            case "pdf":
                return pdf(paper_figures(self._shown))


def figure(shown: Shown) -> Figure:
    """Make the figure of what is to be shown, by its type."""
    match shown:
        case Forest():
            return forest(shown)
        case FinalAccuracies():
            return final_accuracies(shown)
        case LearningCurves():
            return learning_curves(shown)
        case CurvesTogether():
            return curves_together(shown)
        case CurvesSideBySide():
            return curves_side_by_side(shown)
        case ConfusionMatrix():
            return confusion_matrix(shown)
        case Misclassified():
            return misclassified(shown)
        case TuningCurves():
            return tuning_curves(shown)
        case GridLines():
            return grid_lines(shown)


def narrow_figure(shown: Shown) -> Figure | None:
    """Make the narrow figure, of those that would be too small on a phone otherwise."""
    match shown:
        case FinalAccuracies():
            return final_accuracies(shown, narrow=True)
        case LearningCurves():
            return learning_curves(shown, narrow=True)
        case TuningCurves():
            return tuning_curves(shown, narrow=True)
        case GridLines():
            return grid_lines(shown, narrow=True)
        case _:
            return None


def paper_figures(shown: Shown) -> list[Figure]:
    """Make a figure for each page of paper that it takes, whose letters can be read there."""
    match shown:
        case Forest():
            return paper_forests(shown)
        case FinalAccuracies():
            return [final_accuracies(shown, paper=True)]
        case CurvesTogether():
            return [curves_together(shown, paper=True)]
        case CurvesSideBySide():
            return paper_curves(shown)
        case ConfusionMatrix():
            return [confusion_matrix(shown, paper=True)]
        case Misclassified():
            return [misclassified(shown, paper=True)]
        case _:
            return [narrow_figure(shown) or figure(shown)]
