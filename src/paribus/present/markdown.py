"""The report as Markdown, for a repository or a chat."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.present.ensembles import ensembles_markdown
from paribus.present.findings import FindingsView
from paribus.present.luck import LuckView
from paribus.present.report_figures import ReportFigure
from paribus.present.tables import SummaryRow, escape_markdown, summary_markdown
from paribus.present.view import ReportView


def markdown(view: ReportView, rows: Sequence[SummaryRow]) -> str:
    """Return the report as Markdown.

    rows: its summary, which has a column of notes here.
    """
    parts = [f"# {escape_markdown(view.title)}", escape_markdown(view.opening)]
    if view.preview:
        parts.append(f"> **Preview.** {view.preview}")
    if view.plan:
        parts.append("\n".join(f"- {escape_markdown(line)}" for line in view.plan))
    if view.damage:
        parts.append(escape_markdown(view.damage))
    parts += map(escape_markdown, view.data_warnings)
    if view.progress:
        parts.append("\n".join(f"- {escape_markdown(line)}" for line in view.progress))
        if not view.complete:
            parts.append(f"`{view.command}` trains what is missing.")
    if view.findings is not None:
        parts += findings_parts(view.findings, None if view.undrawn else view.figures.findings)
    parts += ["## Summary", summary_markdown(rows), view.summary.caution]
    if view.summary.reported_from:
        parts.append(f"“Reported” is from {escape_markdown(view.summary.reported_from)}.")
    if view.summary.chosen:
        parts.append(escape_markdown(view.summary.chosen))
    if view.ensembles:
        parts += ["## Ensembles", ensembles_markdown(view.ensembles)]
    parts += _luck(view.luck)
    parts += [
        f"## {escape_markdown(figure.title)}\n\n"
        f"![{escape_markdown(figure.text)}](figures/{figure.file}.svg)"
        for figure in (() if view.undrawn else view.figures)
        if figure is not view.figures.findings
    ]
    if view.undrawn:
        parts.append(escape_markdown(view.undrawn))
    if view.attribution:
        parts += ["## Data", escape_markdown(view.attribution)]
    return "\n\n".join(parts) + "\n"


def findings_parts(findings: FindingsView, picture: ReportFigure | None) -> list[str]:
    """Return the section of the findings, in parts."""
    parts = ["## Findings", escape_markdown(findings.heading)]
    if picture is not None:
        parts.append(f"![{escape_markdown(picture.text)}](figures/{picture.file}.svg)")
    notes = (findings.looks, findings.sets, findings.introduction)
    parts += [escape_markdown(text) for text in notes if text]
    for number, finding in enumerate(findings.findings, start=1):
        text = f"{number}. **{escape_markdown(finding.question)}** "
        text += escape_markdown(finding.sentence)
        if finding.original:
            original, agreement = map(escape_markdown, (finding.original, finding.agreement))
            text += f" *The original’s answer:* {original}; {agreement}."
        parts.append(text)
    if findings.agreement:
        parts.append(escape_markdown(findings.agreement))
    return parts


def _luck(luck: LuckView) -> list[str]:
    parts: list[str] = []
    if luck.replays:
        lines = [f"- {escape_markdown(replay.name)} {replay.text}" for replay in luck.replays]
        parts += ["## Single runs", luck.ABOUT_REPLAYS, "\n".join(lines)]
    if luck.noise_floors:
        heads = ["experiment", "noise floor", "chance on single images", "seeds"]
        rows = [
            [escape_markdown(one.experiment), one.floor, one.single_images, str(one.n)]
            for one in luck.noise_floors
        ]
        parts += ["## Noise floor", luck.ABOUT_NOISE, _table(heads, rows)]
    if luck.ledger is not None:
        rows = [[escape_markdown(row.pair), *row.counts] for row in luck.ledger.rows]
        table = _table(["from, to", *luck.ledger.categories], rows)
        parts += ["## Test images, one by one", luck.ABOUT_LEDGER, table]
    if luck.suspects:
        parts += ["## Label suspects", escape_markdown(luck.suspects)]
    return parts


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
