"""The findings of a study and the images they changed, as CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from paribus.measure.runs import StudyResult
from paribus.present import estimates, latex, short, wording
from paribus.present.as_json import NUMBERS, all_numbers, plain
from paribus.present.look_text import looks_note
from paribus.present.set_text import sets_note
from paribus.present.sides import Labels
from paribus.questions.best_finding import BestFinding, Contender
from paribus.questions.finding import Finding, PairFinding
from paribus.stats.flips import Flip
from paribus.text import no_formula, percent

# N images


def findings_csv(findings: Sequence[Finding]) -> str:
    """Return a row for each question, as plain numbers in the metric's raw unit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = dict.fromkeys(name for finding in findings for name in all_numbers(finding))
    columns = ("a", "b", "metric", "matters", "verdict", "less_than_matters", *(names or NUMBERS))
    writer.writerow([
        "question", *columns,
        "looks", "confounds", "original", "agrees", "agreement", "sentence",
    ])  # fmt: skip
    for finding in findings:
        question = finding.question
        facts = plain(finding)
        values = [_cell(facts.get(column)) for column in columns]
        writer.writerow([
            no_formula(question.ask), *values,
            " ".join(map(str, facts["looks"])), "; ".join(facts["confounds"]),
            no_formula(question.original),
            "" if facts["agrees"] is None else facts["agrees"], facts["agreement"],
            no_formula(facts["sentence"]),
        ])  # fmt: skip
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A value of a finding's facts as a cell; names of experiments from elsewhere may be any."""
    return "" if value is None else no_formula(value) if isinstance(value, str) else value


def findings_latex(
    findings: Sequence[Finding], notes: Sequence[str], labels: Labels | None = None
) -> str:
    """Return a tabular of the findings for LaTeX's package booktabs, notes as comments above it."""
    groups: dict[str, list[list[str]]] = {}
    for finding in findings:
        found = short.numbers(finding)
        shown = (text or "–" for text in (found.n, found.with_unit, found.interval))
        verdict = wording.table_verdict(_labeled(finding, labels or {}))
        title = short.title(short.group(finding), short.direction(finding))
        groups.setdefault(title, []).append([finding.question.ask, *shown, verdict])
    room = _room([row for rows in groups.values() for row in rows])
    return latex.in_blocks(
        # Questions are long, verdicts may be: both need lines.
        rf"p{{{room}\linewidth}}rrrp{{0.17\linewidth}}",
        ["question", "n", "difference", f"{percent(0.95)} interval", "verdict"],
        [latex.Block(title, rows) for title, rows in groups.items()],
        [
            "The second experiment less the first; for times, how many times as long a step of "
            "it takes. n counts seeds, for times processes. The verdicts allow for all questions, "
            "the intervals are those of each question alone; “equal” rests on "
            f"{percent(0.9)} intervals.",
            *filter(None, [looks_note(findings), sets_note(findings)]),
            *notes,
        ],
        small=True,
    )


def _room(rows: Sequence[Sequence[str]]) -> str:
    """The share of a line that the widest numbers leave for questions."""
    letters = sum(max((len(row[column]) for row in rows), default=0) for column in (2, 3))
    return f"{max(0.2, 0.34 - 0.012 * max(0, letters - 32)):.2f}"


def _labeled(finding: Finding, labels: Labels) -> Finding:
    """Return a finding whose verdict names the best experiment by its label."""
    if not isinstance(finding, BestFinding):
        return finding
    called = [replace(one, name=labels.get(one.name, one.name)) for one in finding.contenders]
    return replace(finding, contenders=tuple(called))


BEST_COLUMNS = ("experiment", "may_be_best", "compared", "n", "without_value", "mean", "sd",
                "to_best", "low", "high", "first_rank", "last_rank")  # fmt: skip


def best_csv(findings: Sequence[Finding]) -> str:
    """Return a row for each experiment of each question about the best, in the metric's raw unit;
    an end of an interval is empty where there is no bound."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["question", "metric", *BEST_COLUMNS])
    for finding in findings:
        if not isinstance(finding, BestFinding):
            continue
        for row in plain(finding)["contenders"]:
            values = ("" if row[key] is None else row[key] for key in BEST_COLUMNS)
            writer.writerow(map(_cell, (finding.question.ask, finding.question.metric, *values)))
    return text.getvalue()


def best_latex(
    findings: Sequence[Finding], notes: Sequence[str], labels: Labels | None = None
) -> str:
    """Return a tabular of the experiments of each question about the best, notes as comments above
    it; "" if there is no such question."""
    blocks = [
        latex.Block(
            short.title(finding.question.ask, finding.metric.label, short.direction(finding)),
            [
                [
                    (labels or {}).get(one.name, one.name),
                    str(one.seeds),
                    "–" if one.level is None else estimates.level(finding.metric, *one.level),
                    wording.to_best(finding.metric, one),
                    wording.ranks(one),
                    _place(finding, one),
                ]
                for one in wording.in_order(finding)
            ],
        )
        for finding in findings
        if isinstance(finding, BestFinding)
    ]
    if not blocks:
        return ""
    return latex.in_blocks(
        f"{latex.text_column([row[0] for block in blocks for row in block.rows])}rrrrl",
        ["experiment", "n", "mean (SD)", "from the best other", "rank", "the best"],
        blocks,
        [
            f"In brackets {percent(0.95)} intervals for all at once; the set of those that may be "
            "the best holds it in at least 95 of 100 studies.",
            *notes,
        ],
        small=True,
    )


def _place(finding: BestFinding, one: Contender) -> str:
    if not one.may_be_best:
        return "no"
    if len(finding.best) == 1:
        return "yes"
    return "may be" if one.compared else "not compared"


def flips_csv(result: StudyResult, findings: Sequence[Finding]) -> str:
    """Return a row for each question of accuracy and test image that not all runs get right."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["a", "b", "image", "label", "share_a", "share_b", "category", "label_rejected"]
    )
    for row in _flips(result, findings):
        writer.writerow(row)
    return text.getvalue()


def _flips(result: StudyResult, findings: Sequence[Finding]) -> Iterator[list[object]]:
    data = result.dataset
    seen = set()
    for finding in findings:
        if not isinstance(finding, PairFinding):
            continue
        ledger = finding.ledger
        if ledger is None or (finding.a, finding.b) in seen:
            continue
        seen.add((finding.a, finding.b))
        for image, category in enumerate(ledger.category_N.tolist()):
            if category != Flip.ALWAYS_RIGHT:
                yield [
                    finding.a, finding.b, image, data.class_names[data.test_labels[image]],
                    float(ledger.share_A_N[image]), float(ledger.share_B_N[image]), category,
                    image in data.label_errors,
                ]  # fmt: skip
