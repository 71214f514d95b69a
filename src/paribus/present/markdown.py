"""The report as Markdown, for a repository or a chat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paribus.present import wording, words
from paribus.present.evidence import Evidence
from paribus.present.pictures import Picture
from paribus.present.tables import Row, escape_markdown, has_reported, summary_markdown


def markdown(evidence: Evidence, rows: Sequence[Row], pictures: Iterable[Picture]) -> str:
    result = evidence.result
    parts = [f"# {escape_markdown(result.study.title)}", escape_markdown(words.opening(result))]
    if (warning := words.preview_warning(result)) is not None:
        parts.append(f"> **Preview.** {warning}")
    if lines := words.progress(result):
        parts.append("\n".join(f"- {escape_markdown(line)}" for line in lines))
        if not words.complete(result):
            parts.append(f"`{words.command(result)}` trains what is missing.")
    parts += _findings(evidence)
    parts += ["## Summary", summary_markdown(rows), words.caution(result)]
    if has_reported(rows):
        origin = result.study.origin or "an earlier report"
        parts.append(f"“Reported” is from {escape_markdown(origin)}.")
    if (best := words.chosen(result)) is not None:
        parts.append(escape_markdown(best))
    parts += _luck(evidence)
    parts += [
        f"## {escape_markdown(picture.title)}\n\n"
        f"![{escape_markdown(picture.text)}](figures/{picture.file}.svg)"
        for picture in pictures
    ]
    if result.dataset.attribution:
        parts += ["## Data", escape_markdown(result.dataset.attribution)]
    return "\n\n".join(parts) + "\n"


def _findings(evidence: Evidence) -> list[str]:
    if not evidence.findings:
        return []
    parts = ["## Findings", escape_markdown(evidence.introduction())]
    for number, finding in enumerate(evidence.findings, start=1):
        text = f"{number}. **{escape_markdown(finding.question.ask)}** "
        text += escape_markdown(wording.sentence(finding))
        if finding.question.original:
            original = escape_markdown(finding.question.original)
            agreement = escape_markdown(wording.agreement(finding))
            text += f" *The original’s answer:* {original}; {agreement}."
        parts.append(text)
    if (summary := evidence.agreement()) is not None:
        parts.append(escape_markdown(summary))
    return parts


def _luck(evidence: Evidence) -> list[str]:
    parts: list[str] = []
    if replays := evidence.replays():
        parts += ["## Single runs", words.REPLAY, "\n".join(
            f"- {escape_markdown(finding.question.ask)} {share} pairs of runs"
            for finding, share in replays
        )]  # fmt: skip
    if floors := evidence.noise_floors():
        lines = [["experiment", "noise floor", "luck on single images", "seeds"], ["---"] * 4]
        lines += [[escape_markdown(name), floor, luck, str(n)] for name, floor, luck, n in floors]
        parts += ["## Noise floor", words.NOISE, _table(lines)]
    if ledgers := evidence.ledgers():
        heads = list(ledgers[0][1])
        lines = [["from, to", *heads], ["---"] * (len(heads) + 1)]
        lines += [
            [
                escape_markdown(f"{finding.a}, {finding.b}"),
                *("too few seeds" if n is None else f"{n:,}" for n in counts.values()),
            ]
            for finding, counts in ledgers
        ]
        parts += ["## Test images, one by one", words.LEDGER, _table(lines)]
    if (sentence := evidence.suspects_sentence()) is not None:
        parts += ["## Label suspects", escape_markdown(sentence)]
    return parts


def _table(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
