"""The served pages as they are shown: ready values for their templates and scripts."""

from __future__ import annotations

from dataclasses import dataclass, field

from paribus.data.facts import DataFacts
from paribus.measure.runs import StudyResult
from paribus.present import tables
from paribus.present.findings import findings_view
from paribus.present.page import findings_table
from paribus.present.view import SummaryCell, summary_view
from paribus.present.words import preview_warning
from paribus.questions.family import judge_study
from paribus.spec.study import Study
from paribus.text import count

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
        opening=f"{count(len(study.experiments), 'experiment')}, {count(study.seeds, 'seed')} "
        f"each, on {facts.name}.",
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
    gray = f", the same grey in all {channels} colours" if channels > 1 else ""
    return PadView(
        to_draw="a digit" if digits else f"one of {', '.join(names[:12])}",
        class_names=names,
        test_images=facts.test_images,
        width=width,
        height=height,
        about=f"{width} × {height} pixels{gray}. A drawing is scaled to {scaled} and centred by "
        f"its mass{', as MNIST’s digits were' if of_mnist else ''}.",
    )


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
