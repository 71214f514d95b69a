"""The commands that work on a study and its store, as they can be typed where it was run."""

from __future__ import annotations

from paribus.measure.runs import StudyResult
from paribus.spec.study_plan import AskedQuestion
from paribus.text import command, is_import_path

_PREVIEW = "--preview"
_COMPARED_BY = "test_accuracy"
"""What `paribus compare` compares where no metric is named."""


def train_command(result: StudyResult) -> str:
    """Return what trains the missing runs, and writes the report where it is now."""
    folder = result.report_folder
    report = () if folder is None else ("--report", str(folder))
    words = ("run", result.study_name, *result.options, *report)
    return command(*words, store=result.store_folder)


def full_command(result: StudyResult) -> str:
    """Return what trains the full study of a preview, or writes its report where it is trained."""
    options = [option for option in result.options if option != _PREVIEW]
    verb = "report" if result.full_is_trained else "run"
    return command(verb, result.study_name, *options, store=result.store_folder)


def compare_command(result: StudyResult, a: str, b: str, metric: str) -> str:
    """Return what shows all that the finding about two experiments and a metric rests on.

    It names the study where its data or the metric of a question are a function of the user's own:
    all questions are judged together, and no function is called because a store names it. So it
    does where another study of the store has another experiment of one of the names.
    """
    plan = result.recorded_plan
    asked = [*map(AskedQuestion.of, result.study.questions), *(plan.ever_asked() if plan else ())]
    own = is_import_path(result.study.data) or any(one.calls_function for one in asked)
    shared = not result.shared_names.isdisjoint((a, b))
    study = ("--study", result.study_name) if own or shared else ()
    by = () if metric == _COMPARED_BY else ("--metric", metric)
    return command("compare", a, b, *by, *study, store=result.store_folder)


def serve_command(result: StudyResult) -> str:
    """Return what shows the study in the browser."""
    return command("serve", result.study_name, *result.options, store=result.store_folder)
