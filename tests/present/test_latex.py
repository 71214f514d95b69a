"""Tables and figures in a LaTeX document."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from paribus.elsewhere.terms import Stated, Terms
from paribus.present.judged import write_judgment
from paribus.present.latex import Block, escape, in_blocks
from paribus.present.write import write_report
from paribus.spec.study import Study
from tests.support.elsewhere import BETTER, PLAIN, SAME, judged, rows, two
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
DOCUMENT = r"""\documentclass[%s]{article}
\usepackage{booktabs, graphicx}
\begin{document}
%s
\end{document}
"""


def labeled(make: Make) -> Study:
    study = make(["mlp", "cnn", "cnn-adam"]).study
    return study.model_copy(update={"labels": LABELS})


@pytest.mark.thorough
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


@pytest.mark.thorough
@NEEDS_LATEX
def test_a_document_takes_all_of_a_report_and_nothing_leaves_its_page(
    make: Make, tmp_path: Path
) -> None:
    write_report(make(study=labeled(make)), tmp_path / "report", pdf=True)
    tables = sorted((tmp_path / "report" / "tables").glob("*.tex"))
    figures = sorted((tmp_path / "report" / "figures").glob("*.pdf"))
    assert len(tables) >= 2
    assert len(figures) >= 6
    # In a paragraph, as it comes, whose indentation must move no table.
    parts = [
        f"Text.\n\n\\input{{report/tables/{table.stem}}}\n\nText.\\newpage" for table in tables
    ]
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
            f'"{name}",{seed},{value},{1 - value:.4f},{len(name)},same' + f",of {name[:5]}" * 9
            for name, values in sides
            for seed, value in enumerate(values)
        ),
        header="method,seed,test_acc,test_loss,lr_0,same," + ",".join(f"set_{n}" for n in range(9)),
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
    # Settings that differ, as many as fit.
    assert r" & lr\_0 & set\_0 & set\_1 & set\_2 \\" in blocks["summary"][0]
    assert "% summary.csv has all settings." in blocks["summary"][0]
    compiled(tmp_path, [f"Text.\n\n\\input{{report/tables/{one.stem}}}\n\n" for one in tables])


@NEEDS_LATEX
@pytest.mark.slow
@pytest.mark.parametrize("options", ["", "11pt", "12pt"])
def test_a_table_taller_than_a_page_ends_pages_between_its_parts(
    tmp_path: Path, options: str
) -> None:
    row = [
        "Is what is asked here, in a sentence of some length, the case at all?",
        "5",
        "no verdict",
    ]
    blocks = [Block(f"Metric {number}", [row] * number) for number in (1, 2, 70, 1, 3)]
    columns = r"p{0.34\linewidth}rp{0.17\linewidth}"
    text = in_blocks(columns, ["question", "n", "verdict"], blocks, [], small=True)
    assert text.count("Is what") == 77
    assert text.count(r"\emph{Metric 70}") == text.count(r"\begin{tabular}") > 4
    (tmp_path / "tall.tex").write_text(text, "utf-8")
    compiled(tmp_path, ["Text.\n\n", r"\input{tall}", "\n\nText."], options)


@pytest.mark.thorough
@NEEDS_LATEX
@pytest.mark.parametrize("options", ["", "12pt", "a4paper"])
def test_the_example_of_the_readme_is_a_document(make: Make, tmp_path: Path, options: str) -> None:
    write_report(make(study=labeled(make)), tmp_path / "report", pdf=True)
    readme = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
    (example,) = re.findall(r"```\n(\\usepackage\{booktabs, graphicx\}\n.*?)```", readme, re.DOTALL)
    packages, _, body = example.partition("…\n")
    assert packages in DOCUMENT.replace("%%", "%")
    compiled(tmp_path, [body.replace("…", "A caption.")], options)


@NEEDS_LATEX
@pytest.mark.slow
def test_a_table_of_findings_with_many_digits_fits_its_page(tmp_path: Path) -> None:
    loss = [[(1 - value) / 1e5 for value in side] for side in (PLAIN, BETTER)]
    found = judged(tmp_path, two(*loss).replace("test_acc", "test_loss"), Terms(paired=True))
    write_judgment(found, "Results", tmp_path / "report")
    table = (tmp_path / "report" / "tables" / "findings.tex").read_text("utf-8")
    assert "$-$0.0000000758 & {[}$-$0.0000000791" in table
    compiled(tmp_path, [r"\noindent\input{report/tables/findings}"])


def compiled(tmp_path: Path, parts: list[str], options: str = "a4paper") -> None:
    """Check that a document of these parts compiles, and that nothing leaves its page."""
    (tmp_path / "paper.tex").write_text(DOCUMENT % (options, "\n".join(parts)), "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said
    assert not re.search("Overfull|Float too large", said), said
    assert "Missing character" not in (tmp_path / "paper.log").read_text("latin-1")
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF-")
