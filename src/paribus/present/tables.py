"""The summary table of a study, as rows, and as CSV, LaTeX and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paribus.measure.runs import ExperimentResult, StudyResult
from paribus.present import latex, numbers
from paribus.spec.study import Reported
from paribus.text import rounded


@dataclass(frozen=True)
class Row:
    """One experiment in the summary; its fields are text as it is shown."""

    name: str
    engine: str
    parameters: str
    multiply_adds: str
    epochs: str
    seeds: str
    train_accuracy: str
    test_accuracy: str
    train_loss: str
    test_loss: str
    time: str
    reported_train: str
    reported_test: str
    reported_time: str
    reported_note: str


HEADINGS = {
    "name": "experiment",
    "engine": "engine",
    "parameters": "parameters",
    "multiply_adds": "multiply-adds",
    "epochs": "epochs",
    "seeds": "seeds",
    "train_accuracy": "train acc. (%)",
    "test_accuracy": "test acc. (%)",
    "train_loss": "train loss",
    "test_loss": "test loss",
    "time": "train time",
    "reported_train": "train acc.",
    "reported_test": "test acc.",
    "reported_time": "time",
    "reported_note": "note",
}
# Final values that the summary gives.
_FINAL = ("train_accuracy", "test_accuracy", "train_loss", "test_loss")
REPORTED = [key for key in HEADINGS if key.startswith("reported")]
MEASURED = [key for key in HEADINGS if not key.startswith("reported")]


def summary(result: StudyResult) -> list[Row]:
    """A row for each experiment: means ± SD over the finished runs."""
    return [_row(experiment) for experiment in result.experiments.values()]


def _row(result: ExperimentResult) -> Row:
    reported, plan = result.reported, result.plan
    return Row(
        name=result.name,
        engine=numbers.engines(result),
        parameters="–" if result.parameters is None else f"{result.parameters:,}",
        multiply_adds="–" if plan is None else rounded(plan.multiply_adds),
        epochs=str(result.experiment.epochs),
        seeds=numbers.seeds(result),
        train_accuracy=numbers.accuracy(result, "train_accuracy"),
        test_accuracy=numbers.accuracy(result, "test_accuracy"),
        train_loss=numbers.loss(result, "train_loss"),
        test_loss=numbers.loss(result, "test_loss"),
        time=numbers.train_time(result),
        reported_train=reported.train_accuracy if reported else "",
        reported_test=reported.test_accuracy if reported else "",
        reported_time=reported.time if reported else "",
        reported_note=reported.note if reported else "",
    )


def has_reported(rows: Sequence[Row]) -> bool:
    """Whether there are figures of an earlier report to show."""
    return any(getattr(row, key) for row in rows for key in REPORTED)


def columns(rows: Sequence[Row]) -> dict[str, str]:
    """The fields to show and their headings; those of an earlier report only if there are any."""
    if not has_reported(rows):
        return {key: HEADINGS[key] for key in MEASURED}
    return {
        key: f"reported {heading}" if key in REPORTED else heading
        for key, heading in HEADINGS.items()
    }


def summary_csv(result: StudyResult) -> str:
    """The summary as plain numbers, for tools of your own: shares, nats, seconds; no cell where
    there is no number (an SD of one run, a mean of none)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    reported = tuple(Reported.model_fields)
    writer.writerow([
        "experiment", "engine", "parameters", "multiply_adds", "epochs", "n", "diverged", "failed",
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
            row.name, numbers.engines(row), row.parameters, row.plan and row.plan.multiply_adds,
            row.experiment.epochs, n, len(row.diverged), sum(r.status == "failed" for r in runs),
            *spread, float(np.mean([run.train_seconds for run in row.finished])) if n else "",
            *(getattr(row.reported, key) if row.reported else "" for key in reported),
        ])  # fmt: skip
    return text.getvalue()


def summary_markdown(rows: Sequence[Row]) -> str:
    shown = columns(rows)
    lines = [list(shown.values()), ["---"] * len(shown)]
    lines += [[escape_markdown(getattr(row, key)) for key in shown] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def summary_latex(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """A tabular for LaTeX's package booktabs, with notes as comments above it."""
    shown = {key: heading for key, heading in columns(rows).items() if key != "reported_note"}
    return latex.tabular(
        f"l{'r' * (len(shown) - 1)}",
        list(shown.values()),
        [[getattr(row, key) for key in shown] for row in rows],
        ["Means ± SD over n seeds.", *notes],
    )


def epochs_csv(result: StudyResult) -> str:
    """Every epoch of every run: one row each, for tools of your own."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    curves = (
        "train_loss", "train_accuracy", "test_loss", "test_accuracy", "validation_loss",
        "validation_accuracy", "train_seconds", "test_seconds",
    )  # fmt: skip
    writer.writerow(["experiment", "seed", "engine", "run", "epoch", *curves])
    for experiment in result.experiments.values():
        for run in experiment.runs:
            values = np.array([getattr(run.curves, curve) for curve in curves]).T
            for number, row in enumerate(values.tolist(), start=1):
                cells = ["" if value != value else repr(value) for value in row]
                writer.writerow([experiment.name, run.seed, run.engine, run.id, number, *cells])
    return text.getvalue()


def escape_markdown(text: str) -> str:
    for character in "\\|*_<>`":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ")
