"""The page of results from elsewhere, and the files beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paribus import __version__
from paribus.atomic import write_atomically
from paribus.elsewhere.judge import Judgement
from paribus.present import finding_tables, latex
from paribus.present.estimates import amount
from paribus.present.figures.processes import draw
from paribus.present.findings import FindingsView, shown_findings
from paribus.present.forest import forest
from paribus.present.guesses import guesses
from paribus.present.how_to_read import how_to_read, introduction
from paribus.present.many_runs import BARS
from paribus.present.markdown import findings_parts
from paribus.present.notices import NO_EXAMPLES, UNCHECKED, remarks
from paribus.present.page import render
from paribus.present.tables import escape_markdown
from paribus.present.values import ValuesView, setting_names, values_views
from paribus.present.write import has_pdf, not_written
from paribus.questions.finding import TwoSided
from paribus.questions.unpaired_finding import UnpairedFinding
from paribus.stats.limits import VERDICT_LEVEL
from paribus.text import count, extent, listed, no_formula


@dataclass(frozen=True)
class JudgedView:
    """Results from elsewhere as they are shown."""

    title: str
    opening: str
    guesses: str
    remarks: tuple[str, ...]
    findings: FindingsView
    about_rows: str
    values: tuple[ValuesView, ...]
    bars: str
    """What the bars in place of too many runs' dots are; "" where there are none."""
    settings: tuple[str, ...]
    """Names of the recorded settings."""
    method: str
    """How the verdicts were reached, for a paper's appendix."""
    limits: tuple[str, ...]
    """What cannot be said, or checked, of such results."""


def judged_view(judgment: Judgement, title: str) -> JudgedView:
    """Return a judgment as it is shown."""
    paired, values = judgment.terms.paired, values_views(judgment)
    return JudgedView(
        title=title,
        opening=_opening(judgment),
        guesses=guesses(judgment),
        remarks=tuple(remarks(judgment)),
        findings=shown_findings(
            judgment.findings, introduction=_INTRODUCTION, how_to_read=_HOW_TO_READ, preview=False
        ),
        about_rows=_PAIRED_ROWS if paired else _UNPAIRED_ROWS,
        values=values,
        bars=BARS if any(row.bars for view in values for row in view.rows) else "",
        settings=setting_names(judgment),
        method=_method(judgment),
        limits=(UNCHECKED,) if judgment.roles.correct else (UNCHECKED, NO_EXAMPLES),
    )


_ROWS = (
    "Each row compares two experiments, first → second. The mark is the difference of their means; "
    "further right, the second is better. A filled mark is a finding. A hollow mark or a cross is "
    "none, however far from 0."
)
_UNPAIRED_ROWS = f"{_ROWS} Runs are not paired."
_PAIRED_ROWS = f"{_ROWS} Runs of one seed are a pair; a dot is the difference of one pair."
_INTRODUCTION = introduction(
    "runs",
    "In brackets a 95% confidence interval: of 100 such sets of runs, about 95 have an interval "
    "that holds the true difference of the means (90, where it says so).",
)
_HOW_TO_READ = how_to_read(
    estimate="the mean of the second experiment less that of the first",
    axes="An estimate beyond the axis stands behind a break with its number.",
)


def _opening(judgment: Judgement) -> str:
    runs = [len(one.runs) for one in judgment.experiments]
    metrics = listed([metric.key for metric in judgment.metrics])
    pairs = "in pairs of one seed" if judgment.terms.paired else "not paired"
    return (
        f"{count(len(runs), 'experiment')} with {extent(min(runs), max(runs))} "
        f"{'run' if max(runs) == 1 else 'runs'} each, {pairs}, by {metrics}, from "
        f"{judgment.source}."
    )


def _method(judgment: Judgement) -> str:
    terms, findings = judgment.terms, judgment.findings
    if terms.paired:
        test = "paired t tests over the runs of one seed (Student 1908)"
    else:
        welch = any(
            isinstance(finding, UnpairedFinding)
            and finding.evidence.measured is not None
            and finding.evidence.measured.welch
            for finding in findings
        )
        degrees = "Welch’s" if welch else "min(n, m) − 1"
        source = "Welch 1938" if welch else "Hájek 1962"
        test = f"t tests of independent runs with {degrees} degrees of freedom ({source})"
    compared = sum(isinstance(finding, TwoSided) for finding in findings)
    family = "one question" if compared == 1 else f"{compared} questions (Holm 1979)"
    text = (
        f"Differences of means were tested by two-sided {test}, with p-values adjusted for "
        f"{family}. “Better” and “worse” require an adjusted p-value of at most {VERDICT_LEVEL}: "
        "the rest of the usual 0.05 is held back for skewed values."
    )
    if terms.matters:
        sizes = zip(judgment.metrics, terms.matters, strict=True)
        margins = listed([amount(metric, matters) for metric, matters in sizes])
        text += (
            f" “Equal” requires a 90% confidence interval within ±{margins} (two one-sided tests, "
            "Schuirmann 1987)."
        )
    else:
        text += " No smallest difference that matters was stated, so nothing is called equal."
    if terms.best:
        degrees = "" if terms.paired else " with min(n, m) − 1 degrees of freedom"
        text += (
            " The set of experiments that may be the best has those that no other one is shown to "
            f"exceed, by one-sided {'paired ' if terms.paired else ''}t tests{degrees} at 5% "
            "divided by the number of others (Gupta 1965); it holds the best one in at least 95 of "
            "100 studies."
        )
    return f"{text} Computed with Paribus {__version__}."


def write_judgment(judgment: Judgement, title: str, folder: Path, *, pdf: bool = False) -> Path:
    """Write the page, tables and the picture of findings into a folder; return the page's path.

    pdf: whether the picture is written as PDF too; where the folder has one, it is in any case.

    Raises `UserError` where the folder cannot be written to.
    """
    path = folder
    try:
        for name, content in _files(judgment, title, pdf=pdf or has_pdf(folder)):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
    except OSError as error:
        raise not_written(folder, path, error) from None
    return folder / "index.html"


def judged_page(judgment: Judgement, title: str) -> str:
    """Return the page alone."""
    return render("judged.html.j2", view=judged_view(judgment, title))


def _files(judgment: Judgement, title: str, *, pdf: bool) -> Iterator[tuple[str, bytes]]:
    view, findings = judged_view(judgment, title), judgment.findings
    yield "index.html", render("judged.html.j2", view=view).encode()
    yield "report.md", _markdown(view).encode()
    yield "tables/findings.csv", finding_tables.findings_csv(findings).encode()
    yield "tables/findings.tex", finding_tables.findings_latex(findings, _notes(judgment)).encode()
    if best := finding_tables.best_latex(findings, []):
        yield "tables/best.csv", finding_tables.best_csv(findings).encode()
        yield "tables/best.tex", best.encode()
    yield "tables/summary.csv", _summary_csv(judgment).encode()
    yield "tables/summary.tex", _summary_latex(view).encode()
    shown = forest(findings, preview=False)
    with draw([] if shown is None else [shown], kinds=("pdf",) if pdf else ()) as drawing:
        if shown is not None and (svgs := drawing.svgs(0)) is not None:
            yield "figures/findings.svg", svgs.wide
            if pdf and (file := drawing.file(0, "pdf")) is not None:
                yield "figures/findings.pdf", file


def _notes(judgment: Judgement) -> list[str]:
    """What is to be said in the comments of a table of findings."""
    if not any(isinstance(finding, UnpairedFinding) for finding in judgment.findings):
        return []
    return ["n counts the runs of each experiment, of the first and the second if they differ."]


def _summary_csv(judgment: Judgement) -> str:
    """A row for each experiment and metric, as plain numbers in the metric's raw unit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    settings = setting_names(judgment)
    writer.writerow(
        [
            "experiment",
            "metric",
            "n",
            "without_value",
            "mean",
            "sd",
            "lowest",
            "highest",
            *map(no_formula, settings),
        ]
    )
    for one in judgment.experiments:
        for metric in judgment.metrics:
            value_R = one.finite(metric.key)
            n = value_R.size
            numbers: list[float | str] = [float(value_R.mean())] if n else [""]
            # ddof=1: the runs are a sample of those that could have been trained.
            numbers.append(float(np.std(value_R, ddof=1)) if n > 1 else "")
            numbers += map(float, (value_R.min(), value_R.max())) if n else ("", "")
            writer.writerow([
                no_formula(one.name), no_formula(metric.key), n, len(one.runs) - n, *numbers,
                *(no_formula(one.settings.get(name, "")) for name in settings),
            ])  # fmt: skip
    return text.getvalue()


def _summary_latex(view: JudgedView) -> str:
    """A tabular of means, with as many of the settings that differ as a line has room for."""
    rows = [row for values in view.values for row in values.rows]
    titles = [values.title for values in view.values]
    names = [row.name for row in rows]
    heading = "mean (SD)" if titles[1:] else f"{titles[0]}, mean (SD)"
    cells = {
        key: [row.settings[number] for row in rows] for number, key in enumerate(view.settings)
    }
    differ = [key for key in view.settings if len(set(cells[key])) > 1]
    taken = min(max(map(len, names)), 20) + max(len(heading), *(len(row.level) for row in rows)) + 6
    shown = differ[: latex.fitting([[key, *cells[key]] for key in differ], taken)]
    places = [view.settings.index(key) for key in shown]
    blocks = [
        latex.Block(
            values.title,
            [
                [row.name, str(row.n), row.level, *(row.settings[place] for place in places)]
                for row in values.rows
            ],
        )
        for values in view.values
    ]
    left_out = [] if shown == list(view.settings) else ["summary.csv has all settings."]
    return latex.in_blocks(
        f"{latex.text_column(names)}rr{'l' * len(shown)}",
        ["experiment", "n", heading, *shown],
        blocks,
        ["Means and SDs over n runs.", *left_out],
        small=True,
    )


def _markdown(view: JudgedView) -> str:
    parts = [f"# {escape_markdown(view.title)}", escape_markdown(view.opening)]
    if view.guesses or view.remarks:
        said = filter(None, [view.guesses, *view.remarks])
        parts.append("\n".join(f"- {escape_markdown(line)}" for line in said))
    parts += findings_parts(view.findings, None)
    for values in view.values:
        heads = ["experiment", "runs", "mean (SD)", *view.settings]
        rows = [[row.name, str(row.n), row.level, *row.settings] for row in values.rows]
        lines = [heads, ["---"] * len(heads), *([*map(escape_markdown, row)] for row in rows)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts += [f"## {escape_markdown(values.title)}", table]
    parts += ["## Method", view.method, "## What this cannot tell", *view.limits]
    return "\n\n".join(parts) + "\n"
