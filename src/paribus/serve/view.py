"""The served pages as they are shown: ready values for their templates and scripts."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paribus.data.facts import DataFacts
from paribus.measure.runs import StudyResult
from paribus.present import tables
from paribus.present.findings import findings_view
from paribus.present.page import findings_table
from paribus.present.report_text import preview_warning, seeds_of
from paribus.present.view import SummaryCell, summary_view
from paribus.questions.family import judge_study
from paribus.serve.networks import AllAnswers
from paribus.spec.study import Study
from paribus.text import count

# S seeds, K classes, C channels, H rows, W columns

# The width and height of MNIST's images, and of its digits within them.
_MNIST = (28, 28)
_DIGIT_SHARE = 20 / 28


@dataclass(frozen=True)
class SiteView:
    """What every page shows."""

    title: str
    label: str
    """What the store calls the study."""
    labels: tuple[str, ...]
    """All studies that can be shown."""
    opening: str
    folder: str
    command: str
    """What trains what is missing."""


@dataclass(frozen=True)
class PadView:
    """What the pad shows."""

    to_draw: str
    class_names: tuple[str, ...]
    test_images: int
    width: int
    height: int
    about: str
    """What becomes of a drawing."""


@dataclass(frozen=True)
class ExperimentAnswer:
    """What the runs of an experiment say of an image."""

    name: str
    seeds: tuple[int, ...]
    mean: list[float]
    """The mean probability of each class."""
    each: list[list[float]]
    """The same by run."""
    words: str
    agree: bool
    """Whether all runs say the same."""
    learned: tuple[bool, ...]
    """Whether each run has learned anything; those that have not are no part of the headline."""


@dataclass(frozen=True)
class PadAnswer:
    """What all networks say of an image."""

    image: str
    """Row by row, in base64: a byte per pixel for gray values, three for colors."""
    truth: str | None
    """The label of a test image."""
    problems: tuple[str, ...]
    experiments: tuple[ExperimentAnswer, ...]


@dataclass(frozen=True)
class ResultsView:
    """Findings and summary as they stand, for the live page."""

    findings: str = ""
    """HTML; "" of a study that asks nothing."""
    preview: str = ""
    caution: str = ""
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[SummaryCell, ...], ...] = field(default=())


def site_view(
    study: Study, facts: DataFacts, *, label: str, labels: list[str], folder: str, command: str
) -> SiteView:
    """Return what the pages of a study show."""
    return SiteView(
        title=study.title,
        label=label,
        labels=tuple(labels),
        opening=f"{count(len(study.experiments), 'experiment')}, {seeds_of(study)}, on "
        f"{facts.name}.",
        folder=folder,
        command=command,
    )


def pad_view(facts: DataFacts) -> PadView:
    """Return what the pad shows of a dataset."""
    channels, height, width = facts.image_shape
    names = tuple(facts.class_names)
    of_mnist = (height, width) == _MNIST
    digits = of_mnist and all(name.isdigit() for name in names)
    scaled = " × ".join(str(round(size * _DIGIT_SHARE)) for size in (width, height))
    gray = f", the same gray in all {channels} colors" if channels > 1 else ""
    return PadView(
        to_draw="a digit" if digits else f"one of {', '.join(names[:12])}",
        class_names=names,
        test_images=facts.test_images,
        width=width,
        height=height,
        about=f"{width} × {height} pixels{gray}. A drawing is scaled to {scaled} and centered by "
        f"its mass{', as MNIST’s digits were' if of_mnist else ''}.",
    )


def pad_answer(
    image_CHW: NDArray[np.floating],
    truth: str | None,
    answers: AllAnswers,
) -> PadAnswer:
    """Return what networks say of an image, whose values are 0 to 1."""
    image_HWC = image_CHW.transpose(1, 2, 0)
    if image_HWC.shape[2] != 3:
        image_HWC = image_HWC.mean(2, keepdims=True)
    bytes_HWC = np.clip(image_HWC * 255, 0, 255).round().astype(np.uint8)
    return PadAnswer(
        image=base64.b64encode(bytes_HWC.tobytes()).decode(),
        truth=truth,
        problems=answers.problems,
        experiments=tuple(
            ExperimentAnswer(
                name=answer.name,
                seeds=answer.seeds,
                mean=_rounded(answer.probabilities_SK.mean(0)),
                each=[_rounded(row) for row in answer.probabilities_SK],
                words=answer.words,
                agree=answer.agree,
                learned=answer.learned,
            )
            for answer in answers.experiments
        ),
    )


def _rounded(values: NDArray[np.floating]) -> list[float]:
    return [round(float(value), 4) for value in values]


def results_view(result: StudyResult, report_address: str) -> ResultsView:
    """Return the findings and the summary of what has been trained so far."""
    rows = tables.summary(result)
    summary = summary_view(result, rows, sentences=True)
    findings = findings_view(result, judge_study(result))
    return ResultsView(
        findings="" if findings is None else findings_table(findings, report_address),
        preview=preview_warning(result),
        caution=summary.caution,
        headings=tuple(column.full_heading for column in summary.columns),
        rows=summary.rows,
    )
