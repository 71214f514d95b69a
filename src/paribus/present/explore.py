"""What the report's page can be explored by: curves, confusions and misclassified images, as JSON.

The page's scripts draw from it; every number in it is a count or a mean of runs, with their number.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paribus.data.dataset import Dataset
from paribus.measure.predictions import confusion, predicted_classes
from paribus.measure.runs import Run, StudyResult
from paribus.present.pictures import averaged

# E epochs, R runs, X experiments, S seeds, N test images, K classes, C channels, H rows, W columns

MOST_IMAGES = 300
"""Images of the gallery."""
MOST_CLASSES = 30
"""More classes than this make a table that cannot be read, and a page that is too large."""
_COLUMNS = 20


def curves(result: StudyResult) -> dict[str, Any]:
    """Accuracies and losses of each experiment over its epochs, of the runs that `averaged` takes;
    and which experiment each is a variant of."""
    return curves_of(result, {name: averaged(e) for name, e in result.experiments.items()})


def curves_of(result: StudyResult, runs: dict[str, list[Run]]) -> dict[str, Any]:
    """The same of given runs, by experiment; without those that have none."""
    return {
        "bases": {name: e.base for name, e in result.experiments.items() if e.base},
        "experiments": [
            {
                "name": name,
                # Its colour goes by this, so that it keeps it when others join.
                "place": place,
                "accuracy": _curve([run.curves.test_accuracy for run in runs[name]]),
                "loss": _curve([run.curves.test_loss for run in runs[name]]),
                "train": {
                    "accuracy": _curve([run.curves.train_accuracy for run in runs[name]])["mean"],
                    "loss": _curve([run.curves.train_loss for run in runs[name]])["mean"],
                },
            }
            for place, name in enumerate(result.experiments)
            if runs[name]
        ],
    }


def _curve(values: Sequence[NDArray[np.float64]]) -> dict[str, list[Any]]:
    """Mean, lowest, highest and number of runs over the epochs; runs may differ in length."""
    table_RE = np.full((len(values), max(map(len, values), default=0)), np.nan)
    for row, run in zip(table_RE, values, strict=True):
        row[: len(run)] = run
    columns = [column[np.isfinite(column)] for column in table_RE.T]
    return {
        "n": [len(column) for column in columns],
        "mean": _rounded(column.mean() if len(column) else None for column in columns),
        "low": _rounded(column.min() if len(column) else None for column in columns),
        "high": _rounded(column.max() if len(column) else None for column in columns),
    }


def _rounded(values: Iterable[Any]) -> list[float | None]:
    return [None if value is None else round(float(value), 6) for value in values]


@dataclass(frozen=True)
class Explored:
    """What there is to explore; None for what no finished run, or no mistake, is there for."""

    curves: dict[str, Any] | None
    confusions: dict[str, Any] | None
    gallery: dict[str, Any] | None
    sprite: str
    """All images of the gallery in one PNG, as an address; "" without a gallery."""


def explored(result: StudyResult, suspects: Iterable[int]) -> Explored:
    """All of it. suspects: test images that every run gets wrong."""
    lines = curves(result)
    predicted = {
        name: predicted_SN
        for name, experiment in result.experiments.items()
        if (predicted_SN := predicted_classes(experiment)) is not None
    }
    best = result.best()
    gallery, images = _gallery(result.dataset, predicted, set(suspects))
    return Explored(
        curves=lines if lines["experiments"] else None,
        confusions=_confusions(result.dataset, predicted, best.name if best else None),
        gallery=gallery,
        sprite=_sprite(result.dataset, images),
    )


def _confusions(
    data: Dataset, predicted: dict[str, NDArray[np.int64]], first: str | None
) -> dict[str, Any] | None:
    """Test images of a true class (row) taken for a class (column), the mean over n runs; and which
    experiment is shown at first."""
    if not predicted or data.classes > MOST_CLASSES:
        return None
    return {
        "classes": list(data.class_names),
        "first": first,
        "experiments": [
            {
                "name": name,
                "n": len(predicted_SN),
                "counts": confusion(predicted_SN, data.test_labels, data.classes).round(2).tolist(),
            }
            for name, predicted_SN in predicted.items()
        ],
    }


def _gallery(
    data: Dataset, predicted: dict[str, NDArray[np.int64]], suspects: set[int]
) -> tuple[dict[str, Any] | None, NDArray[np.intp]]:
    """The images that most runs get wrong, the most first: for each how many runs of every
    experiment do, and what most of these take it for."""
    if not predicted:
        return None, np.array([], dtype=np.intp)
    wrong_XN = np.array([(p_SN != data.test_labels).sum(0) for p_SN in predicted.values()])
    wrong_N = wrong_XN.sum(0)
    found = np.flatnonzero(wrong_N)
    if not len(found):
        return None, found
    images = found[np.argsort(-wrong_N[found], kind="stable")][:MOST_IMAGES]
    every_SN = np.concatenate(list(predicted.values()))
    labels_N = data.test_labels
    return {
        "classes": list(data.class_names),
        "experiments": [{"name": name, "n": len(p_SN)} for name, p_SN in predicted.items()],
        "columns": _COLUMNS,
        "of": len(found),
        "images": [
            {
                "image": int(i),
                "label": int(labels_N[i]),
                "wrong": [int(wrong) for wrong in wrong_XN[:, i]],
                "taken": [_taken_for(p_SN[:, i], labels_N[i]) for p_SN in predicted.values()],
                "all": _taken_for(every_SN[:, i], labels_N[i]),
                "rejected": int(i) in data.label_errors,
                "suspect": int(i) in suspects,
            }
            for i in images
        ],
    }, images


def _taken_for(predicted_S: NDArray[np.int64], label: int) -> int | None:
    """The class that most runs took an image for, of those that got it wrong."""
    mistaken = predicted_S[predicted_S != label]
    return int(np.bincount(mistaken).argmax()) if len(mistaken) else None


def _sprite(data: Dataset, images: NDArray[np.intp]) -> str:
    """The images side by side, so many in a row, as the address of a PNG."""
    if not len(images):
        return ""
    pictures_NCHW = data.test_images[images]
    N, C, H, W = pictures_NCHW.shape
    rows = -(-N // _COLUMNS)
    sheet = np.zeros((rows * _COLUMNS, C, H, W), np.uint8)
    sheet[:N] = pictures_NCHW
    grid = sheet.reshape(rows, _COLUMNS, C, H, W).transpose(0, 3, 1, 4, 2)
    sheet_HWC = grid.reshape(rows * H, _COLUMNS * W, C)
    if C != 3:
        # As a figure would show them: dark on light, the mean of what channels there are.
        sheet_HWC = 255 - np.repeat(sheet_HWC.mean(2, keepdims=True), 3, axis=2).astype(np.uint8)
    png = BytesIO()
    Image.fromarray(sheet_HWC).save(png, "PNG")
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
