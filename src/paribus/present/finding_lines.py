"""The findings of a study as lines of a terminal, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap

from paribus.measure.runs import StudyResult
from paribus.present import commands, report_text, short, wording
from paribus.present.findings import agreement_line, heading
from paribus.present.look_text import looks_note
from paribus.present.set_text import sets_note
from paribus.questions.finding import Finding, PairFinding, TwoSided, Verdict
from paribus.text import short_name

WIDTH = 80

_NOTES = {
    "*": "by less than matters",
    "†": "on these test images; not shown for other images",
    "‡": "exploratory: asked after runs had ended",
    "¶": "amended: asked in other terms, or of another experiment, after runs had ended",
}
"""What marks behind a verdict mean."""
_UNCLEAR = "§"
_TRAIN = "train the full study"


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


def finding_lines(
    findings: Sequence[Finding], *, preview: bool, width: int | None = WIDTH
) -> Iterator[Line]:
    """Yield what a study found: how often each verdict, then a line per finding, by what was
    compared.

    width: how many characters a line may have, at least 80; None if any number of them. Names that
    do not fit are shortened; lines break where two would then be the same.
    """
    if not findings:
        return
    yield from map(Line, wrap(heading(findings, preview=preview), WIDTH))
    rows = [_row(finding) for finding in findings]
    table = _table(rows, width)
    for title, group in _groups(rows).items():
        yield Line("")
        yield from map(Line, wrap(title, table.width))
        for row in group:
            yield from _row_lines(row, table)
    used = "".join(row.marks for row in rows)
    notes = [f"{mark} {note}" for mark, note in _NOTES.items() if mark in used]
    if family := max(short.family_of_unclear(finding) for finding in findings):
        notes.append(f"{_UNCLEAR} {_unclear(family)}")
    notes += filter(None, (looks_note(findings), sets_note(findings)))
    if agreement := agreement_line(findings):
        notes.append(agreement)
    for note in notes:
        yield Line("")
        yield from map(Line, wrap(note, WIDTH))


def next_lines(result: StudyResult, findings: Sequence[Finding], page: Path) -> Iterator[str]:
    """Yield where the report is, and the next two commands with what they do; these only of a study
    that commands can name."""
    yield f"Report: {page.resolve()}"
    steps = list(_next(result, findings))
    if steps:
        yield "Next:"
    widest = max((len(command) for command, _ in steps), default=0)
    for command, what in steps:
        if widest + len(what) + 4 <= WIDTH:
            yield f"  {command:<{widest}}  {what}"
        else:
            yield from (f"  {command}", f"    {what}")


def _next(result: StudyResult, findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    if not result.study_name:
        return
    pairs = (f for f in findings if isinstance(f, PairFinding) and len(f.question.experiments) == 2)
    pair = next(pairs, None)
    if not report_text.complete(result):
        yield report_text.command(result), "train the missing runs"
    elif result.study.preview:
        what = "write the report of the full study"
        yield commands.full_command(result), what if result.full_is_trained else _TRAIN
    elif pair is not None:
        compare = commands.compare_command(result, pair.a, pair.b, pair.question.metric)
        yield compare, "all that a finding rests on"
    yield commands.serve_command(result), "explore the runs, and draw images for them"


def _row(finding: Finding) -> _Row:
    found = short.numbers(finding)
    marked = {
        "*": finding.less_than_matters,
        "†": isinstance(finding, PairFinding) and finding.shown_for_new_images is False,
        "‡": finding.exploratory,
        "¶": finding.is_amended,
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


@dataclass(frozen=True)
class _Table:
    """How rows are set: the widths of a line, of verdicts and of n; and for each name of an
    experiment as it is shortened, those that it stands for."""

    width: int
    words: int
    ns: int
    meant: Mapping[str, set[str]]

    def room(self, row: _Row) -> int:
        """How much the names of a row may take. A long number takes it from its own row only."""
        return self.width - self.words - len(row.numbers) - self.ns - _GAPS


_GAPS = len("  " * 4)


def _table(rows: Sequence[_Row], width: int | None) -> _Table:
    words, ns = max(len(row.marked) for row in rows), max(len(row.n) for row in rows)
    needed = [
        words + len(short.sides(row.finding)) + len(row.numbers) + ns + _GAPS
        for row in rows
        if isinstance(row.finding, TwoSided)
    ]
    whole = max([WIDTH, *needed])
    taken = whole if width is None else min(whole, max(width, WIDTH))
    table = _Table(taken, words, ns, {})
    meant: dict[str, set[str]] = {}
    for row in rows:
        for name, shown in _names(row, table).items():
            meant.setdefault(shown, set()).add(name)
    return replace(table, meant=meant)


def _names(row: _Row, table: _Table) -> dict[str, str]:
    """The names of the two experiments of a row, each as it is shown; none of other findings."""
    finding = row.finding
    if not isinstance(finding, TwoSided):
        return {}
    a, b = finding.a, finding.b
    text = short.sides(finding)
    room = table.room(row)
    if len(text) <= room:
        return {a: a, b: b}
    left = room - (len(text) - len(a) - len(b))
    most = max(left // 2, left - min(len(a), len(b)))
    return {name: short_name(name, most) for name in (a, b)}


def _row_lines(row: _Row, table: _Table) -> Iterator[Line]:
    """A line with verdict, names and numbers; more where the names take more."""
    finding, room = row.finding, table.room(row)
    text = short.sides(finding)
    names = _names(row, table)
    if names and all(len(table.meant[shown]) == 1 for shown in names.values()):
        assert isinstance(finding, TwoSided)
        joint = text.removeprefix(finding.a).removesuffix(finding.b)
        pieces = [f"{names[finding.a]}{joint}{names[finding.b]}"]
    else:
        pieces = _broken(text, table.width - table.words - len("  " * 2))
    if len(pieces[-1]) > room:
        pieces.append("")
    for place, piece in enumerate(pieces):
        word = "" if place else row.marked
        numbers = (row.numbers, row.n) if place == len(pieces) - 1 else ()
        cells = (f"{word:<{table.words}}", f"{piece:<{room}}", *numbers)
        yield Line(f"  {'  '.join(cells)}".rstrip(), finding.verdict)
    amended = (wording.as_first_planned(finding), wording.changed_experiments(finding))
    for why in (short.why(finding), short.raised(finding), *amended):
        for piece in _broken(why, table.width - table.words - len("  " * 2)):
            yield Line(f"  {'':<{table.words}}  {piece}")


def _broken(text: str, room: int) -> list[str]:
    """A text as lines, of which each name stays whole that fits on one."""
    return wrap(text, room, break_on_hyphens=False)
