"""The summary table of a study, as rows, and as CSV, LaTeX and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paribus.measure.built_in_metrics import OF_EVERY_EPOCH
from paribus.measure.runs import ExperimentResult, StudyResult
from paribus.measure.table import by_epoch
from paribus.present import latex, summary_cells
from paribus.spec.study import Reported
from paribus.text import Spread, no_formula, rounded


@dataclass(frozen=True)
class SummaryRow:
    """One experiment in the summary; its fields are as they are shown."""

    name: str
    label: str
    """What LaTeX tables call it."""
    engine: str
    parameters: str
    multiply_adds: str
    epochs: str
    """As trained; of runs that stopped early, of how many."""
    kept_epochs: str
    """The epochs that the results are of."""
    seeds: str
    train_accuracy: Spread
    test_accuracy: Spread
    train_loss: Spread
    test_loss: Spread
    reported_train: str
    reported_test: str
    reported_time: str
    reported_note: str


@dataclass(frozen=True)
class Column:
    """A column of the summary."""

    key: str
    """The field of `SummaryRow`."""
    heading: str
    is_reported: bool = False
    """Whether it is from an earlier report."""
    unless: str = ""
    """The column that has the same in every row where this one is left out."""
    is_sentence: bool = False
    wraps: bool = False
    """Whether it may take several lines."""

    @property
    def full_heading(self) -> str:
        """The heading where none above says that the column is reported."""
        return f"reported {self.heading}" if self.is_reported else self.heading


_COLUMNS = (
    Column("name", "experiment"),
    Column("engine", "engine"),
    Column("parameters", "parameters"),
    Column("multiply_adds", "multiply-adds"),
    Column("epochs", "epochs"),
    Column("kept_epochs", "kept epoch", unless="epochs"),
    Column("seeds", "seeds", wraps=True),
    Column("train_accuracy", "train acc. (%)"),
    Column("test_accuracy", "test acc. (%)"),
    Column("train_loss", "training loss"),
    Column("test_loss", "test loss"),
    Column("reported_train", "train acc.", is_reported=True),
    Column("reported_test", "test acc.", is_reported=True),
    Column("reported_time", "time", is_reported=True),
    Column("reported_note", "note", is_reported=True, is_sentence=True),
)
# What fits a portrait page; `summary.csv` has all.
_ON_PAPER = (
    Column("label", "experiment"),
    Column("parameters", "parameters"),
    Column("epochs", "epochs"),
    Column("kept_epochs", "kept epoch", unless="epochs"),
    Column("seeds", "n"),
    Column("train_accuracy", "train acc. (%)"),
    Column("test_accuracy", "test acc. (%)"),
    Column("reported_test", "reported", is_reported=True),
)
# Final values that the summary gives.
_FINAL = ("train_accuracy", "test_accuracy", "train_loss", "test_loss")


def summary(result: StudyResult) -> list[SummaryRow]:
    """A row for each experiment: means ± SD over the finished runs."""
    return [_row(one, result.study.label(one.name)) for one in result.experiments.values()]


def _row(result: ExperimentResult, label: str) -> SummaryRow:
    reported, plan = result.reported, result.plan
    return SummaryRow(
        name=result.name,
        label=label,
        engine=summary_cells.engines(result),
        parameters="–" if result.parameters is None else f"{result.parameters:,}",
        multiply_adds="–" if plan is None else rounded(plan.multiply_adds),
        epochs=summary_cells.epochs(result),
        kept_epochs=summary_cells.kept_epochs(result),
        seeds=summary_cells.seeds(result),
        train_accuracy=summary_cells.accuracy(result, "train_accuracy"),
        test_accuracy=summary_cells.accuracy(result, "test_accuracy"),
        train_loss=summary_cells.loss(result, "train_loss"),
        test_loss=summary_cells.loss(result, "test_loss"),
        reported_train=reported.train_accuracy if reported else "",
        reported_test=reported.test_accuracy if reported else "",
        reported_time=reported.time if reported else "",
        reported_note=reported.note if reported else "",
    )


def columns(rows: Sequence[SummaryRow], *, sentences: bool = True) -> tuple[Column, ...]:
    """Return the columns to show; those of an earlier report only if it has anything to show.

    sentences: whether there is room for columns of sentences.
    """
    reported = has_reported(rows)
    return tuple(
        column
        for column in _COLUMNS
        if (reported or not column.is_reported)
        and (sentences or not column.is_sentence)
        and _says_more(column, rows)
    )


def _says_more(column: Column, rows: Sequence[SummaryRow]) -> bool:
    """Whether a column has something that no other column has."""
    unless = column.unless
    return not unless or any(getattr(row, column.key) != getattr(row, unless) for row in rows)


def has_reported(rows: Sequence[SummaryRow]) -> bool:
    """Return whether there are figures of an earlier report to show."""
    reported = [column.key for column in _COLUMNS if column.is_reported]
    return any(getattr(row, key) for row in rows for key in reported)


def summary_csv(result: StudyResult) -> str:
    """The summary as plain numbers, for tools of your own: shares, nats, seconds; no cell where
    there is no number (an SD of one run, a mean of none)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    reported = tuple(Reported.model_fields)
    writer.writerow([
        "experiment", "engine", "parameters", "multiply_adds", "epochs", "epochs_trained_mean",
        "kept_epoch_mean", "n", "diverged", "failed",
        *(f"{curve}_{what}" for curve in _FINAL for what in ("mean", "sd")),
        "train_seconds_mean", *(f"reported_{key}" for key in reported),
    ])  # fmt: skip
    for row in result.experiments.values():
        runs, n = row.runs, len(row.finished)
        spread: list[float | str] = []
        for curve in _FINAL:
            values = row.final(curve)
            spread.append(float(values.mean()) if n else "")
            spread.append(float(values.std(ddof=1)) if n > 1 else "")
        writer.writerow([
            row.name, summary_cells.engines(row), row.parameters,
            row.plan and row.plan.multiply_adds,
            row.experiment.epochs, _mean([run.epochs for run in row.finished]),
            _mean([run.kept_epoch for run in row.finished]), n,
            len(row.diverged), sum(r.status == "failed" for r in runs),
            *spread, _mean([run.train_seconds for run in row.finished]),
            *(no_formula(getattr(row.reported, key)) if row.reported else "" for key in reported),
        ])  # fmt: skip
    return text.getvalue()


def _mean(values: Sequence[float]) -> float | str:
    """The mean of values; an empty cell where there are none."""
    return float(np.mean(values)) if values else ""


def summary_markdown(rows: Sequence[SummaryRow]) -> str:
    """Return the summary as a table of Markdown."""
    shown = columns(rows)
    lines = [[column.full_heading for column in shown], ["---"] * len(shown)]
    lines += [[escape_markdown(text) for text in texts(row, shown)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def summary_latex(rows: Sequence[SummaryRow], notes: Sequence[str]) -> str:
    """Return a tabular for LaTeX's package booktabs, with notes as comments above it; it fits a
    portrait page."""
    reported = any(row.reported_test for row in rows)
    shown = [
        column
        for column in _ON_PAPER
        if (reported or not column.is_reported) and _says_more(column, rows)
    ]
    return latex.tabular(
        f"{latex.text_column([row.label for row in rows])}{'r' * (len(shown) - 1)}",
        [column.heading for column in shown],
        [[text.removeprefix("n = ") for text in texts(row, shown)] for row in rows],
        ["Means ± SD over n seeds. summary.csv has more columns.", *notes],
        small=True,
    )


def texts(row: SummaryRow, shown: Sequence[Column]) -> list[str]:
    """Return what stands in the columns of a row."""
    return [str(getattr(row, column.key)) for column in shown]


def epochs_csv(result: StudyResult) -> str:
    """Every epoch of every run: one row each, for tools of your own. The epoch that a finished run
    keeps stands in each of its rows, as in exports."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [metric.key for metric in OF_EVERY_EPOCH]
    writer.writerow(["experiment", "seed", "engine", "run", "kept_epoch", "epoch", *names])
    for experiment in result.experiments.values():
        for run in experiment.runs:
            values_EM = np.array(list(by_epoch(run).values())).T
            for number, row in enumerate(values_EM.tolist(), start=1):
                cells = ["" if value != value else repr(value) for value in row]
                kept = run.kept_epoch if run.status == "finished" else ""
                writer.writerow(
                    [experiment.name, run.seed, run.engine, run.id, kept, number, *cells]
                )
    return text.getvalue()


def escape_markdown(text: str) -> str:
    """Return a text as Markdown shows it, in one line: no markup, link or picture is made of it.

    >>> print(escape_markdown("[−1, 2] [x](javascript:y)"))
    [−1, 2] [x]\\(javascript:y)
    """
    for character in "\\|*_<>`":
        text = text.replace(character, f"\\{character}")
    # What makes links of brackets; in brackets alone stand intervals.
    for end in "(:[":
        text = text.replace(f"]{end}", f"]\\{end}")
    return text.replace("\n", " ")
