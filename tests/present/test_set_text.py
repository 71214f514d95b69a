"""A best set and the pairs of one report that seem to disagree: said where both are read."""

from __future__ import annotations

from pathlib import Path

import pytest

import paribus
from paribus.judged import Judged
from paribus.present.finding_lines import finding_lines
from paribus.present.set_text import sets_note
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import NoVerdict, Verdict

WHY = (
    "Both can be, as these are different tests: the set compares each experiment with all others, "
    "and has an error of 5% for itself; "
)
LOW, MIDDLE, HIGH = [91.0, 91.3, 90.9], [91.2, 91.5, 91.0], [91.9, 91.7, 92.1]


def undecided() -> Judged:
    """Every pair is undecided, and one of three is excluded from the best."""
    sides = {"a": LOW, "b": MIDDLE, "c": HIGH}
    found = paribus.judge_values(sides, metric="acc", best=True)
    best = found.findings[-1]
    assert isinstance(best, BestFinding)
    assert [one.may_be_best for one in best.contenders] == [False, True, True]
    assert {one.verdict for one in found.findings[:-1]} == {Verdict.UNDECIDED}
    return found


def test_an_undecided_pair_of_one_that_is_excluded_is_explained(tmp_path: Path) -> None:
    found = undecided()
    note = (
        "a → b and a → c are undecided, though a is shown not to be the best. "
        f"{WHY}the 3 questions share 4%."
    )
    assert sets_note(found.findings) == note
    lines = [line.text for line in finding_lines(found.findings, preview=False)]
    assert note in " ".join(lines)
    page = found.report(tmp_path)
    head = page.read_text("utf-8").partition("How to read a row")[0]
    # Above the rows, not in one that is to be opened.
    assert note in head
    assert note in (tmp_path / "report.md").read_text("utf-8")
    assert "shown not to be the best" in (tmp_path / "tables" / "findings.tex").read_text("utf-8")


def test_one_that_is_worse_and_may_be_the_best_is_explained() -> None:
    """One pair is asked, and the set compares each with seven others."""
    sides = {"a": [90.0, 91.0, 92.0, 90.0, 91.0], "b": [92.0, 93.0, 94.0, 92.0, 92.5]}
    others = {name: [90.5, 93.0, 91.0, 92.5, 89.0] for name in "cdefgh"}
    table = [
        {"m": name, "acc": value, "id": f"{name}{n}"}
        for name, side in {**sides, **others}.items()
        for n, value in enumerate(side)
    ]
    found = paribus.judge(table, experiment="m", run="id", compare=[("a", "b")], best=True)
    pair, best = found.findings
    assert pair.verdict is Verdict.BETTER
    assert isinstance(best, BestFinding)
    assert best.contenders[0].may_be_best
    assert sets_note(found.findings) == (
        f"a is not excluded from the best, though another one is better. {WHY}the question has 4%."
    )


@pytest.mark.parametrize("best", [False, True])
def test_nothing_is_said_where_both_agree(best: bool) -> None:
    far = {"a": [91.0, 91.1, 90.9], "b": [96.0, 96.1, 95.9]}
    assert sets_note(paribus.judge_values(far, metric="acc", best=best).findings) == ""
    equal = {"a": LOW, "b": MIDDLE}
    assert sets_note(paribus.judge_values(equal, metric="acc", best=best).findings) == ""


def test_nothing_is_said_where_there_is_no_set() -> None:
    """As of values that are rounded too much."""
    sides = {"a": [91.0, 92.0, 91.5], "b": [96.0, 97.1, 96.4], "c": [97.0, 97.0, 97.1]}
    table = [{"m": name, "acc": f"{value:.1f}"} for name, side in sides.items() for value in side]
    *pairs, best = paribus.judge(table, best=True).findings
    assert best.why_none is NoVerdict.ROUNDED
    assert Verdict.BETTER in {pair.verdict for pair in pairs}
    assert sets_note([*pairs, best]) == ""
