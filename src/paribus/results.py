"""A study from Python: train it, then read its results as tables and figures."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from paribus.campaign.campaign import Campaign, Data
from paribus.campaign.run import Outcome
from paribus.campaign.timing import time_missing
from paribus.campaign.train import train
from paribus.errors import UserError, did_you_mean, need
from paribus.export.tables import ExportedRun, epoch_records, run_records
from paribus.measure import misclassified, table
from paribus.measure.runs import ExperimentResult, StudyResult
from paribus.present.progress import (
    elsewhere_line,
    progress,
    repaired_line,
    timing_progress,
    untimed_line,
    untried_lines,
)
from paribus.spec.study import Study
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from paribus.present.figures.shown import Shown

T = TypeVar("T")


class Results:
    """Results of a study's runs. A notebook shows them as the summary table."""

    def __init__(self, result: StudyResult, outcome: Outcome) -> None:
        self.study = result.study
        self.experiments = result.experiments
        """By name: the plan, the parameters, every run with its curves and probabilities."""
        self.failed = outcome.failed
        """Why runs failed, by their id; empty if all is well."""
        self.untried = outcome.untried
        """How many runs of an experiment were not begun, as it fails with every seed, by name."""
        self.elsewhere = outcome.elsewhere
        """How many runs were left to other processes, which were training them."""
        self._result = result

    def runs(self) -> pd.DataFrame:
        """Return a DataFrame, a row per run: its recipe, the results of the epoch that it keeps
        (losses in nats, accuracies as shares), and the seconds of all its epochs."""
        return _frame(run_records(self._rows()))

    def epochs(self) -> pd.DataFrame:
        """Return a DataFrame, a row per epoch of each run: losses in nats, accuracies as shares,
        seconds."""
        return _frame(epoch_records(self._rows()))

    def ensembles(self) -> pd.DataFrame:
        """Return a DataFrame, a row per experiment with several finished runs: the test accuracy, a
        share, of the class that most of them name, and the test loss, in nats, of their averaged
        probabilities, beside the means of the runs."""
        from paribus.present.ensembles import ensembles

        records = [
            {
                "experiment": one.row.name,
                "members": one.row.members,
                "test_accuracy": one.accuracy,
                "test_loss": one.loss,
                "members_test_accuracy_mean": one.members_accuracy,
                "members_test_loss_mean": one.members_loss,
            }
            for one in ensembles(self._result)
        ]
        return _frame(records)

    def trials(self) -> pd.DataFrame:
        """Return a DataFrame, a row per trial of each tuned experiment: its replicate and number,
        from 1, its settings, whether it won, its final values; and one, without a number, for each
        winner as it was trained again with a fresh seed. Questions compare the latter."""
        from paribus.present.tuning import trial_records

        records = trial_records(self._result)
        if not records:
            raise UserError("no experiment of the study is tuned; add a table `tune` to one")
        return _frame(records)

    def tuning_curves(self, question: int = 1) -> Figure:
        """Draw what fewer trials would have given, for a question about tuned experiments, by its
        number from 1."""
        from paribus.present.tuning import tuning_curves
        from paribus.questions.family import judge_study

        images = len(self._result.dataset.test_labels)
        found = tuning_curves(judge_study(self._result), images, self.study.labels)
        shown = next((one.shown for one in found if one.number == question), None)
        return _drawn(shown, f"question {question} has no tuning curves")

    def final_accuracies(self) -> Figure:
        """Draw every experiment's final test accuracy, each seed a dot."""
        from paribus.present import report_figures

        return _drawn(report_figures.final_accuracies(self._result), "no run has finished")

    def picture(self) -> Figure:
        """Draw every question of the study in one picture: a forest plot of the findings."""
        from paribus.present.forest import forest
        from paribus.questions.family import judge_study

        findings, study = judge_study(self._result), self.study
        shown = forest(findings, preview=study.preview, labels=study.labels)
        return _drawn(shown, "the study asks nothing")

    def curves(self, experiment: str | None = None) -> Figure:
        """Draw loss and accuracy of an experiment over its epochs, or, without a name, the test
        accuracy of all of them, their mean over seeds."""
        from paribus.present import report_figures

        if experiment is not None:
            shown = report_figures.learning_curves(self._result, self._experiment(experiment).name)
            return _drawn(shown, f"{experiment} has not trained an epoch")
        overview = report_figures.overview(self._result)
        return _drawn(overview[0] if overview else None, "no epoch has been trained")

    def confusion_matrix(self, experiment: str) -> Figure:
        """Draw the confusion matrix of an experiment: test images, the mean over its runs."""
        from paribus.present import report_figures

        predicted_SN = self._predicted(experiment)
        return _figure(report_figures.confusion_matrix(self._result, experiment, predicted_SN))

    def misclassified(self, experiment: str, most: int = 10) -> Figure:
        """Draw the test images that most of an experiment's runs misclassify."""
        from paribus.present import report_figures

        predicted_SN = self._predicted(experiment)
        shown = report_figures.misclassified(self._result, experiment, predicted_SN, most)
        if shown is None:
            raise UserError(f"{experiment} gets every test image right; there is nothing to show")
        return _figure(shown)

    def report(self, folder: str | PathLike[str] | None = None, *, pdf: bool = False) -> Path:
        """Write the report into a folder and return the path of its page. None: `report`, or one of
        its own where that has the report of another study. pdf: write the figures as PDF too."""
        from paribus.present.own_folder import keep_mark, own_folder
        from paribus.present.write import write_report

        title, preview = self.study.title, self.study.preview
        chosen = own_folder(title, Path(), preview=preview) if folder is None else Path(folder)
        page = write_report(self._result, chosen, pdf=pdf)
        keep_mark(title, Path(), chosen, preview=preview)
        return page

    def findings(self) -> pd.DataFrame:
        """Return a DataFrame, a row per question of the study: what was asked, the verdict, its
        sentence, and the numbers that `paribus compare --json` has, differences in the metric's raw
        unit."""
        from paribus.present import wording
        from paribus.present.as_json import all_numbers, terms
        from paribus.questions.family import judge_study

        return _frame(
            [
                {
                    "question": finding.question.ask,
                    **{key: terms(finding)[key] for key in ("a", "b", "metric")},
                    "verdict": wording.verdict_words(finding.verdict),
                    "sentence": wording.sentence(finding),
                    **all_numbers(finding),
                }
                for finding in judge_study(self._result)
            ]
        )

    def __repr__(self) -> str:
        return f"<Results of {self.study.title!r}: {self._finished()}>"

    def _repr_html_(self) -> str:
        """The summary table, for notebooks."""
        from paribus.present import report_text, tables

        rows = tables.summary(self._result)
        shown = tables.columns(rows)
        head = "".join(f"<th>{escape(column.full_heading)}</th>" for column in shown)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in tables.texts(row, shown))}</tr>"
            for row in rows
        )
        notes = [report_text.preview_warning(self._result), *report_text.progress(self._result)]
        told = "".join(f"<br>{escape(note)}" for note in notes if note)
        return (
            f"<p><b>{escape(self.study.title)}</b>: {self._finished()}. Means ± SD over n seeds."
            f"{told}</p><table><tr>{head}</tr>{body}</table>"
        )

    def _finished(self) -> str:
        finished = sum(len(result.finished) for result in self.experiments.values())
        return f"{finished} of {self._result.runs_needed} runs have finished"

    def _experiment(self, name: str) -> ExperimentResult:
        if name not in self.experiments:
            known = did_you_mean(name, list(self.experiments))
            raise UserError(f'there is no experiment "{name}"; {known}')
        return self.experiments[name]

    def _predicted(self, name: str) -> NDArray[np.int64]:
        return _there(
            misclassified.predicted_classes(self._experiment(name)),
            f"no run of {name} has finished",
        )

    def _rows(self) -> list[ExportedRun]:
        return [
            ExportedRun(
                run_id=run.id,
                name=result.name,
                seed=run.seed,
                engine=run.engine,
                status=run.status,
                reason=run.reason,
                experiment=result.trained_as(run),
                epochs=table.by_epoch(run),
            )
            for result in self.experiments.values()
            for run in result.runs
        ]


def run(
    study: Study,
    *,
    store: str | PathLike[str] = "runs",
    relative_to: str | PathLike[str] = ".",
    jobs: int | None = None,
    quiet: bool = False,
    timing: bool = True,
) -> Results:
    """Train the runs that are missing from the store and return the results of the whole study.

    store: the folder that runs are kept in, made if it is not there. relative_to: the folder that
    paths of data in the study start from. jobs: runs trained at once, a core each; one per core if
    None. quiet: say nothing of how it gets on. timing: when all is trained, time the training steps
    that questions ask about, if the machine is quiet. Interrupted, it loses at most the epochs
    in progress: call it again to resume.

    Raises `UserError` for what is wrong with the study, its data or the store.
    """
    if not isinstance(study, Study):
        raise UserError(
            f"study: needs a Study, got {study!r}; load_study(FILE)[0] reads one of a file"
        )
    folder = Path(relative_to)
    campaign = Campaign(study, "", folder, Data(study.data, folder), Path(store))
    with open_store(campaign.store_folder, "create") as opened:
        known = campaign.known(opened).adopted(opened)
        for note in filter(None, () if quiet else (*campaign.notes, *known.notes)):
            click.echo(note, err=True)
        show = partial(progress, quiet=quiet)
        outcome = train(campaign, known, opened, show=show, jobs=jobs)
        result = campaign.result(opened, known)
        if timing and not outcome.elsewhere:
            codes = {name: identity.code for name, identity in known.identities.items()}
            shown = partial(timing_progress, quiet=quiet)
            left = untimed_line(
                time_missing(campaign, result, codes, opened, progress=shown), "timing=False"
            )
            if left and not quiet:
                click.echo(left, err=True)
            result = replace(result, timings=opened.timings())
    for line in filter(None, () if quiet else (repaired_line(opened.repaired), opened.damage_note)):
        click.echo(line, err=True)
    if outcome.elsewhere and not quiet:
        click.echo(elsewhere_line(outcome.elsewhere), err=True)
    for line in () if quiet else untried_lines(outcome.untried):
        click.echo(line, err=True)
    return Results(result, outcome)


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    need("pandas", "a DataFrame")
    import pandas as pd

    frame = pd.DataFrame(records)
    # A column without a single number would be one of objects.
    return frame.astype({column: "float64" for column in EPOCH_COLUMNS if column in frame})


def _drawn(shown: Shown | None, otherwise: str) -> Figure:
    if shown is None:
        raise _nothing(otherwise)
    return _figure(shown)


def _figure(shown: Shown) -> Figure:
    need("figures", "a figure")
    from paribus.present.figures.draw import figure

    return figure(shown)


def _there(value: T | None, otherwise: str) -> T:
    """The value, if there is one. Raises `UserError` saying what is missing otherwise."""
    if value is None:
        raise _nothing(otherwise)
    return value


def _nothing(why: str) -> UserError:
    return UserError(f"{why}; there is nothing to show yet")
