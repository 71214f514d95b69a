"""How experiments were tuned: the picture of a question's tuning curves, and tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paribus.measure.built_in_metrics import TEST_ACCURACY, TEST_LOSS, VALIDATION_ACCURACY
from paribus.measure.metric import Metric
from paribus.measure.runs import ExperimentResult, Run, StudyResult
from paribus.present import latex
from paribus.present.figures.shown import TuningCurveOf, TuningCurves
from paribus.present.sides import Labels
from paribus.present.what_differs import setting_name, settings_range, space_words
from paribus.questions.finding import Finding
from paribus.questions.tuned_finding import TunedFinding, TunedSide
from paribus.text import duration, no_formula

_MEASURED = (VALIDATION_ACCURACY, TEST_ACCURACY, TEST_LOSS)


@dataclass(frozen=True, eq=False)
class CurvesOfQuestion:
    """The tuning curves of a question, by its number in the study, from 1."""

    number: int
    finding: TunedFinding
    shown: TuningCurves


def tuning_curves(
    findings: Sequence[Finding], test_images: int, labels: Labels | None = None
) -> list[CurvesOfQuestion]:
    """Return the pictures of all questions about tuned experiments; none of a question whose trials
    have no value of its metric."""
    return [
        CurvesOfQuestion(number, finding, shown)
        for number, finding in enumerate(findings, start=1)
        if isinstance(finding, TunedFinding)
        and (shown := _curves(finding, test_images, labels or {})) is not None
    ]


def _curves(finding: TunedFinding, test_images: int, labels: Labels) -> TuningCurves | None:
    a, b = (_curve(side, labels) for side in finding.sides)
    if a is None or b is None:
        return None
    metric = finding.metric
    unit = "" if metric.is_share or not metric.unit else f" ({metric.unit})"
    is_accuracy = metric.is_share and metric.higher_is_better
    scale = 1.0 if is_accuracy else metric.scale
    return TuningCurves(
        sides=(a, b),
        label=f"{metric.label}{unit}",
        is_accuracy=is_accuracy,
        is_loss=metric.unit == "nats",
        scale=scale,
        test_images=test_images,
    )


def _curve(side: TunedSide, labels: Labels) -> TuningCurveOf | None:
    curve = side.curve
    if curve is None or not np.isfinite(curve.mean_T).any():
        return None
    results = np.array([winner.result for winner in side.winners])
    name = labels.get(side.name, side.name)
    return TuningCurveOf(name, curve.mean_T, curve.low_T, curve.high_T, results)


@dataclass(frozen=True)
class WinnersTable:
    """The winners of an experiment, a row for each replicate, as texts; a column for each setting
    that is tuned."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def winners_tables(findings: Sequence[Finding]) -> tuple[WinnersTable, ...]:
    """Return the winners of all tuned experiments that questions are about, with the metric of the
    first question about each."""
    found: dict[str, WinnersTable] = {}
    for finding in findings:
        if isinstance(finding, TunedFinding):
            for side in finding.sides:
                if side.name not in found:
                    found[side.name] = _winners_table(side, finding.metric)
    return tuple(found.values())


def _winners_table(side: TunedSide, metric: Metric) -> WinnersTable:
    settings = tuple(setting_name(name) for name in side.space)
    unit = " (%)" if metric.is_share else f" ({metric.unit})" if metric.unit else ""
    return WinnersTable(
        side.name,
        ("seed", *settings, "validation acc. (%)", f"again: {metric.label}{unit}"),
        tuple(
            (
                str(one.seed),
                *(settings_range([one.settings[name]]) for name in side.space),
                _percentage(one.validation),
                _percentage(one.result) if metric.is_share else _number(one.result),
            )
            for one in side.winners
        ),
    )


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "–"


def curves_csv(findings: Sequence[Finding]) -> str:
    """Return a row for each question, side and number of trials, in the metric's raw unit; empty
    where a replicate may have nothing but trials that diverged."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["question", "metric", "experiment", "trials", "mean", "low", "high"])
    for finding in findings:
        if not isinstance(finding, TunedFinding):
            continue
        for side in finding.sides:
            for row in curve_rows(side):
                values = ("" if value is None else value for value in row)
                ask, metric = finding.question.ask, finding.question.metric
                writer.writerow([no_formula(ask), metric, side.name, *values])
    return text.getvalue()


def curve_rows(side: TunedSide) -> Iterator[tuple[int, float | None, float | None, float | None]]:
    """Yield a row of a tuning curve: the number of trials, the mean and both ends of its interval;
    None where there is none."""
    curve = side.curve
    if curve is None:
        return
    for trials, values in enumerate(
        zip(curve.mean_T, curve.low_T, curve.high_T, strict=True), start=1
    ):
        mean, low, high = (float(value) if np.isfinite(value) else None for value in values)
        yield trials, mean, low, high


def trials_csv(result: StudyResult) -> str:
    """Return `trial_records` as CSV; "" if nothing is tuned."""
    records = trial_records(result)
    if not records:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: "" if value is None else value for key, value in record.items()} for record in records
    )
    return text.getvalue()


def trial_records(result: StudyResult) -> list[dict[str, Any]]:
    """Return a record for each trial of each replicate, with its settings, and one for each winner
    as it was trained again, whose `trial` is None; none if nothing is tuned."""
    tuned = [one for one in result.experiments.values() if one.replicates]
    names = {name: None for one in tuned for name in one.replicates[0].trials[0].settings}
    return [record for one in tuned for record in _records(one, names)]


def _records(experiment: ExperimentResult, names: Mapping[str, None]) -> Iterator[dict[str, Any]]:
    finals = {run.seed: run for run in experiment.runs}
    for one in experiment.replicates:
        rows = [(n, trial.settings, trial.run) for n, trial in enumerate(one.trials)]
        records = [
            {"trial": n + 1, "winner": n == one.winner, **names, **settings, **_run(run)}
            for n, settings, run in rows
        ]
        if one.winner is not None and one.seed in finals:
            settings = one.trials[one.winner].settings
            again = {"trial": None, "winner": True, **names, **settings}
            records.append({**again, **_run(finals[one.seed])})
        for record in records:
            yield {"experiment": experiment.name, "replicate": one.seed, **record}


def _run(run: Run | None) -> dict[str, Any]:
    """The id of a run, its status, its final values, and the seconds that it took."""
    finished = run is not None and run.status == "finished"
    return {
        "run": None if run is None else run.id,
        "status": "not begun" if run is None else run.status,
        **{m.key: m.value(run) if finished and run is not None else None for m in _MEASURED},
        "seconds": None if run is None else run.seconds,
    }


def tuning_latex(findings: Sequence[Finding], notes: Sequence[str], labels: Labels) -> str:
    """Return a tabular of budgets, search spaces and winners, notes as comments above it; "" if no
    question is about tuned experiments."""
    sides = {
        side.name: side
        for finding in findings
        if isinstance(finding, TunedFinding)
        for side in finding.sides
    }
    rows = [
        [
            labels.get(name, name),
            f"{side.trials} × {len(side.winners)}",
            f"{side.runs:,}",
            duration(side.seconds),
            space_words(side.space),
            "; ".join(
                f"{setting_name(one)} {settings_range([w.settings[one] for w in side.winners])}"
                for one in side.space
            ),
            _chosen_by(side),
        ]
        for name, side in sides.items()
    ]
    if not rows:
        return ""
    return latex.tabular(
        rf"{latex.text_column([row[0] for row in rows])}rrrp{{0.2\linewidth}}p{{0.2\linewidth}}r",
        ["experiment", "trials", "runs", "time", "search space", "winners",
         "validation acc. (%)"],
        rows,
        [
            "Winners have the best validation accuracy of their replicate and are trained again. "
            "Their settings go from the smallest to the largest. Trials: of each replicate, times "
            "replicates. Time: of training and evaluation.",
            *notes,
        ],
        small=True,
    )  # fmt: skip


def _chosen_by(side: TunedSide) -> str:
    """The accuracy that winners were chosen by: its mean, without those that diverged."""
    value_R = np.array([winner.validation for winner in side.winners])
    known_R = value_R[np.isfinite(value_R)]
    return _percentage(float(known_R.mean()) if len(known_R) else float("nan"))


def _percentage(share: float) -> str:
    return f"{share * 100:.2f}" if np.isfinite(share) else "–"
