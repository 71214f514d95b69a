"""`paribus judge` as a user calls it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.commands import call, read_json
from tests.support.elsewhere import BETTER, PLAIN, SAME, rows, two


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ablation.csv").write_text(two(PLAIN, BETTER), "utf-8")
    return tmp_path


def test_one_question_is_told_in_full_and_the_page_written(here: Path) -> None:
    result = call("judge", "ablation.csv", "--matters", "0.005")
    assert result.exit_code == 0, result.output
    assert "new is better than plain: test acc +0.76 points" in result.stdout.replace("\n", " ")
    assert "It cannot check that all experiments had the same data" in result.stdout
    assert "Guessed: experiment = method (`--experiment`)" in result.stderr
    assert result.stdout.endswith(f"Report: {here / 'report' / 'index.html'}\n")
    page = (here / "report" / "index.html").read_text("utf-8")
    assert "new is better than plain" in page
    assert "undefined" not in re.sub(r"<(script|style).*?</\1>", "", page, flags=re.S)
    files = {str(path.relative_to(here / "report")) for path in (here / "report").rglob("*.*")}
    assert files == {
        "index.html", "report.md", "study.txt", "figures/findings.svg", "tables/findings.csv",
        "tables/findings.tex", "tables/summary.csv", "tables/summary.tex",
    }  # fmt: skip


def test_several_questions_are_a_line_each(here: Path) -> None:
    sides = {"a": PLAIN, "b": BETTER, "c": SAME}
    lines = (f"{m},{s},{v}" for m, values in sides.items() for s, v in enumerate(values))
    (here / "three.csv").write_text(rows(*lines), "utf-8")
    result = call("judge", "three.csv", "--paired", "--best", "--report", "out")
    assert "adjusted for 3 questions" in (here / "out" / "report.md").read_text("utf-8")
    assert "Which may be the best?" in (here / "out" / "index.html").read_text("utf-8")
    assert (here / "out" / "tables" / "best.csv").exists()
    assert "  better     a → b " in result.stdout
    assert (here / "out" / "index.html").exists()


def test_names_are_whole_through_a_pipe(here: Path) -> None:
    names = [f"cnn-lr-0.{n}-and-more-settings-with-batch-size-32" for n in range(5)]
    lines = (f"{m},{s},{v}" for m in names for s, v in enumerate(PLAIN))
    (here / "long.csv").write_text(rows(*lines), "utf-8")
    text = call("judge", "long.csv", "--best", "--baseline", names[0]).stdout
    assert "…" not in text
    for name in names[1:]:
        assert f"{names[0]} → {name} " in text
    best = text[text.index("The best, by test acc") :].split("\n\n")[0].splitlines()
    assert len(best) > 3
    assert f"5 of 5 {', '.join(names)} " in " ".join(" ".join(best).split())


def test_no_file_takes_the_report_of_another(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "ablation.csv").write_text(two(PLAIN, SAME), "utf-8")
    (here / "other.csv").write_text(two(PLAIN, SAME), "utf-8")
    files = ("ablation.csv", "other.csv", "sub/ablation.csv")
    for _ in range(2):  # Each finds its own again.
        folders = [Path(read_json("judge", file, "--json")["report"]).parent.name for file in files]
        assert folders == ["report", "report-other", "report-ablation"]
    both = (*files[:2], "--experiment", "file,method", "--json")
    assert Path(read_json("judge", *both)["report"]).parent.name == "report-ablation-and-other"
    assert "[default: report, or report-FILE" in " ".join(call("judge", "--help").output.split())


def test_findings_as_json(here: Path) -> None:
    found = read_json("judge", "ablation.csv", "--paired", "--json")
    (finding,) = found["findings"]
    assert (finding["verdict"], finding["a"], finding["b"]) == ("better", "plain", "new")
    assert Path(found["report"]).exists()


def test_names_are_escaped_on_the_page(here: Path) -> None:
    text = two(PLAIN, BETTER).replace("new", "<b>new").replace("test_acc", "acc & <i>")
    (here / "odd.csv").write_text(text, "utf-8")
    options = ("--metric", "acc & <i>", "--better", "higher", "--title", "<u>")
    assert call("judge", "odd.csv", *options, "--report", "odd").exit_code == 0
    page = (here / "odd" / "index.html").read_text("utf-8")
    assert "&lt;b&gt;new" in page
    assert not {"<b>new", "<i>", "<u>"} & set(re.findall(r"<[^>]*>(?:new)?", page))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.csv",), "missing.csv: there is no such file"),
        (("ablation.csv", "--matters", "50"), "--matters: "),
        (("ablation.csv", "--baseline", "x"), 'there is no experiment "x"'),
        (("ablation.csv", "--baseline", "new", "--compare", "new", "plain"), "no effect beside"),
        (("ablation.csv", "--compare", "new", "new"), "compares an experiment with itself"),
        (("ablation.csv", "--format", "xml"), 'there is no format of results "xml"'),
        (("notes.docx",), "no results were recognised in it"),
    ],
)
def test_mistakes_are_told_without_a_traceback(
    here: Path, arguments: tuple[str, ...], message: str
) -> None:
    (here / "notes.docx").write_bytes(b"PK")
    result = call("judge", *arguments)
    assert message in str(result.exception), result.output
    assert result.exception.exit_status == 2  # type: ignore[union-attr]
