"""Writes the report of a study into a folder: the page, figures, tables, and Markdown."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from matplotlib.figure import Figure

from paribus.analysis import StudyResult
from paribus.errors import ParibusError, UserError
from paribus.present import curves, figures, predictions, style, tables, words
from paribus.present.evidence import evidence_of
from paribus.present.markdown import markdown
from paribus.present.page import page
from paribus.store.atomic import write_atomically
from paribus.text import percent

_MISTAKES_SHOWN = 10


@dataclass(frozen=True)
class Picture:
    """A figure of a report."""

    file: str
    """Its file's name without an ending."""
    title: str
    text: str
    """What it shows, for those who cannot see it."""
    figure: Figure
    narrow: Figure | None = None
    """The same for a phone, and for half a sheet of paper; on the page alone."""

    @cached_property
    def svg(self) -> bytes:
        return style.svg(self.figure)

    @cached_property
    def narrow_svg(self) -> bytes | None:
        return None if self.narrow is None else style.svg(self.narrow)


def report_page(result: StudyResult) -> str:
    """The page of what there is of a study, and nothing else."""
    return page(evidence_of(result), tables.summary(result), _pictures(result))


def write_report(
    result: StudyResult, folder: Path, ready: Callable[[Path], None] = lambda page: None
) -> Path:
    """Write the report of what there is of a study; gives the path of its page.

    ready: is called with that path as soon as the page can be read; tables and figures follow.
    Every file is replaced whole or not at all. Raises `UserError` where the folder cannot be
    written to, `ParibusError` where the disk is full.
    """
    page_path = folder / "index.html"
    try:
        for name, content in _files(result):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
            if path == page_path:
                ready(page_path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ParibusError(
                f"{folder}: the disk is full; make room and call `paribus report` again, no run "
                "is lost"
            ) from None
        raise UserError(
            f"{folder}: the report cannot be written: {error.strerror}; name another folder with "
            "--report"
        ) from None
    return page_path


def _files(result: StudyResult) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files; the page first, since it is waited for."""
    pictures, rows, evidence = _pictures(result), tables.summary(result), evidence_of(result)
    yield "index.html", page(evidence, rows, pictures).encode()
    yield "report.md", markdown(evidence, rows, pictures).encode()
    yield "tables/summary.csv", tables.summary_csv(result).encode()
    notes = [] if (warning := words.preview_warning(result)) is None else [warning]
    yield "tables/summary.tex", tables.summary_latex(rows, notes).encode()
    yield "tables/epochs.csv", tables.epochs_csv(result).encode()
    yield "tables/findings.csv", evidence.findings_csv().encode()
    yield "tables/findings.tex", evidence.findings_latex(notes).encode()
    yield "tables/flips.csv", evidence.flips_csv().encode()
    for picture in pictures:
        yield f"figures/{picture.file}.svg", picture.svg
        yield f"figures/{picture.file}.png", style.png(picture.figure)


def _pictures(result: StudyResult) -> list[Picture]:
    return [Picture(*figure) for figure in _figures(result)]


def _figures(result: StudyResult) -> Iterator[tuple[str, str, str, Figure, Figure | None]]:
    """What a `Picture` takes, of everything there is to draw."""
    if (figure := figures.final_accuracies(result)) is not None:
        text = (
            "Final test accuracy of every experiment: a dot for each seed, their mean, and from "
            f"three seeds on its {percent(0.95)} interval."
        )
        narrow = figures.final_accuracies(result, narrow=True)
        yield "final-accuracy", "Final accuracy", text, figure, narrow
    for file, figure in curves.overview(result):
        what = {"curves-accuracy": "test accuracy", "curves-loss": "test loss"}.get(file)
        title = f"Learning curves: {what}" if what else "Learning curves"
        text = (
            f"{(what or 'test accuracy and test loss').capitalize()} over the epochs: the mean of "
            "the seeds, and a band from the lowest to the highest of them."
        )
        if what:
            text += " In grey the mean of the experiment that each is a variant of."
        yield file, title, text, figure, None
    best = result.best()
    predicted_SN = None if best is None else predictions.predicted_classes(best)
    if best is not None and predicted_SN is not None:
        labels_N, data = result.dataset.test_labels, result.dataset
        runs = len(predicted_SN)
        counts_KK = predictions.confusion(predicted_SN, labels_N, data.classes)
        text = f"What {best.name} takes each class for. The colour shows the errors alone. "
        text += words.confusions(counts_KK, data.class_names, runs)
        if best.reported is not None and best.reported.note:
            text += f" Reported of it: “{best.reported.note}”."
        yield (
            "confusion",
            f"Confusion matrix of {best.name}",
            text,
            figures.confusion_matrix(counts_KK, data.class_names, best.name, runs),
            None,
        )
        mistakes = predictions.mistakes(predicted_SN, labels_N, _MISTAKES_SHOWN)
        if mistakes:
            yield (
                "misclassified",
                f"Misclassified by {best.name}",
                "Test images that it gets wrong, with their true class and what it took them for."
                + (words.GALLERY_DOUBT if data.label_errors else ""),
                figures.misclassified(data, mistakes, best.name, runs),
                None,
            )
    for name, experiment in result.experiments.items():
        if (figure := curves.learning_curves(experiment)) is not None:
            most = percent(1 - curves.LEAST_ERRORS, "g")
            text = (
                f"Cost and accuracy of {name} over the epochs: the mean of the seeds, and each "
                "seed as a thin line. Both axes are logarithmic, in the cost and in the share of "
                f"errors; accuracies above {most} are drawn at {most}."
            )
            narrow = curves.learning_curves(experiment, narrow=True)
            yield f"experiment-{name}", name, text, figure, narrow
