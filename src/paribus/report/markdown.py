"""The report as Markdown, for a repository or a chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paribus.analysis import StudyResult
from paribus.report import words
from paribus.report.tables import Row, escape_markdown, has_reported, summary_markdown

if TYPE_CHECKING:
    from paribus.report.write import Picture


def markdown(result: StudyResult, rows: Sequence[Row], pictures: Sequence[Picture]) -> str:
    parts = [f"# {escape_markdown(result.study.title)}", escape_markdown(words.opening(result))]
    if (warning := words.preview_warning(result)) is not None:
        parts.append(f"> **Preview.** {warning}")
    if lines := words.progress(result):
        parts.append("\n".join(f"- {escape_markdown(line)}" for line in lines))
        parts.append(f"`{words.command(result)}` trains what is missing.")
    parts += ["## Summary", summary_markdown(rows), words.caution(result)]
    if has_reported(rows):
        origin = result.study.origin or "an earlier report"
        parts.append(f"“Reported” is from {escape_markdown(origin)}.")
    if (best := words.chosen(result)) is not None:
        parts.append(escape_markdown(best))
    parts += [
        f"## {escape_markdown(picture.title)}\n\n"
        f"![{escape_markdown(picture.text)}](figures/{picture.file}.svg)"
        for picture in pictures
    ]
    if result.dataset.attribution:
        parts += ["## Data", escape_markdown(result.dataset.attribution)]
    return "\n\n".join(parts) + "\n"
