"""Tables and figures in a LaTeX document."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from paribus.elsewhere.columns import Stated
from paribus.elsewhere.judge import Terms
from paribus.present.judged import write_judgment
from paribus.present.latex import escape
from paribus.present.write import write_report
from paribus.spec.study import Study
from tests.support.elsewhere import BETTER, PLAIN, SAME, judged, rows
from tests.support.made_up import Make

NEEDS_LATEX = pytest.mark.skipif(
    shutil.which("pdflatex") is None,
    reason="needs pdflatex: apt-get install texlive-latex-base texlive-latex-recommended",
)
LABELS = {
    "mlp": "A perceptron of 100 hidden units, as in the course's first exercise & 50% faster",
    "cnn": r"CNN_1 {baseline} \ ~^ #$",
    "cnn-adam": "[CNN], Adam",
}
DOCUMENT = r"""\documentclass[a4paper]{article}
\usepackage{booktabs, graphicx}
\begin{document}
%s
\end{document}
"""


def labeled(make: Make) -> Study:
    study = make(["mlp", "cnn", "cnn-adam"]).study
    return study.model_copy(update={"labels": LABELS})


def test_figures_and_tables_have_labels_in_place_of_names(make: Make, tmp_path: Path) -> None:
    write_report(make(study=labeled(make)), tmp_path)
    table = (tmp_path / "tables" / "summary.tex").read_text("utf-8")
    rows = re.findall(r"^(.*?) & .* \\\\$", table, re.MULTILINE)
    assert rows == ["experiment", *map(escape, LABELS.values())]
    for figure in ("final-accuracy", "curves", "experiment-cnn"):
        drawn = (tmp_path / "figures" / f"{figure}.svg").read_text("utf-8")
        assert "CNN_1 {baseline}" in drawn
        assert ">cnn" not in drawn
    findings = (tmp_path / "figures" / "findings.svg").read_text("utf-8")
    assert "→ [CNN], Adam" in findings


@NEEDS_LATEX
@pytest.mark.slow
def test_a_document_takes_all_of_a_report_and_nothing_leaves_its_page(
    make: Make, tmp_path: Path
) -> None:
    write_report(make(study=labeled(make)), tmp_path / "report", pdf=True)
    tables = sorted((tmp_path / "report" / "tables").glob("*.tex"))
    figures = sorted((tmp_path / "report" / "figures").glob("*.pdf"))
    assert len(tables) >= 2
    assert len(figures) >= 6
    parts = [rf"\noindent\input{{report/tables/{table.stem}}}\newpage" for table in tables]
    size = r"width=\linewidth, height=0.9\textheight, keepaspectratio"
    parts += [
        rf"\noindent\includegraphics[{size}]{{report/figures/{figure.name}}}\newpage"
        for figure in figures
    ]
    compiled(tmp_path, parts)


@NEEDS_LATEX
@pytest.mark.slow
def test_a_document_takes_all_tables_of_results_from_elsewhere(tmp_path: Path) -> None:
    names = ["plain", "[new]", "a method with quite a long name & more, as users have them"]
    sides = zip(names, (PLAIN, BETTER, SAME), strict=True)
    text = rows(
        *(
            f'"{name}",{seed},{value},{1 - value:.4f},0.1'
            for name, values in sides
            for seed, value in enumerate(values)
        ),
        header="method,seed,test_acc,test_loss,lr_0",
    )
    metrics = Stated(metric=("test_acc", "test_loss"))
    found = judged(tmp_path, text, Terms(metrics, best=True, paired=True))
    write_judgment(found, "Results", tmp_path / "report")
    tables = sorted((tmp_path / "report" / "tables").glob("*.tex"))
    assert [table.stem for table in tables] == ["best", "findings", "summary"]
    blocks = {table.stem: table.read_text("utf-8").split(r"\midrule") for table in tables}
    # The heading, then a block for each metric; of findings, two of pairs and two of the best.
    assert {stem: len(parts) - 1 for stem, parts in blocks.items()} == {
        "best": 2, "findings": 4, "summary": 2,
    }  # fmt: skip
    assert (
        blocks["best"][2]
        .strip()
        .startswith(
            r"\multicolumn{6}{l}{\emph{Which may be the best? (test loss, lower is better)}} \\"
        )
    )
    compiled(tmp_path, [rf"\noindent\input{{report/tables/{one.stem}}}\newpage" for one in tables])


def compiled(tmp_path: Path, parts: list[str]) -> None:
    """Check that a document of these parts compiles, and that nothing leaves its page."""
    (tmp_path / "paper.tex").write_text(DOCUMENT % "\n".join(parts), "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said
    assert "Overfull" not in said, said
    assert "Missing character" not in (tmp_path / "paper.log").read_text("latin-1")
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF-")
