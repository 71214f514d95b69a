"""Writes the report of a study into a folder: the page, figures, tables, and Markdown."""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from paribus.atomic import write_atomically
from paribus.errors import ParibusError, UserError
from paribus.measure.runs import StudyResult
from paribus.measure.suspects import suspects
from paribus.places import FILE, FOLDER, in_place_of
from paribus.present import finding_tables, tables, tuning
from paribus.present.ensembles import EnsemblesView, ensembles_csv
from paribus.present.figures.processes import draw
from paribus.present.figures.protocol import Kind
from paribus.present.markdown import markdown
from paribus.present.page import page
from paribus.present.report_figures import figures_of
from paribus.present.report_text import preview_warning
from paribus.present.view import report_view
from paribus.questions.family import judge_study
from paribus.questions.finding import Finding

_ELSEWHERE = "or name another folder with --report"


def report_page(result: StudyResult) -> str:
    """The page of what there is of a study, and nothing else."""
    findings = judge_study(result)
    figures = figures_of(result, findings)
    with draw([figure.shown for figure in figures]) as drawing:
        return page(report_view(result, findings, suspects(result), figures), drawing)


def write_report(
    result: StudyResult,
    folder: Path,
    ready: Callable[[Path], None] = lambda page: None,
    findings: Sequence[Finding] | None = None,
    *,
    pdf: bool = False,
) -> Path:
    """Write the report of what there is of a study; gives the path of its page.

    findings: of the study, if they are known already. ready: is called with that path as soon as
    the page can be read; tables and figures follow. pdf: whether figures are written as PDF too,
    which takes half as long again; where the folder has some, they are written anew in any case,
    so that they show what the page does. Every file is replaced whole or not at all.
    Raises `UserError` where the folder cannot be written to, `ParibusError` where the disk is full.
    """
    page_path = folder / "index.html"
    path = page_path
    try:
        kinds: tuple[Kind, ...] = ("png", "pdf") if pdf or has_pdf(folder) else ("png",)
        with closing(_files(result, findings, kinds)) as files:
            for name, content in files:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, content)
                if path == page_path:
                    ready(page_path)
    except OSError as error:
        raise not_written(folder, path, error) from None
    return page_path


def not_written(folder: Path, path: Path, error: OSError) -> ParibusError:
    """Return why a file of a report could not be written into its folder."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ParibusError(
            f"{folder}: the disk is full; make room and call the same command again, no run is lost"
        )
    for place, wanted in ((folder, FOLDER), (path.parent, FOLDER), (path, FILE)):
        with suppress(OSError):
            if there := in_place_of(place, wanted, "the report"):
                return UserError(f"{place}: {there}; move it elsewhere, {_ELSEWHERE}")
    return UserError(
        f"{path.parent}: the report cannot be written: {error.strerror}; allow it, {_ELSEWHERE}"
    )


def has_pdf(folder: Path) -> bool:
    """Whether the report in a folder has figures as PDF."""
    return any((folder / "figures").glob("*.pdf"))


def _files(
    result: StudyResult, found: Sequence[Finding] | None, kinds: Sequence[Kind]
) -> Generator[tuple[str, bytes]]:
    """Names and contents of the files; the page first, since it is waited for."""
    findings = judge_study(result) if found is None else found
    figures = figures_of(result, findings)
    with draw([figure.shown for figure in figures], kinds=kinds) as drawing:
        view = report_view(result, findings, suspects(result), figures)
        yield "index.html", page(view, drawing).encode()
        yield "report.md", markdown(view, tables.summary(result)).encode()
        yield from tables_of(result, findings, view.ensembles)
        for number, figure in enumerate(figures):
            if (svgs := drawing.svgs(number)) is not None:
                yield f"figures/{figure.file}.svg", svgs.wide
            for kind in kinds:
                if (file := drawing.file(number, kind)) is not None:
                    yield f"figures/{figure.file}.{kind}", file


def tables_of(
    result: StudyResult, findings: Sequence[Finding], ensembles: EnsemblesView | None
) -> Iterator[tuple[str, bytes]]:
    """Yield the tables of a report, by the names of their files; findings, ensembles: of the
    study."""
    labels, warning = result.study.labels, preview_warning(result)
    notes = [warning] if warning else []
    yield "tables/summary.csv", tables.summary_csv(result).encode()
    yield "tables/summary.tex", tables.summary_latex(tables.summary(result), notes).encode()
    if ensembles:
        yield "tables/ensembles.csv", ensembles_csv(ensembles).encode()
    yield "tables/epochs.csv", tables.epochs_csv(result).encode()
    yield "tables/findings.csv", finding_tables.findings_csv(findings).encode()
    findings_latex = finding_tables.findings_latex(findings, notes, labels)
    yield "tables/findings.tex", findings_latex.encode()
    if best := finding_tables.best_latex(findings, notes, labels):
        yield "tables/best.csv", finding_tables.best_csv(findings).encode()
        yield "tables/best.tex", best.encode()
    if trials := tuning.trials_csv(result):
        yield "tables/trials.csv", trials.encode()
    if tuned := tuning.tuning_latex(findings, notes, labels):
        yield "tables/tuning-curves.csv", tuning.curves_csv(findings).encode()
        yield "tables/tuning.tex", tuned.encode()
    yield "tables/flips.csv", finding_tables.flips_csv(result, findings).encode()
