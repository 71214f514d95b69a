"""What a report says in sentences, the same on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.measure.runs import ExperimentResult, Run, StudyResult
from paribus.present import commands
from paribus.present.figures.processes import undrawable
from paribus.spec.study import Study
from paribus.text import count, extent, listed, percent, plural, series

# K classes

_LOAD = "load before"
# By their part in all errors: a list of a hundred would not be read.
_CLASSES_NAMED = 10

GALLERY_DOUBT = (
    " “Label rejected” marks those whose label the annotators of Northcutt et al. 2021 rejected."
)


def opening(result: StudyResult) -> str:
    """What this is a report of."""
    data = result.dataset
    experiments = [e.experiment for e in result.experiments.values()]
    available = len(data.train_labels) - experiments[0].validation
    used = _range([e.images or available for e in experiments])
    if used != f"{available:,}":
        used += f" of {available:,}"
    epochs = _range([e.epochs for e in experiments])
    at_most = "at most " if any(e.patience for e in experiments) else ""
    same = list(result.study.same_as)
    are = plural(len(same), "is", "are")
    left_out = f" ({listed(same)} {are} here the same as others)" if same else ""
    return (
        f"{count(len(experiments), 'experiment')}{left_out}, {seeds_of(result.study)}, on "
        f"{data.name}: trained on {used} images for {at_most}{epochs} "
        f"{'epoch' if epochs == '1' else 'epochs'}, "
        f"tested on {len(data.test_labels):,} images."
    )


def seeds_of(study: Study) -> str:
    """Return how many seeds a study has."""
    if study.looks:
        return f"looks after {series(study.looks)} seeds"
    return f"{count(study.seeds, 'seed')} each"


def preview_warning(result: StudyResult) -> str:
    """Return what is to be said of a preview; "" if it is none."""
    if not result.study.preview:
        return ""
    full = "See the full study" if result.full_is_trained else "Train the full study"
    return (
        "Each network got a small part of the full training. You may write “after this "
        "short training …”, not that a network is better or worse when fully trained: slow "
        "starters look bad here, and the order can change. "
        f"{full}: {full_command(result)}"
    )


def undrawn() -> str:
    """Return why a report has no figures and what to do; "" if they can be drawn."""
    why = undrawable()
    return "" if why is None else f"No figures: {why}."


def command(result: StudyResult) -> str:
    """Return what trains the missing runs, on the command line or in Python."""
    return commands.train_command(result) if result.study_name else "study.run()"


def full_command(result: StudyResult) -> str:
    """Return what trains the full study of a preview, or writes its report."""
    if not result.study_name:
        return "call run() of the study without as_preview()"
    return commands.full_command(result)


def progress(result: StudyResult) -> list[str]:
    """What is missing, has diverged or failed; empty if every run has finished."""
    runs = [
        run
        for experiment in result.experiments.values()
        for run in (*_due(experiment, result), *_trials_due(experiment, result))
    ]
    asked = result.runs_needed
    finished = sum(run.status == "finished" for run in runs)
    if finished == asked:
        return []
    lines = [f"{finished} of {count(asked, 'run')} have finished."]
    begun = sum(run.status == "running" for run in runs)
    if begun:
        lines.append(f"{count(begun, 'run has', 'runs have')} begun and not finished.")
    if len(runs) < asked:
        lines.append(f"{count(asked - len(runs), 'run has', 'runs have')} not begun.")
    if result.needed and not complete(result):
        next_look = max(map(result.seeds_of, result.experiments))
        lines.append(f"Questions that are open get their next verdict after {next_look} seeds.")
    for experiment in result.experiments.values():
        by_reason: dict[str, list[int]] = {}
        for run in experiment.runs:
            if run.status in ("diverged", "failed"):
                by_reason.setdefault(run.reason or run.status, []).append(run.seed)
        for reason, seeds in by_reason.items():
            which = f"{plural(len(seeds), 'seed')} {', '.join(map(str, seeds))}"
            lines.append(f"{experiment.name}, {which}: {reason.rstrip('.')}.")
    return lines


def complete(result: StudyResult) -> bool:
    """Whether every run has ended, so that nothing is left to train: to diverge is an end too."""
    return all(
        sum(run.ended for run in _due(experiment, result)) == result.seeds_of(experiment.name)
        for experiment in result.experiments.values()
    )


def _due(experiment: ExperimentResult, result: StudyResult) -> list[Run]:
    """The runs of an experiment that are to be trained by now."""
    end = result.study.first_seed + result.seeds_of(experiment.name)
    return [run for run in experiment.runs if run.seed < end]


def _trials_due(experiment: ExperimentResult, result: StudyResult) -> list[Run]:
    """The runs of the trials that are to be trained by now; settings drawn twice have one run, and
    count twice."""
    end = result.study.first_seed + result.seeds_of(experiment.name)
    due = [one for one in experiment.replicates if one.seed < end]
    return [trial.run for one in due for trial in one.trials if trial.run is not None]


def caution(result: StudyResult) -> str:
    """What the table does not say."""
    why = (
        "two means alone do not tell, and a difference smaller than the spread between seeds may "
        "well be chance. Whether a difference is real is for the findings to say; what no question "
        "asks about, nobody knows."
    )
    if result.study.seeds == 1:
        why = (
            "each is of one run, another seed gives other numbers, and with one seed nobody can "
            "say how different."
        )
    return f"The table gives results, and not which differences are real: {why}"


def chosen(result: StudyResult) -> str:
    """Return how the best was chosen, and what to think of it; "" if there is no choice."""
    best = result.best()
    if best is None or len(result.experiments) == 1:
        return ""
    n = f"n = {len(best.finished)}"
    so_far = "" if complete(result) else "So far, "
    if result.validated:
        return (
            f"{so_far}{best.name} has the highest mean accuracy on the validation "
            f"images ({n}); the test images had no part in the choice."
        )
    return (
        f"{so_far}{best.name} has the highest mean test accuracy ({n}). There is no validation "
        "set, so it was selected on the test set, and its test accuracy is optimistically biased."
    )


def confusions(
    counts_KK: NDArray[np.float64], class_names: Sequence[str], runs: int, most: int = 3
) -> str:
    """The commonest confusions, and the classes by their part in all of them, as sentences.

    counts_KK: images of a true class (row) that a run took for a class (column), mean over runs.

    >>> counts_KK = np.array([[9.0, 1.0, 0.0], [0.5, 8.5, 0.0], [0.0, 0.5, 9.5]])
    >>> for sentence in confusions(counts_KK, ["cat", "dog", "cow"], 2).split(". "):
    ...     print(sentence)
    Most often: cat predicted as dog (1.0), dog predicted as cat (0.5), cow predicted as dog (0.5); images per run, n = 2
    Of all errors 100% are with dog, 75% with cat, 25% with cow, as the true class or as the predicted one.
    """  # noqa: E501
    errors_KK = counts_KK * (1 - np.eye(len(counts_KK)))
    order = np.argsort(-errors_KK, axis=None, kind="stable")[:most]
    pairs = [divmod(int(place), len(counts_KK)) for place in order]
    words = [
        f"{class_names[truth]} predicted as {class_names[taken]} ({errors_KK[truth, taken]:.1f})"
        for truth, taken in pairs
        if errors_KK[truth, taken] > 0
    ]
    if not words:
        return f"No test image was misclassified, n = {runs}."
    part_K = (errors_KK.sum(0) + errors_KK.sum(1)) / errors_KK.sum()
    parts = [
        f"{percent(part_K[one])}{' are' * (rank == 0)} with {class_names[one]}"
        for rank, one in enumerate(np.argsort(-part_K, kind="stable")[:_CLASSES_NAMED])
    ]
    return (
        f"Most often: {', '.join(words)}; images per run, n = {runs}. Of all errors "
        f"{', '.join(parts)}, as the true class or as the predicted one."
    )


def environments(result: StudyResult) -> list[tuple[dict[str, str], int]]:
    """The different surroundings that runs were trained in, and how many runs in each. The load
    of the machine differs with every run; its range is given."""
    found: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for experiment in result.experiments.values():
        for run in experiment.runs:
            key = tuple((k, v) for k, v in run.environment.items() if k != _LOAD)
            found.setdefault(key, []).append(run.environment.get(_LOAD, ""))
    summed = []
    for key, loads in found.items():
        environment = dict(key)
        known = sorted((load for load in loads if _is_number(load)), key=float)
        if known:
            low, high = known[0], known[-1]
            environment[_LOAD] = low if low == high else f"{low} to {high}"
        summed.append((environment, len(loads)))
    return summed


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _range(values: Sequence[int]) -> str:
    return extent(min(values), max(values))
