"""The report as its readers get it: files, page, tables."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paribus.errors import UserError
from paribus.measure.runs import Run
from paribus.present.figures.draw import figure as figure_of
from paribus.present.report_figures import final_accuracies
from paribus.present.report_text import opening
from paribus.present.write import write_report
from paribus.spec.study import Study
from tests.support.made_up import Make, dataset, run
from tests.support.page import page


def test_the_opening_says_which_experiments_are_the_same_as_others(make: Make) -> None:
    result = make(["mlp", "cnn"])
    assert opening(result).startswith("2 experiments, ")
    same = {"cnn-short": "cnn", "mlp-short": "mlp"}
    merged = replace(result, study=result.study.model_copy(update={"same_as": same}))
    assert opening(merged).startswith(
        "2 experiments (cnn-short and mlp-short are here the same as others), "
    )


def test_everything_is_written(make: Make, tmp_path: Path) -> None:
    result = make(["mlp", "cnn"])
    path = write_report(result, tmp_path / "deep" / "report")
    assert path == tmp_path / "deep" / "report" / "index.html"
    names = {str(file.relative_to(path.parent)) for file in path.parent.rglob("*.*")}
    figures = ["final-accuracy", "curves", "confusion", "misclassified", "experiment-mlp"]
    assert names >= {f"figures/{figure}.{kind}" for figure in figures for kind in ("svg", "png")}
    assert names >= {
        "report.md", "tables/summary.csv", "tables/summary.tex", "tables/epochs.csv",
        "tables/findings.csv", "tables/findings.tex",
    }  # fmt: skip
    for svg in (path.parent / "figures").glob("*.svg"):
        ElementTree.parse(svg)
    assert all((file.stat().st_mode & 0o444) for file in path.parent.rglob("*.*"))


@pytest.mark.thorough
def test_figures_are_written_as_pdf_when_asked_and_kept_up_to_date(
    make: Make, tmp_path: Path
) -> None:
    result = make(["mlp", "cnn"])
    write_report(result, tmp_path)
    figures = tmp_path / "figures"
    assert not list(figures.glob("*.pdf"))
    write_report(result, tmp_path, pdf=True)
    pdfs = {file.stem: file.read_bytes() for file in figures.glob("*.pdf")}
    assert set(pdfs) == {file.stem for file in figures.glob("*.svg")}
    for content in pdfs.values():
        assert content.startswith(b"%PDF-")
        # Fonts are embedded as TrueType; many journals refuse Type 3.
        assert b"/FontFile2" in content
        assert b"/Type3" not in content
    (figures / "curves.pdf").write_bytes(b"of an earlier state of the study")
    write_report(result, tmp_path)
    assert (figures / "curves.pdf").read_bytes() == pdfs["curves"]


@pytest.mark.thorough
def test_the_page_can_be_read_before_the_figures_are_written(make: Make, tmp_path: Path) -> None:
    seen = []

    def ready(path: Path) -> None:
        assert page(path).text
        seen.append((path, (tmp_path / "figures").exists()))

    write_report(make(["cnn"]), tmp_path, ready)
    assert seen == [(tmp_path / "index.html", False)]
    assert (tmp_path / "figures").exists()


@pytest.mark.thorough
def test_the_page_needs_no_network_and_names_everything(make: Make, tmp_path: Path) -> None:
    found = page(write_report(make(["mlp", "cnn", "cnn-adam"]), tmp_path))
    assert found.sources
    assert all(source.startswith("data:") for source in found.sources)
    assert all(link.startswith("#") and link[1:] in found.ids for link in found.links)
    assert len(set(found.ids)) == len(found.ids)
    assert found.without_alt == 0


@pytest.mark.usefixtures("undrawn")
def test_the_summary_gives_n_beside_mean_and_sd_and_the_reported_values(
    make: Make, tmp_path: Path
) -> None:
    result = make(["mlp", "cnn"])
    row = page(write_report(result, tmp_path)).row("cnn")
    values = result.experiments["cnn"].final("test_accuracy") * 100
    assert f"{values.mean():.2f} ± {values.std(ddof=1):.2f}" in row
    assert "n = 3" in row
    assert "21,578" in row
    assert "> 98%" in row
    assert "146 s" in row


@pytest.mark.usefixtures("undrawn")
def test_a_line_of_the_summary_does_not_end_within_n(make: Make, tmp_path: Path) -> None:
    html = write_report(make(["cnn"], seeds=3), tmp_path).read_text("utf-8")
    assert '<span class="whole">n = 3</span>' in html[html.index('id="summary"') :]


@pytest.mark.usefixtures("undrawn")
def test_one_seed_has_no_spread(make: Make, tmp_path: Path) -> None:
    row = page(write_report(make(["cnn"], seeds=1), tmp_path)).row("cnn")
    assert "n = 1" in row
    assert not any("±" in cell for cell in row)


@pytest.mark.usefixtures("undrawn")
def test_a_preview_says_so(make: Make, tmp_path: Path) -> None:
    result = make(["cnn"])
    assert (
        "Train the full study: paribus run mnist" not in page(write_report(result, tmp_path)).text
    )
    preview = replace(result, study=result.study.as_preview(60_000))
    assert "Train the full study: paribus run mnist" in page(write_report(preview, tmp_path)).text
    assert "**Preview.**" in (tmp_path / "report.md").read_text("utf-8")


@pytest.mark.usefixtures("undrawn")
def test_the_best_is_said_to_be_optimistically_biased_unless_it_was_validated(
    make: Make, tmp_path: Path
) -> None:
    result = make(["mlp", "cnn"])
    text = page(write_report(result, tmp_path)).text
    assert "optimistically biased" in " ".join(text.split())
    validated = replace(result, study=result.study.with_each(validation=100))
    text = page(write_report(validated, tmp_path)).text
    assert "the test images had no part in the choice" in " ".join(text.split())


def test_an_empty_store_is_still_a_page(make: Make, tmp_path: Path) -> None:
    found = page(write_report(make(runs=lambda *_: None), tmp_path))
    assert "0 of 60 runs have finished." in found.text
    assert "paribus run mnist" in found.text
    assert "n = 0" in found.row("cnn")


def test_half_finished_diverged_and_failed_runs(make: Make, tmp_path: Path) -> None:
    data = dataset()

    def runs(name: str, seed: int) -> Run | None:
        if name == "mlp":
            return run(seed, 2, "running", data, read_probabilities=lambda: None)
        if name == "cnn-adam":
            return None
        made = run(seed, 3, "finished", data)
        if seed == 0:
            nan = np.array([1.0, np.inf, np.nan])
            curves = replace(made.curves, train_loss=nan, test_loss=nan)
            return replace(made, status="diverged", curves=curves, reason="diverged at epoch 3")
        if seed == 1:
            return replace(made, status="failed", reason="its process ended")
        return made

    found = page(write_report(make(["mlp", "cnn", "cnn-adam"], runs=runs), tmp_path))
    assert "1 of 9 runs have finished." in found.text
    assert "3 runs have begun and not finished." in found.text
    assert "3 runs have not begun." in found.text
    assert "cnn, seed 0: diverged at epoch 3." in found.text
    assert "n = 1, 1 diverged, 1 failed" in found.row("cnn")


@pytest.mark.usefixtures("undrawn")
def test_a_study_whose_runs_have_all_ended_is_complete_though_some_diverged(
    make: Make, tmp_path: Path
) -> None:
    data = dataset()

    def runs(name: str, seed: int) -> Run:
        made = run(seed, 3, "finished", data)
        return replace(made, status="diverged") if name == "cnn" else made

    found = page(write_report(make(["mlp", "cnn"], runs=runs), tmp_path))
    assert "3 of 6 runs have finished." in found.text
    assert "trains what is missing" not in found.text
    assert "So far" not in found.text
    half = make(["mlp", "cnn"], runs=lambda name, seed: runs(name, seed) if seed else None)
    found = page(write_report(half, tmp_path))
    assert "trains what is missing" in found.text
    assert "So far, mlp has" in found.text


def test_one_wide_interval_does_not_squeeze_the_figure(make: Make) -> None:
    data = dataset()

    def runs(name: str, seed: int) -> Run:
        made = run(seed, 3, "finished", data)
        accuracy = 0.5 + 0.15 * seed if name == "cnn" else 0.9 + 0.001 * seed
        return replace(made, curves=replace(made.curves, test_accuracy=np.full(3, accuracy)))

    shown = final_accuracies(make(["mlp", "cnn"], runs=runs, data=data))
    assert shown is not None
    figure = figure_of(shown)
    assert figure is not None
    fewest_errors = min(figure.axes[0].get_xlim())
    assert 0.01 < fewest_errors < 0.098


@pytest.mark.thorough
def test_names_are_escaped_everywhere(make: Make, tmp_path: Path) -> None:
    data = dataset(names=["<b>cat</b>", "dog & co", "50% _x_", "a|b"], channels=3)
    study = Study.model_validate(
        {
            "title": "<script>alert(1)</script>",
            "experiments": {
                "a_b": {
                    "network": ["flatten", "linear 4"],
                    "optimizer": {"name": "sgd", "lr": 0.1},
                    "epochs": 4,
                }
            },
        }
    )
    path = write_report(make(study=study, data=data), tmp_path)
    found = page(path)
    assert "<script>alert(1)</script>" in found.text
    # The page's own scripts, and none that a name brought.
    own = page(write_report(make(["cnn"]), tmp_path / "plain")).tags.count("script")
    assert found.tags.count("script") == own
    assert r"a\_b" in (tmp_path / "tables" / "summary.tex").read_text("utf-8")
    assert r"a\_b" in (tmp_path / "report.md").read_text("utf-8")


@pytest.mark.usefixtures("undrawn")
def test_a_module_of_ones_own(make: Make, tmp_path: Path) -> None:
    study = Study.model_validate(
        {
            "title": "Own",
            "experiments": {
                "own": {
                    "network": {"module": "nets:Small", "arguments": {"width": 3}},
                    "optimizer": {"name": "sgd", "lr": 0.1},
                    "epochs": 4,
                }
            },
        }
    )
    found = page(write_report(make(study=study), tmp_path))
    assert "nets:Small(width=3)" in found.text


@pytest.mark.usefixtures("undrawn")
def test_the_epochs_table_can_be_read_back(make: Make, tmp_path: Path) -> None:
    result = make(["mlp", "cnn"])
    write_report(result, tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "tables/epochs.csv").read_text("utf-8"))))
    assert len(rows) == 2 * 3 * 4
    kept = [float(row["test_loss"]) for row in rows if row["run"] == "run-1"][:4]
    assert kept == result.experiments["mlp"].runs[1].curves.test_loss.tolist()


@pytest.mark.thorough
def test_the_same_result_gives_the_same_bytes(make: Make, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_report(make(["mlp", "cnn"]), tmp_path / folder)
    files = [p for p in sorted((tmp_path / "a").rglob("*.*")) if p.is_file()]
    for file in files:
        assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()


def test_a_folder_that_cannot_be_written_to(make: Make, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file")
    with pytest.raises(UserError, match="report: is a file where the report has a folder"):
        write_report(make(["mlp"]), tmp_path / "report")


@pytest.mark.thorough
def test_more_experiments_than_colors(make: Make, tmp_path: Path) -> None:
    base = make(["cnn"]).study.experiments["cnn"]
    study = Study(
        title="Many", experiments={f"e{n}": base.but(batch_size=n + 1) for n in range(16)}
    )
    assert len(page(write_report(make(study=study, seeds=1, epochs=2), tmp_path)).text) > 1000
