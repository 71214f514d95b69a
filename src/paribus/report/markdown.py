"""The report as Markdown, for a repository or a chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paribus.analysis import StudyResult
from paribus.report import words
from paribus.report.tables import Row, has_reported, summary_markdown

if TYPE_CHECKING:
    from paribus.report.write import Picture


def markdown(result: StudyResult, rows: Sequence[Row], pictures: Sequence[Picture]) -> str:
    parts = [f"# {result.study.title}", words.opening(result)]
    if (warning := words.preview_warning(result)) is not None:
        parts.append(f"> **Preview.** {warning}")
    if lines := words.progress(result):
        parts.append("\n".join(f"- {line}" for line in lines))
    parts += ["## Summary", summary_markdown(rows), words.caution(result)]
    if has_reported(rows):
        parts.append(f"“Reported” is from {result.study.origin or 'an earlier report'}.")
    if (best := words.chosen(result)) is not None:
        parts.append(best)
    parts += [
        f"## {picture.title}\n\n![{picture.text}](figures/{picture.file}.svg)"
        for picture in pictures
    ]
    if result.dataset.attribution:
        parts += ["## Data", result.dataset.attribution]
    return "\n\n".join(parts) + "\n"
