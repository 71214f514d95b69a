"""Texts of a study that mean something in the files of its report: there they mean nothing."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from paribus.elsewhere.terms import Terms
from paribus.present.judged import write_judgment
from paribus.present.write import write_report
from paribus.spec.study import Reported
from tests.support.elsewhere import judged, rows
from tests.support.made_up import Make

HOSTILE = (
    "[x](javascript:alert(1)) ![x](http://evil/p.png) [x][y] <http://evil> <img src=x> `c` **b**"
)


@pytest.mark.usefixtures("undrawn")
def test_texts_make_no_link_picture_or_markup_in_markdown(make: Make, tmp_path: Path) -> None:
    made = make(["mlp", "cnn"])
    study = made.study.model_copy(
        update={
            "title": f"{HOSTILE} and [y]: javascript:alert(1)",
            "origin": HOSTILE,
            "labels": {"mlp": HOSTILE},
            "reported": {"mlp": Reported(test_accuracy=HOSTILE, note=HOSTILE)},
            "questions": tuple(
                question.model_copy(update={"ask": HOSTILE, "original": HOSTILE})
                for question in made.study.questions
            ),
        }
    )
    write_report(make(study=study), tmp_path)
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "javascript:alert" in text
    tokens = MarkdownIt("js-default").parse(text)
    inner = [child for token in tokens for child in (token.children or [])]
    assert not {token.type for token in tokens if token.type.startswith("html")}
    assert not {token.type for token in inner if token.type.startswith("html")}
    for token in inner:
        target = str(token.attrs.get("href", token.attrs.get("src", "figures/")))
        assert target.startswith("figures/"), target
    shown = "".join(child.content for child in inner)
    assert "[x](javascript:alert(1)) ![x](http://evil/p.png)" in shown


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+A1", "-1+1", "@SUM(1)", "\t=1"])
@pytest.mark.usefixtures("undrawn")
def test_texts_are_no_formulas_in_tables(make: Make, tmp_path: Path, text: str) -> None:
    made = make(["mlp", "cnn"])
    questions = tuple(
        question.model_copy(update={"ask": text, "original": text})
        for question in made.study.questions
    )
    reported = {"mlp": Reported(test_accuracy=text, note=text)}
    study = made.study.model_copy(update={"questions": questions, "reported": reported})
    write_report(make(study=study), tmp_path)
    for table, times in (("findings", 2 * len(questions)), ("summary", 2)):
        found = [cell for cell in cells(tmp_path / "tables" / f"{table}.csv") if text in cell]
        assert found == [f"'{text}"] * times


def test_names_from_elsewhere_are_no_formulas_in_tables(tmp_path: Path) -> None:
    values = (f"{name},{seed},0.{seed}1,{name}" for name in ("=A1", "-b") for seed in range(3))
    found = judged(tmp_path, rows(*values, header="method,seed,acc,@lr"), Terms(best=True))
    write_judgment(found, "Results", tmp_path)
    for table in ("summary", "findings", "best"):
        texts = cells(tmp_path / "tables" / f"{table}.csv")
        assert "'=A1" in texts
        assert not [cell for cell in texts if cell.startswith(("=", "@", "-b"))]


def test_locks_follow_no_link() -> None:
    """Before 3.20.3, filelock emptied what a link led to that was put into a lock's place while it
    was taken (CVE-2025-68146, CVE-2026-22701)."""
    project = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text("utf-8"))
    assert "filelock>=3.20.3" in project["project"]["dependencies"]


def cells(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as opened:
        return [cell for row in csv.reader(opened) for cell in row]
