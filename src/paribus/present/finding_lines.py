"""The findings of a study as lines of a terminal, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from paribus.measure.runs import StudyResult
from paribus.present import report_text, short
from paribus.present.findings import agreement_line, heading
from paribus.present.look_text import looks_note
from paribus.questions.finding import Finding, PairFinding, TwoSided, Verdict
from paribus.text import short_name, shortened

WIDTH = 80

_NOTES = {
    "*": "by less than matters",
    "†": "on these test images; not shown for other images",
    "‡": "exploratory: asked after runs had ended",
}
"""What marks behind a verdict mean."""
_UNCLEAR = "§"


def _unclear(family: int) -> str:
    """Why an interval that leaves out 0 is no answer."""
    if family == 1:
        return "the interval leaves out 0, but hardly: not clear enough for a verdict"
    return (
        f"the interval leaves out 0, but among {family} questions one may do so by chance: not "
        "clear enough"
    )


@dataclass(frozen=True)
class Line:
    """A line, and the verdict that it tells; None of a title."""

    text: str
    verdict: Verdict | None = None


@dataclass(frozen=True)
class _Row:
    finding: Finding
    word: str
    marks: str
    numbers: str
    n: str

    @property
    def marked(self) -> str:
        return self.word + self.marks


def finding_lines(findings: Sequence[Finding], *, preview: bool) -> Iterator[Line]:
    """Yield what a study found, in lines of at most 80 characters: how often each verdict, then a
    line per finding, by what was compared."""
    if not findings:
        return
    yield from map(Line, wrap(heading(findings, preview=preview), WIDTH))
    rows = [_row(finding) for finding in findings]
    words, ns = max(len(row.marked) for row in rows), max(len(row.n) for row in rows)
    for title, group in _groups(rows).items():
        yield Line("")
        yield Line(shortened(title, WIDTH))
        for row in group:
            # A long number takes room from the names of its own line only.
            room = WIDTH - words - len(row.numbers) - ns - len("  " * 4)
            sides = _sides(row.finding, room)
            cells = (f"{row.marked:<{words}}", f"{sides:<{room}}", row.numbers, row.n)
            yield Line(f"  {'  '.join(cells)}".rstrip(), row.finding.verdict)
            if why := short.why(row.finding):
                yield Line(shortened(f"  {'':<{words}}  {why}", WIDTH))
    used = "".join(row.marks for row in rows)
    notes = [f"{mark} {note}" for mark, note in _NOTES.items() if mark in used]
    if family := max(short.family_of_unclear(finding) for finding in findings):
        notes.append(f"{_UNCLEAR} {_unclear(family)}")
    if looks := looks_note(findings):
        notes.append(looks)
    if agreement := agreement_line(findings):
        notes.append(agreement)
    for note in notes:
        yield Line("")
        yield from map(Line, wrap(note, WIDTH))


def next_lines(result: StudyResult, findings: Sequence[Finding], page: Path) -> Iterator[str]:
    """Yield where the report is, and the next two commands with what they do; these only of a study
    that commands can name."""
    yield f"Report: {page.resolve()}"
    commands = list(_next(result, findings))
    if commands:
        yield "Next:"
    widest = max((len(command) for command, _ in commands), default=0)
    for command, what in commands:
        if widest + len(what) + 4 <= WIDTH:
            yield f"  {command:<{widest}}  {what}"
        else:
            yield from (f"  {command}", f"    {what}")


def _next(result: StudyResult, findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    if not result.study_name:
        return
    name, preview = shlex.quote(result.study_name), result.study.preview
    pairs = (f for f in findings if isinstance(f, PairFinding) and len(f.question.experiments) == 2)
    pair = next(pairs, None)
    if not report_text.complete(result):
        yield report_text.command(result), "train the missing runs"
    elif preview:
        yield f"paribus run {name}", "train the full study"
    elif pair is not None:
        a, b = map(shlex.quote, (pair.a, pair.b))
        yield f"paribus compare {a} {b}", "all that a finding rests on"
    yield (
        f"paribus serve {name}{' --preview' * preview}",
        "explore the runs, and draw images for them",
    )


def _row(finding: Finding) -> _Row:
    found = short.numbers(finding)
    marked = {
        "*": finding.less_than_matters,
        "†": isinstance(finding, PairFinding) and finding.shown_for_new_images is False,
        "‡": finding.exploratory,
        _UNCLEAR: short.family_of_unclear(finding) > 0,
    }
    return _Row(
        finding=finding,
        word=short.verdict(finding),
        marks="".join(mark for mark, holds in marked.items() if holds),
        numbers=found.together,
        n=f"n = {found.n}" if found.n else "",
    )


def _groups(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        found = row.finding
        title = short.title(short.group(found), short.unit(found), short.direction(found))
        groups.setdefault(title, []).append(row)
    return groups


def _sides(finding: Finding, room: int) -> str:
    text = short.sides(finding)
    if len(text) <= room or not isinstance(finding, TwoSided):
        return shortened(text, room)
    joint = text.removeprefix(finding.a).removesuffix(finding.b)
    left = room - len(joint)
    most = max(left // 2, left - min(len(finding.a), len(finding.b)))
    return f"{short_name(finding.a, most)}{joint}{short_name(finding.b, most)}"
