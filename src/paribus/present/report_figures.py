"""The figures of a report: what each shows, its file, its title and its text."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.measure.built_in_metrics import TEST_ACCURACY, TEST_LOSS, TRAIN_ACCURACY, TRAIN_LOSS
from paribus.measure.misclassified import confusion, most_misclassified, predicted_classes
from paribus.measure.runs import ExperimentResult, Run, StudyResult
from paribus.measure.table import series
from paribus.present import report_text, summary_cells
from paribus.present.contest import contests
from paribus.present.figures.shown import (
    LEAST_ERRORS,
    AccuracyRow,
    ConfusionMatrix,
    CurvesSideBySide,
    CurvesTogether,
    FinalAccuracies,
    LearningCurves,
    Misclassified,
    MisclassifiedImage,
    RunCurves,
    Shown,
)
from paribus.present.forest import forest
from paribus.present.grid import grid_lines
from paribus.present.many_runs import BARS, MOST_DOTS
from paribus.present.sides import Labels
from paribus.present.tuning import tuning_curves
from paribus.questions.finding import Finding
from paribus.stats.paired import mean_interval
from paribus.text import count, percent

# S seeds, N test images

# More lines than this in one panel cannot be told apart.
_MOST_TOGETHER = 6
_MISCLASSIFIED_SHOWN = 10
_MEAN = "the mean of the seeds, up to the last epoch that all of them have trained"

# By the name of a curve: what it is of, and how its file is called.
_CURVES = {"test_accuracy": "test accuracy", "test_loss": "test loss"}
_FILES = {"test_accuracy": "accuracy", "test_loss": "loss"}


@dataclass(frozen=True, eq=False)
class ReportFigure:
    """A figure of a report."""

    file: str
    """Its file's name without an ending."""
    title: str
    text: str
    """What it shows, for those who cannot see it."""
    shown: Shown


@dataclass(frozen=True, eq=False)
class ReportFigures:
    """All figures of a report."""

    findings: ReportFigure | None
    """For papers; the page draws its own."""
    best: tuple[ReportFigure, ...]
    """Best sets, likewise."""
    tuning: tuple[ReportFigure, ...]
    """Tuning curves, of each question about tuned experiments."""
    grid: ReportFigure | None
    """Accuracy along a setting, of a study with a grid."""
    accuracy: ReportFigure | None
    curves: tuple[ReportFigure, ...]
    confusion: ReportFigure | None
    misclassified: ReportFigure | None
    experiments: dict[str, ReportFigure]
    """Learning curves, by experiment."""

    def __iter__(self) -> Iterator[ReportFigure]:
        """In the order of the page."""
        for one in (
            self.findings,
            *self.best,
            *self.tuning,
            self.grid,
            self.accuracy,
            *self.curves,
            self.confusion,
            self.misclassified,
        ):
            if one is not None:
                yield one
        yield from self.experiments.values()

    @property
    def drawn_by_page(self) -> tuple[ReportFigure, ...]:
        """Those that the page draws itself, from what they show."""
        return (*filter(None, (self.findings,)), *self.best)


def figures_of(result: StudyResult, findings: Sequence[Finding]) -> ReportFigures:
    """Return the figures of what there is to see of a study; findings: its own."""
    best = result.best()
    predicted_SN = None if best is None else predicted_classes(best)
    matrix = gallery = None
    if best is not None and predicted_SN is not None:
        matrix = _confusion(result, best, predicted_SN)
        gallery = _misclassified(result, best, predicted_SN)
    of_each = _all_learning_curves(result)
    files = _file_names(of_each)
    return ReportFigures(
        findings=_findings(result, findings),
        best=_best(findings, result.study.labels),
        tuning=_tuning(result, findings),
        grid=_grid(result),
        accuracy=_accuracy(result),
        curves=tuple(map(_curves_picture, _overview(result, of_each))),
        confusion=matrix,
        misclassified=gallery,
        experiments={
            name: ReportFigure(files[name], shown.name, _curves_text(shown), shown)
            for name, shown in of_each.items()
        },
    )


def _file_names(names: Iterable[str]) -> dict[str, str]:
    """A file for each experiment. Where names differ in capitals alone, one gets a number: on many
    systems their files would be one.

    >>> _file_names(["CNN", "cnn", "cnn-2"])
    {'CNN': 'experiment-CNN', 'cnn': 'experiment-cnn-3', 'cnn-2': 'experiment-cnn-2'}
    """
    found: dict[str, str] = {}
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    for name in names:
        file = name
        if name.casefold() in seen:
            free = (f"{name}-{number}" for number in itertools.count(2))
            file = next(one for one in free if one.casefold() not in taken)
        seen.add(name.casefold())
        taken.add(file.casefold())
        found[name] = f"experiment-{file}"
    return found


def averaged(result: ExperimentResult) -> list[Run]:
    """Return the runs that a mean curve is of: the finished ones, and before there are any all that
    have an epoch behind them. Diverged and failed runs are in no mean."""
    begun = [run for run in result.runs if run.epochs and run.status == "running"]
    return list(result.finished) or begun


def final_accuracies(result: StudyResult) -> FinalAccuracies | None:
    """Return the final accuracies of all experiments; None before any run has finished."""
    rows = tuple(
        AccuracyRow(
            name=result.study.label(experiment.name),
            value_R=experiment.final("test_accuracy"),
            interval=mean_interval(experiment.final("test_accuracy")),
            text=f"{summary_cells.accuracy(experiment, 'test_accuracy')}%",
        )
        for experiment in result.experiments.values()
        if experiment.finished
    )
    return FinalAccuracies(rows, len(result.dataset.test_labels)) if rows else None


def overview(result: StudyResult) -> list[CurvesTogether] | list[CurvesSideBySide]:
    """Return the mean curves of all experiments: one figure, or, if they are more than a panel can
    show, one of test accuracy and one of test loss; none before the first epoch."""
    return _overview(result, _all_learning_curves(result))


def _overview(
    result: StudyResult, of_each: Mapping[str, LearningCurves]
) -> list[CurvesTogether] | list[CurvesSideBySide]:
    shown = tuple(one for one in of_each.values() if one.averaged)
    images = len(result.dataset.test_labels)
    if not shown:
        return []
    if len(shown) <= _MOST_TOGETHER:
        return [CurvesTogether(shown, images)]
    return [CurvesSideBySide(shown, curve, images) for curve in _CURVES]


def learning_curves(result: StudyResult, name: str) -> LearningCurves | None:
    """Return the curves of an experiment's runs; None before the first epoch."""
    experiment, label = result.experiments[name], result.study.label
    means = {run.id for run in averaged(experiment)}
    runs = tuple(
        RunCurves(
            train_loss=series(name, run, TRAIN_LOSS).value_E,
            train_accuracy=series(name, run, TRAIN_ACCURACY).value_E,
            test_loss=series(name, run, TEST_LOSS).value_E,
            test_accuracy=series(name, run, TEST_ACCURACY).value_E,
            finished=run.status == "finished",
            diverged=run.status == "diverged",
            averaged=run.id in means,
            kept_epoch=run.kept_epoch,
        )
        for run in experiment.runs
        if run.epochs
    )
    base = experiment.base and label(experiment.base)
    if not runs:
        return None
    return LearningCurves(label(name), runs, base, _recipe(experiment), experiment.chooses_epochs)


def _all_learning_curves(result: StudyResult) -> dict[str, LearningCurves]:
    """Those of all experiments that have any, by their names."""
    found = {name: learning_curves(result, name) for name in result.experiments}
    return {name: shown for name, shown in found.items() if shown is not None}


def confusion_matrix(
    result: StudyResult, experiment: str, predicted_SN: NDArray[np.int64]
) -> ConfusionMatrix:
    """Return what the runs of an experiment took each class for."""
    data = result.dataset
    counts_KK = confusion(predicted_SN, data.test_labels, data.classes)
    return ConfusionMatrix(
        result.study.label(experiment), tuple(data.class_names), counts_KK, len(predicted_SN)
    )


def misclassified(
    result: StudyResult, experiment: str, predicted_SN: NDArray[np.int64], most: int
) -> Misclassified | None:
    """Return the test images that most runs of an experiment get wrong, at most so many; None
    without any."""
    data = result.dataset
    images = tuple(
        MisclassifiedImage(
            number=one.image,
            image_CHW=data.test_images[one.image],
            truth=data.class_names[one.truth],
            taken_for=data.class_names[one.taken_for],
            wrong=one.wrong,
            rejected=one.image in data.label_errors,
        )
        for one in most_misclassified(predicted_SN, data.test_labels, most)
    )
    name = result.study.label(experiment)
    return Misclassified(name, images, len(predicted_SN)) if images else None


def _findings(result: StudyResult, findings: Sequence[Finding]) -> ReportFigure | None:
    study = result.study
    shown = forest(findings, preview=study.preview, labels=study.labels)
    if shown is None:
        return None
    text = (
        "Every question: the estimate and its interval, the band of differences that do not "
        "matter, a dot for each seed or process, and the verdict. Better is to the right. Purple: "
        "what the original said."
    )
    if shown.has_bars:
        text += f" {BARS}"
    return ReportFigure("findings", "Findings", text, shown)


def _best(findings: Sequence[Finding], labels: Labels) -> tuple[ReportFigure, ...]:
    text = (
        "How far the mean of each experiment is from that of the best other one, with intervals "
        "that hold all at once in 95 of 100 studies. Better is to the right; the band holds "
        "differences that do not matter."
    )
    return tuple(
        ReportFigure(f"best-{number}", finding.question.ask, text, shown)
        for number, finding, shown in contests(findings, labels)
    )


def _tuning(result: StudyResult, findings: Sequence[Finding]) -> tuple[ReportFigure, ...]:
    text = (
        "What tuning with fewer trials would have given: the result of the trial with the highest "
        "validation accuracy, expected for every number of trials; the mean over replicates with "
        f"its {percent(0.95)} interval. At the right the winners of all trials, trained again with "
        "a fresh seed: these are what the question compares."
    )
    return tuple(
        ReportFigure(f"tuning-{one.number}", one.finding.question.ask, text, one.shown)
        for one in tuning_curves(findings, len(result.dataset.test_labels), result.study.labels)
    )


def _accuracy(result: StudyResult) -> ReportFigure | None:
    shown = final_accuracies(result)
    if shown is None:
        return None
    text = (
        "Final test accuracy of every experiment: a dot for each seed, their mean, and from "
        f"three seeds on its {percent(0.95)} interval."
    )
    if any(len(row.value_R) > MOST_DOTS for row in shown.rows):
        text += f" {BARS}"
    return ReportFigure("final-accuracy", "Final accuracy", text, shown)


def _grid(result: StudyResult) -> ReportFigure | None:
    shown = grid_lines(result)
    if shown is None:
        return None
    text = (
        f"Final test accuracy by {shown.label}: the mean over seeds, from three seeds on its "
        f"{percent(0.95)} band, and a dot for each seed. Lines and dots at a value stand side "
        "by side. Runs that diverged are not drawn."
    )
    if any(len(value_R) > MOST_DOTS for line in shown.lines for value_R in line.value_LR):
        text += f" {BARS}"
    return ReportFigure("grid", "Grid", text, shown)


def _curves_picture(shown: CurvesTogether | CurvesSideBySide) -> ReportFigure:
    text = f"over the epochs: {_MEAN}, and a band from the lowest to the highest of them."
    title = "Learning curves"
    match shown:
        case CurvesTogether():
            return ReportFigure("curves", title, f"Test accuracy and test loss {text}", shown)
        case CurvesSideBySide():
            what = _CURVES[shown.curve]
            text = f"{what.capitalize()} {text}"
            text += " In gray the mean of the experiment that each is a variant of."
            return ReportFigure(f"curves-{_FILES[shown.curve]}", f"{title}: {what}", text, shown)


def _confusion(
    result: StudyResult, best: ExperimentResult, predicted_SN: NDArray[np.int64]
) -> ReportFigure:
    shown = confusion_matrix(result, best.name, predicted_SN)
    text = f"What {shown.name} takes each class for. The color shows the errors alone. "
    text += report_text.confusions(shown.counts_KK, shown.class_names, shown.runs)
    if best.reported is not None and best.reported.note:
        text += f" Reported of it: “{best.reported.note}”."
    return ReportFigure("confusion", f"Confusion matrix of {shown.name}", text, shown)


def _misclassified(
    result: StudyResult, best: ExperimentResult, predicted_SN: NDArray[np.int64]
) -> ReportFigure | None:
    shown = misclassified(result, best.name, predicted_SN, _MISCLASSIFIED_SHOWN)
    if shown is None:
        return None
    text = "Test images that it gets wrong, with their true class and what it took them for."
    text += report_text.GALLERY_DOUBT if result.dataset.label_errors else ""
    return ReportFigure("misclassified", f"Misclassified by {shown.name}", text, shown)


def _curves_text(shown: LearningCurves) -> str:
    most = percent(1 - LEAST_ERRORS, "g")
    seeds = "each seed as a thin line"
    kept = " Dots: the epochs whose networks are kept." if shown.keeps else ""
    if shown.has_bands:
        seeds, kept = "bands that hold the middle 90% and the middle half of them", ""
    return (
        f"Cost and accuracy of {shown.name} over the epochs: {_MEAN}, and {seeds}.{kept} Both axes "
        "are logarithmic, in the cost and in the share of errors; accuracies above "
        f"{most} are drawn at {most}."
    )


def _recipe(result: ExperimentResult) -> str:
    experiment, tuned = result.experiment, result.experiment.tune
    if tuned is None:
        parts = [
            f"batch size {experiment.batch_size}",
            f"learning rate {experiment.optimizer.lr:g} ({experiment.optimizer.name})",
        ]
    else:
        parts = [f"{experiment.optimizer.name}, tuned in {tuned.trials} trials: the winners"]
    parts.append(f"{summary_cells.epochs(result)} epochs")
    if result.chooses_epochs:
        parts.append(f"kept epochs {summary_cells.kept_epochs(result)}")
    if result.finished:
        runs = count(len(result.finished), "run")
        parts.append(f"{summary_cells.train_time(result)} per run beside others (mean of {runs})")
    if result.diverged:
        parts.append(f"× {len(result.diverged)} diverged")
    return "\n".join(textwrap.wrap(", ".join(parts), 110))
