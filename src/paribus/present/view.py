"""A report as it is shown: ready values, from which the page and Markdown are made.

Templates and scripts choose by what a view has, never by what a text says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from paribus.measure.runs import ExperimentResult, StudyResult
from paribus.measure.suspects import Suspects
from paribus.present import layers, report_text, tables
from paribus.present.augmented import AugmentedView, augmented_views
from paribus.present.diagram import LayerGroup, diagram
from paribus.present.ensembles import EnsemblesView, ensembles_view
from paribus.present.explore import Explored, explored, sprite
from paribus.present.findings import Fact, FindingsView, findings_view
from paribus.present.luck import LuckView, luck_view
from paribus.present.many_runs import MOST_DOTS
from paribus.present.plan_text import plan_lines
from paribus.present.recipe_text import recipe
from paribus.present.report_figures import ReportFigures
from paribus.present.tuning import WinnersTable, winners_tables
from paribus.questions.finding import Finding
from paribus.text import Spread, count


@dataclass(frozen=True)
class SummaryCell:
    """A cell of the summary."""

    text: str
    spread: str
    """What stands behind it in small: the SD of a mean."""
    is_reported: bool
    wraps: bool
    """Whether it may take several lines."""


@dataclass(frozen=True)
class SummaryView:
    """The summary: a row for each experiment, its name first."""

    columns: tuple[tables.Column, ...]
    rows: tuple[tuple[SummaryCell, ...], ...]
    reported_from: str
    """The earlier report that has reported values; "" if there are none."""
    also_reported: str
    """What it said besides; "" if nothing."""
    caution: str
    chosen: str
    """How the best was chosen; "" if there is no choice."""

    @property
    def measured(self) -> int:
        """Columns that are not from an earlier report."""
        return sum(not column.is_reported for column in self.columns)


@dataclass(frozen=True)
class RunView:
    """A run, as a report names it."""

    id: str
    status: str


@dataclass(frozen=True)
class ExperimentView:
    """An experiment: its network, its recipe and its runs."""

    name: str
    label: str
    """What figures call it; "" if that is its name."""
    network: str
    recipe: str
    base: str
    """The experiment it was stated as changes to; "" if it stands alone."""
    base_is_shown: bool
    runs: tuple[RunView, ...]
    """The first and the last of more than `MOST_DOTS`."""
    most_runs: str
    """How many of them have which status, where not all are listed; else ""."""
    diagram: tuple[LayerGroup, ...]
    """Empty for a custom module, whose layers are not known."""


@dataclass(frozen=True)
class EnvironmentView:
    """Where runs were trained."""

    runs: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, eq=False)
class ReportView:
    """All that a report shows."""

    title: str
    opening: str
    preview: str
    """The warning of a preview; "" if it is none."""
    plan: tuple[str, ...]
    """What was planned, then what has been amended, a line each."""
    damage: str
    """Which runs are damaged and left out; "" if none is."""
    data_warnings: tuple[str, ...]
    """What is odd about the data, a line each, such as test images that are trained on."""
    progress: tuple[str, ...]
    """What is missing, has diverged or failed."""
    complete: bool
    """Whether nothing is left to train."""
    command: str
    """What trains what is missing."""
    findings: FindingsView | None
    summary: SummaryView
    keeps: bool
    """Whether runs of any experiment keep the network of a chosen epoch, and not the last."""
    ensembles: EnsemblesView | None
    """Of each experiment with several finished runs; None if there are none."""
    luck: LuckView
    winners: tuple[WinnersTable, ...]
    """Of each tuned experiment; empty if none is."""
    figures: ReportFigures
    undrawn: str
    """Why figures are missing and what to do; "" if they are not."""
    explored: Explored
    sprite: str
    """The gallery's images in one picture, as its address; "" without a gallery."""
    image_height: int
    image_width: int
    label_doubt: str
    """What is to be said of labels that are known to be doubtful; "" if there are none."""
    augmented: tuple[AugmentedView, ...]
    """Examples of each augmentation; empty if there is none."""
    experiments: tuple[ExperimentView, ...]
    environments: tuple[EnvironmentView, ...]
    attribution: str
    """Of the data."""


def report_view(
    result: StudyResult,
    findings: Sequence[Finding],
    suspects: Suspects | None,
    figures: ReportFigures,
) -> ReportView:
    """Return a study's results as they are shown."""
    data = result.dataset
    suspected = suspects.images if suspects and suspects.telling else ()
    to_explore = explored(result, suspected)
    return ReportView(
        title=result.study.title,
        opening=report_text.opening(result),
        preview=report_text.preview_warning(result),
        plan=tuple(plan_lines(result)),
        damage=result.damage,
        data_warnings=data.warnings,
        progress=tuple(report_text.progress(result)),
        complete=report_text.complete(result),
        command=report_text.command(result),
        findings=findings_view(result, findings),
        summary=summary_view(result, tables.summary(result), sentences=False),
        keeps=any(one.chooses_epochs for one in result.experiments.values()),
        ensembles=ensembles_view(result),
        luck=luck_view(findings, suspects),
        winners=winners_tables(findings),
        figures=figures,
        undrawn=report_text.undrawn(),
        explored=to_explore,
        sprite=sprite(data, to_explore.gallery),
        image_height=data.image_shape[1],
        image_width=data.image_shape[2],
        label_doubt=report_text.GALLERY_DOUBT if data.label_errors else "",
        augmented=augmented_views(result),
        experiments=tuple(_experiment(one, result) for one in result.experiments.values()),
        environments=tuple(
            EnvironmentView(count(runs, "run"), tuple(Fact(*fact) for fact in facts.items()))
            for facts, runs in report_text.environments(result)
        ),
        attribution=data.attribution,
    )


def summary_view(
    result: StudyResult, rows: Sequence[tables.SummaryRow], *, sentences: bool
) -> SummaryView:
    """Return the summary as it is shown.

    sentences: whether notes of an earlier report are a column; else they stand below.
    """
    columns = tables.columns(rows, sentences=sentences)
    notes = "; ".join(f"{row.name}, “{row.reported_note}”" for row in rows if row.reported_note)
    return SummaryView(
        columns=columns,
        rows=tuple(tuple(_cell(row, column) for column in columns) for row in rows),
        reported_from=(
            (result.study.origin or "an earlier report") if tables.has_reported(rows) else ""
        ),
        also_reported=notes,
        caution=report_text.caution(result),
        chosen=report_text.chosen(result),
    )


def _cell(row: tables.SummaryRow, column: tables.Column) -> SummaryCell:
    value: Spread | str = getattr(row, column.key)
    text, sd = (value.mean, value.sd) if isinstance(value, Spread) else (value, "")
    return SummaryCell(text, f" ± {sd}" if sd else "", column.is_reported, column.wraps)


def _experiment(one: ExperimentResult, result: StudyResult) -> ExperimentView:
    base = result.experiments.get(one.base or "")
    rows = [] if one.plan is None else diagram(one.plan, base.plan if base else None)
    listed, by_status = one.runs, Counter[str]()
    if len(one.runs) > MOST_DOTS:
        listed, by_status = (one.runs[0], one.runs[-1]), Counter(run.status for run in one.runs)
    return ExperimentView(
        name=one.name,
        label=result.study.labels.get(one.name, ""),
        network=layers.network(one.experiment),
        recipe=recipe(one.experiment),
        base=one.base or "",
        base_is_shown=base is not None,
        runs=tuple(RunView(run.id, run.status) for run in listed),
        most_runs=", ".join(f"{number:,} {status}" for status, number in by_status.items()),
        diagram=tuple(rows),
    )
