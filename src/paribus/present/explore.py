"""What the report's page can be explored by: curves, confusions and misclassified images.

The page's scripts draw from these records, as JSON; every number in them is a count or a mean of
runs, with their number.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paribus.data.dataset import Dataset, Images
from paribus.measure.built_in_metrics import TEST_ACCURACY, TEST_LOSS, TRAIN_ACCURACY, TRAIN_LOSS
from paribus.measure.misclassified import confusion, predicted_classes
from paribus.measure.runs import ExperimentResult, Run, StudyResult
from paribus.measure.table import Series, series
from paribus.present import summary_cells
from paribus.present.report_figures import averaged

# E epochs, R runs, X experiments, S seeds, N test images, K classes, C channels, H rows, W columns

MOST_IMAGES = 300
"""Images of the gallery."""
MOST_CLASSES = 30
"""More classes than this make a table that cannot be read, and a page that is too large."""
_COLUMNS = 20
_MOST_AT_FIRST = 6

Values = list[float | None]
"""A value for each epoch; None where a run has none."""


@dataclass(frozen=True)
class Curve:
    """Mean, lowest and highest of n runs, for each epoch that all of them have trained."""

    n: int
    mean: Values
    low: Values
    high: Values


@dataclass(frozen=True)
class TrainingMeans:
    """Mean curves on the training images."""

    accuracy: Values
    loss: Values


@dataclass(frozen=True)
class ExploredCurves:
    """Curves of an experiment."""

    name: str
    place: int
    """Its color goes by this, so that it keeps it when others join."""
    kept: str
    """The epochs whose networks its runs keep; "" if that is the last of each."""
    accuracy: Curve
    loss: Curve
    train: TrainingMeans


@dataclass(frozen=True)
class AllCurves:
    """Curves of all experiments that have any, and which of them is a variant of which."""

    bases: dict[str, str]
    first: list[str]
    """Those that are shown at first."""
    experiments: list[ExploredCurves]


@dataclass(frozen=True)
class ConfusionCounts:
    """Test images of a true class (row) predicted as a class (column), the mean over n runs."""

    name: str
    n: int
    counts: list[list[float]]


@dataclass(frozen=True)
class Confusions:
    """Confusion matrices of all experiments; `first` is shown at first."""

    classes: list[str]
    first: str | None
    experiments: list[ConfusionCounts]


@dataclass(frozen=True)
class RunsOf:
    """An experiment and its number of runs."""

    name: str
    n: int


@dataclass(frozen=True)
class GalleryImage:
    """A test image, with a value for each experiment in `wrong` and `taken`."""

    image: int
    label: int
    wrong: list[int]
    """Runs that got it wrong."""
    taken: list[int | None]
    """What most of these took it for."""
    all: int | None
    """The same over all experiments."""
    rejected: bool
    suspect: bool


@dataclass(frozen=True)
class Gallery:
    """The images that most runs get wrong, those first."""

    classes: list[str]
    experiments: list[RunsOf]
    columns: int
    """Images in a row of the picture that has them all."""
    of: int
    """Images that any run gets wrong."""
    images: list[GalleryImage]


@dataclass(frozen=True)
class Explored:
    """What there is to explore; None for what no finished run, or no error, is there for."""

    curves: AllCurves | None
    confusion: Confusions | None
    gallery: Gallery | None


def explored(result: StudyResult, suspects: Iterable[int]) -> Explored:
    """Return what there is to explore.

    suspects: test images that every run gets wrong.
    """
    lines = curves(result)
    predicted = {
        name: predicted_SN
        for name, experiment in result.experiments.items()
        if (predicted_SN := predicted_classes(experiment)) is not None
    }
    best = result.best()
    return Explored(
        curves=lines if lines.experiments else None,
        confusion=_confusions(result.dataset, predicted, best.name if best else None),
        gallery=_gallery(result.dataset, predicted, set(suspects)),
    )


def sprite(data: Dataset, gallery: Gallery | None) -> str:
    """Return the gallery's images side by side, as the address of a PNG; "" without a gallery."""
    if gallery is None:
        return ""
    shown = [image.image for image in gallery.images]
    return picture(data.test_images[shown], gallery.columns)


def picture(images_NCHW: Images, columns: int) -> str:
    """Return images in rows of so many, as the address of a PNG."""
    N, C, H, W = images_NCHW.shape
    rows = -(-N // columns)
    sheet = np.zeros((rows * columns, C, H, W), np.uint8)
    sheet[:N] = images_NCHW
    grid = sheet.reshape(rows, columns, C, H, W).transpose(0, 3, 1, 4, 2)
    sheet_HWC = grid.reshape(rows * H, columns * W, C)
    if C != 3:
        # As a figure would show them: dark on light, the mean of what channels there are.
        sheet_HWC = 255 - np.repeat(sheet_HWC.mean(2, keepdims=True), 3, axis=2).astype(np.uint8)
    png = BytesIO()
    Image.fromarray(sheet_HWC).save(png, "PNG")
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def curves(result: StudyResult) -> AllCurves:
    """Return the curves of each experiment, of the runs that `averaged` takes; without those that
    have none."""
    runs = {name: averaged(one) for name, one in result.experiments.items()}
    return AllCurves(
        bases={name: e.base for name, e in result.experiments.items() if e.base},
        first=_first(result, [name for name in result.experiments if runs[name]]),
        experiments=[
            _curves(one, place, runs[name])
            for place, (name, one) in enumerate(result.experiments.items())
            if runs[name]
        ],
    )


def _first(result: StudyResult, names: Sequence[str]) -> list[str]:
    """The experiments that are shown at first: all of a few; of more those that the first questions
    compare, and what is training."""
    if len(names) <= _MOST_AT_FIRST:
        return list(names)
    asked = (name for question in result.study.questions for name in question.experiments)
    first = [name for name in dict.fromkeys(asked) if name in names] or list(names)
    training = (
        name
        for name in names
        if any(run.status == "running" for run in result.experiments[name].runs)
    )
    return list(dict.fromkeys([*first[:_MOST_AT_FIRST], *training]))


def _curves(result: ExperimentResult, place: int, runs: Sequence[Run]) -> ExploredCurves:
    name = result.name
    return ExploredCurves(
        name=name,
        place=place,
        kept=summary_cells.kept_epochs(result) if result.chooses_epochs else "",
        accuracy=_curve([series(name, run, TEST_ACCURACY) for run in runs]),
        loss=_curve([series(name, run, TEST_LOSS) for run in runs]),
        train=TrainingMeans(
            accuracy=_curve([series(name, run, TRAIN_ACCURACY) for run in runs]).mean,
            loss=_curve([series(name, run, TRAIN_LOSS) for run in runs]).mean,
        ),
    )


def _curve(runs: Sequence[Series]) -> Curve:
    """A mean over fewer runs would jump where one of them ends, so it ends there."""
    shared = min(len(run.value_E) for run in runs)
    table_RE = np.array([run.value_E[:shared] for run in runs])
    return Curve(
        n=len(runs),
        mean=list(map(_rounded, table_RE.mean(0))),
        low=list(map(_rounded, table_RE.min(0))),
        high=list(map(_rounded, table_RE.max(0))),
    )


def _rounded(value: np.float64) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def _confusions(
    data: Dataset, predicted: dict[str, NDArray[np.int64]], first: str | None
) -> Confusions | None:
    if not predicted or data.classes > MOST_CLASSES:
        return None
    return Confusions(
        classes=list(data.class_names),
        first=first,
        experiments=[
            ConfusionCounts(
                name,
                len(predicted_SN),
                confusion(predicted_SN, data.test_labels, data.classes).round(2).tolist(),
            )
            for name, predicted_SN in predicted.items()
        ],
    )


def _gallery(
    data: Dataset, predicted: dict[str, NDArray[np.int64]], suspects: set[int]
) -> Gallery | None:
    if not predicted:
        return None
    labels_N = data.test_labels
    wrong_XN = np.array([(p_SN != labels_N).sum(0) for p_SN in predicted.values()])
    wrong_N = wrong_XN.sum(0)
    found = np.flatnonzero(wrong_N)
    if not len(found):
        return None
    every_SN = np.concatenate(list(predicted.values()))
    return Gallery(
        classes=list(data.class_names),
        experiments=[RunsOf(name, len(p_SN)) for name, p_SN in predicted.items()],
        columns=_COLUMNS,
        of=len(found),
        images=[
            GalleryImage(
                image=int(i),
                label=int(labels_N[i]),
                wrong=[int(wrong) for wrong in wrong_XN[:, i]],
                taken=[_taken_for(p_SN[:, i], labels_N[i]) for p_SN in predicted.values()],
                all=_taken_for(every_SN[:, i], labels_N[i]),
                rejected=int(i) in data.label_errors,
                suspect=int(i) in suspects,
            )
            for i in found[np.argsort(-wrong_N[found], kind="stable")][:MOST_IMAGES]
        ],
    )


def _taken_for(predicted_S: NDArray[np.int64], label: int) -> int | None:
    """The class that most runs took an image for, of those that got it wrong."""
    mistaken = predicted_S[predicted_S != label]
    return int(np.bincount(mistaken).argmax()) if len(mistaken) else None
