"""Findings on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from paribus.measure.runs import StudyResult
from paribus.present import wording
from paribus.present.as_json import counts
from paribus.present.finding_lines import finding_lines, next_lines
from paribus.present.what_differs import consequence_words, difference_words
from paribus.questions.finding import Finding, PairFinding, TwoSided, Verdict
from paribus.stats.flips import FlipLedger

_STYLES = {
    Verdict.BETTER: "bold blue",
    Verdict.WORSE: "bold dark_orange3",
    Verdict.EQUAL: "bold",
    Verdict.UNDECIDED: "bold",
    Verdict.CONFOUNDED: "dim",
    Verdict.NONE: "dim",
}


def print_findings(findings: Sequence[Finding], *, preview: bool) -> None:
    """Print what was found, a line per finding; in color on a terminal, and as wide as it is."""
    console = Console()
    width = console.width if console.is_terminal else None
    for line in finding_lines(findings, preview=preview, width=width):
        _print_line(Text(line.text, _STYLES[line.verdict] if line.verdict else ""))


def print_judgment(findings: Sequence[Finding]) -> None:
    """Print what was found in results from elsewhere: of one question all that it rests on."""
    if len(findings) == 1:
        print_finding(findings[0])
    else:
        print_findings(findings, preview=False)


def print_next(result: StudyResult, findings: Sequence[Finding], page: Path) -> None:
    """Print where the report is, and what to do next."""
    for line in next_lines(result, findings, page):
        _print_line(Text(line))


def _print_line(line: Text) -> None:
    # Lines are fitted already, and a path must stay whole.
    Console(highlight=False).print(line, soft_wrap=True)


def print_finding(finding: Finding) -> None:
    """Print what a finding says, what differs, and what it rests on."""
    console = Console(highlight=False)
    console.print(Text(wording.sentence(finding), style="bold"))
    if isinstance(finding, TwoSided):
        pair = finding.pair
        differences = [
            difference_words(one) + " (confounds)" * (one in pair.confounds)
            for one in pair.differences
        ]
        nothing = "nothing that is recorded" if pair.recorded_only else "nothing but the seeds"
        _print_list(console, "What differs", differences or [nothing])
        _print_list(console, "What follows from it", map(consequence_words, pair.consequences))
    _print_list(console, "What this rests on", wording.reasons(finding))
    if noise := wording.noise(finding):
        _print_list(console, "What one run would have told", [noise])
    if isinstance(finding, PairFinding) and finding.ledger is not None:
        _print_title(console, f"Test {wording.examples(finding)}")
        _print_indented(console, _ledger(finding.ledger))


def _print_list(console: Console, title: str, lines: Iterable[str]) -> None:
    shown = list(lines)
    if shown:
        _print_title(console, title)
    for line in shown:
        _print_indented(console, Text(f"• {line}"))


def _print_title(console: Console, title: str) -> None:
    console.print(Text(f"\n{title}", style="bold"))


def _print_indented(console: Console, what: RenderableType) -> None:
    console.print(Padding(what, (0, 0, 0, 2), expand=False))


def _ledger(ledger: FlipLedger) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    for category, images in counts(ledger).items():
        table.add_row("too few seeds" if images is None else f"{images:,}", category)
    return table
