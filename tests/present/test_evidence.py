"""What the report says of findings and of luck."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paribus.measure.runs import Run
from paribus.measure.suspects import suspects
from paribus.present.luck import suspects_sentence
from paribus.present.write import write_report
from paribus.spec.study import Study
from tests.support.made_up import DATA, Make, make_result, run, trained
from tests.support.page import page


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report in which Adam is better, and two labels are known to be wrong."""
    result = make_result(
        ["cnn", "cnn-adam", "mlp", "residual", "residual-bn"],
        seeds=5,
        runs=lambda name, seed: trained(name, seed, 0.97 if name == "cnn-adam" else 0.6),
        data=replace(DATA, label_errors=(3, 199)),
    )
    return write_report(result, tmp_path_factory.mktemp("evidence")).parent


def test_the_page_opens_with_the_findings(written: Path) -> None:
    found = page(written / "index.html")
    order = [name for name in found.ids if name in ("findings", "summary", "luck")]
    assert order == ["findings", "summary", "luck"]
    row = found.finding("Does Adam end more accurate than SGD?")
    sides = row[1].replace("\u00a0", " ")
    assert re.fullmatch(r"cnn \d+\.\d+% → cnn-adam \d+\.\d+% ·", sides)
    assert row[2:4] == ["n = 5", "better"]
    assert re.fullmatch(r"\+\d+\.\d+ \[\d+\.\d+, \d+\.\d+\]", row[4])
    assert row[5:7] == ["better: 99.09%", "agrees"]
    assert row[7].startswith("cnn-adam is better than cnn: final test accuracy +")
    assert "95%, n = 5 seeds" in " ".join(row[7:])
    confounded = found.finding("And as the report compared them, at two learning rates?")
    assert any(
        text.startswith("Confounded: residual and residual-bn also differ in learning rate 0.01")
        for text in confounded
    )


def test_each_question_is_told_once(written: Path) -> None:
    found = page(written / "index.html")
    questions = [texts[0] for texts in found.findings]
    assert len(questions) == len(set(questions)) == 5
    assert all(found.text.count(question) == 1 for question in questions)
    assert all(f"question-{number}" in found.ids for number in range(1, 6))


def test_it_declines_where_it_cannot_know(written: Path) -> None:
    row = page(written / "index.html").finding("Does Adam get there faster than SGD?")
    assert "nothing to draw" in row
    assert row[row.index("no verdict") + 1].startswith("some runs never got to")
    assert "neither confirmed nor contradicted" in row
    assert any(
        text.startswith("No verdict: 5 of 5 runs of cnn and 5 of 5 runs of cnn-adam never got ")
        for text in row
    )


def test_what_a_finding_rests_on_is_beneath_it(written: Path) -> None:
    found = page(written / "index.html")
    row = found.finding("Does Adam end more accurate than SGD?")
    assert any("these runs the order is reversed" in text for text in row)
    assert any(text.startswith("Two runs of cnn that differ only in") for text in row)
    ledger = row[row.index("test images") + 1]
    counts = [int(number) for number in re.findall(r"(\d+) [a-z]", ledger)]
    assert sum(counts) == 200
    assert "fixed" in ledger
    text = " ".join(found.text.split())
    assert (
        "misclassified in all 5 finished runs of the one experiment with a mean test accuracy of"
        in text
    )
    assert "Of the 2 test images whose label the annotators of Northcutt et al. 2021" in text
    assert "1 is among these: 199" in text


def test_words_say_which_way_a_number_goes(written: Path) -> None:
    row = page(written / "index.html").finding("Has the CNN fewer parameters than the MLP?")
    assert "fewer" in row
    assert "better" not in row


def test_markdown_says_the_same(written: Path) -> None:
    text = (written / "report.md").read_text("utf-8")
    assert text.index("## Findings") < text.index("## Summary") < text.index("## Single runs")
    assert "1. **Has the CNN fewer parameters than the MLP?** cnn has fewer parameters" in text
    assert "Of the original’s 4 answers, 2 are confirmed and 0 are contradicted; of 2 " in text
    errors = re.search(r"Of all errors (\d+)% are with \d, (\d+)% with", text)
    assert errors is not None
    # Every error is with two of the ten classes.
    assert 100 >= int(errors[1]) >= int(errors[2]) >= 20
    assert "Reported of it: “trained within 10 epochs" in text


def test_findings_as_a_table(written: Path) -> None:
    with open(written / "tables" / "findings.csv", encoding="utf-8") as file:
        rows = {row["question"]: row for row in csv.DictReader(file)}
    row = rows["Does Adam end more accurate than SGD?"]
    assert (row["verdict"], row["agrees"], row["n"]) == ("better", "True", "5")
    assert 0 < float(row["low"]) < float(row["estimate"]) < float(row["high"])
    assert float(row["p_adjusted"]) < 0.04
    counted = rows["Has the CNN fewer parameters than the MLP?"]
    assert (counted["verdict"], counted["estimate"]) == ("better", "-20732")


def test_findings_for_a_paper(written: Path) -> None:
    text = (written / "tables" / "findings.tex").read_text("utf-8")
    rows = {row[0]: row[1:] for row in cells_of(text)}
    n, difference, interval, verdict = rows["Does Adam end more accurate than SGD?"]
    assert (n, verdict) == ("5", "more accurate")
    assert re.fullmatch(r"\+\d+\.\d+ points", difference)
    assert re.fullmatch(r"\{\[\}\d+\.\d+, \d+\.\d+\{\]\}", interval)
    counted = rows["Has the CNN fewer parameters than the MLP?"]
    assert counted == ["--", "$-$20,732", "--", "fewer parameters"]
    assert rows["Does Adam get there faster than SGD?"][1:] == ["--", "--", "no verdict"]
    assert rows["And as the report compared them, at two learning rates?"][3] == "confounded"


@pytest.mark.usefixtures("undrawn")
def test_a_paper_survives_what_users_write(make: Make, tmp_path: Path) -> None:
    result = make(["cnn", "cnn-adam"], seeds=5, runs=lambda name, seed: trained(name, seed, 0.6))
    ask = "[a_1] & 50% of #{x}\n\n~ $5 ^ \\ < “é” → ±"
    questions = tuple(
        q.model_copy(update={"ask": f"{i}: {ask}" if i else ask})
        for i, q in enumerate(result.study.questions)
    )
    study = Study.model_validate({**dict(result.study), "questions": questions})
    write_report(replace(result, study=study.model_copy(update={"preview": True})), tmp_path)
    text = (tmp_path / "tables" / "findings.tex").read_text("utf-8")
    rows = list(cells_of(text))
    assert len(rows) == len(questions)
    assert rows[0][0] == (
        r"{[}a\_1{]} \& 50\% of \#\{x\} \textasciitilde{} \$5 \textasciicircum{} "
        r"\textbackslash{} \textless{} ``é'' $\to$ $\pm$"
    )
    assert "% Each network got a small part of the full training." in text


def cells_of(text: str) -> Iterator[list[str]]:
    """The cells of a LaTeX table, which must have as many in each row, and close what it opens."""
    shown = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    begin, *blocks, end = re.split(r"\\midrule|\\bottomrule", shown)
    # Set smaller, so that its five columns fit a portrait page.
    small, begin = begin.split("\n", 1)
    assert small == r"\noindent{\footnotesize\setlength{\tabcolsep}{3pt}%"
    assert re.match(r"\\begin\{tabular\}\{p\{0\.3\d\\linewidth\}rrrp\{0\.17\\linewidth\}\}", begin)
    assert end.strip() == "\\end{tabular}%\n\\par}"
    # Questions of several metrics stand in blocks, a title above each.
    titles = [block.strip().partition("\n")[0] for block in blocks if len(blocks) > 1]
    assert all(
        re.fullmatch(r"\\multicolumn\{5\}\{l\}\{\\emph\{.+\}\} \\\\", title) for title in titles
    )
    for row in "\n".join(block.strip() for block in blocks).split("\n"):
        if row in titles:
            continue
        assert row.endswith(r" \\")
        bare = re.sub(r"\\(?:[a-z]+|[&%$#_{}])", "", row.removesuffix(r" \\"))
        assert not set(bare) & set("\\%#_~^<>|")
        assert bare.count("{") == bare.count("}")
        assert bare.count("$") % 2 == 0
        cells = re.split(r"(?<!\\)&", row.removesuffix(r" \\"))
        assert len(cells) == 5
        yield [cell.strip() for cell in cells]


def test_the_ledger_as_a_table(written: Path) -> None:
    text = (written / "tables" / "flips.csv").read_text("utf-8")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["b"] == "cnn-adam"]
    rejected = {row["image"] for row in rows if row["label_rejected"] == "True"}
    assert "199" in rejected
    assert {row["category"] for row in rows} >= {"fixed", "varies from run to run"}


@pytest.mark.usefixtures("undrawn")
def test_a_study_without_questions_has_no_findings(make: Make, tmp_path: Path) -> None:
    result = make(["cnn"])
    study = Study.model_validate({**dict(result.study), "questions": ()})
    found = page(write_report(replace(result, study=study), tmp_path))
    assert "findings" not in found.ids
    assert "summary" in found.ids


@pytest.mark.usefixtures("undrawn")
def test_weak_networks_suspect_no_label(make: Make, tmp_path: Path) -> None:
    result = make(["mlp"], seeds=5, runs=lambda name, seed: trained(name, seed, 0.6), data=DATA)
    text = (write_report(result, tmp_path).parent / "report.md").read_text("utf-8")
    assert (
        "No experiment is accurate enough to suspect labels by; that requires a mean test accuracy "
        "of 90%." in text
    )


@pytest.mark.usefixtures("undrawn")
def test_labels_are_suspected_by_accurate_networks_alone(make: Make, tmp_path: Path) -> None:
    """The weak network is right where the accurate one never is, and has no say."""
    hard = {3, 50, 120}

    def runs(name: str, seed: int) -> Run:
        wrong = hard if name == "cnn" else set(range(200)) - hard
        class_N = np.array(
            [(label + (i in wrong)) % 10 for i, label in enumerate(DATA.test_labels)]
        )
        probability_NK = np.eye(10, dtype=np.float32)[class_N]
        return run(seed, 3, "finished", DATA, read_probabilities=lambda: probability_NK)

    found = suspects(make(["mlp", "cnn"], seeds=5, runs=runs, data=DATA))
    assert found is not None
    assert found.images == (3, 50, 120)
    assert (found.experiments, found.runs, found.weak) == (("cnn",), 5, ("mlp",))
    assert suspects_sentence(found).startswith(
        "3 test images are misclassified in all 5 finished runs of the one experiment with a mean "
        "test accuracy of 90% or more: either hard"
    )


@pytest.mark.usefixtures("undrawn")
def test_few_runs_suspect_no_label(make: Make, tmp_path: Path) -> None:
    result = make(["cnn"], seeds=1, runs=lambda name, seed: trained(name, seed, 0.97), data=DATA)
    page = write_report(result, tmp_path).read_text("utf-8")
    assert (
        "1 finished run of the one experiment is too few to suspect labels by; that requires 5."
        in page
    )
    assert '"suspect": true' not in page
    assert '"suspect": false' in page
