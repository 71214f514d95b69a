"""What a report says in sentences, the same on the page and in Markdown."""

from __future__ import annotations

from itertools import groupby

from paribus.analysis import ExperimentResult, StudyResult
from paribus.spec.layers import Layer
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer


def opening(result: StudyResult) -> str:
    """What this is a report of."""
    study, data = result.study, result.dataset
    images = {e.experiment.images for e in result.experiments.values()}
    held_out = next(iter(study.experiments.values())).validation
    trained_on = len(data.train_labels) - held_out
    used = (
        f"{trained_on if next(iter(images)) is None else next(iter(images)):,}"
        if len(images) == 1
        else "different numbers of"
    )
    return (
        f"{_count(len(result.experiments), 'experiment')}, {_count(study.seeds, 'seed')} each, on "
        f"{data.name}: trained on {used} images, tested on {len(data.test_labels):,}."
    )


def preview_warning(result: StudyResult) -> str | None:
    if not result.study.preview:
        return None
    return (
        "This is a preview: about fifty times less training than the study asks for. It shows that "
        "everything works and what the report will look like. Nothing in it is a result."
    )


def progress(result: StudyResult) -> list[str]:
    """What is missing, has diverged or failed; empty if every run has finished."""
    runs = [run for experiment in result.experiments.values() for run in experiment.runs]
    asked = len(result.experiments) * result.study.seeds
    finished = sum(run.status == "finished" for run in runs)
    if finished == asked:
        return []
    lines = [f"{finished} of {asked} runs have finished."]
    begun = sum(run.status == "running" for run in runs)
    if begun:
        lines.append(f"{_count(begun, 'run')} begun and not finished.")
    if len(runs) < asked:
        lines.append(
            f"{_count(asked - len(runs), 'run')} not begun. `paribus run {result.study_name}` "
            "trains what is missing."
        )
    for experiment in result.experiments.values():
        for run in experiment.runs:
            if run.status in ("diverged", "failed"):
                lines.append(f"{experiment.name}, seed {run.seed}: {run.reason}.")
    return lines


def caution(result: StudyResult) -> str:
    """What the table does not say."""
    return (
        "The table says what came out, mean ± standard deviation over the seeds, and not which "
        "differences are real: one smaller than the spread between seeds may well be luck. "
        "Times are of runs that shared the machine with others; they are no measure of speed."
    )


def chosen(result: StudyResult) -> str | None:
    """How the best was chosen, and what to think of it."""
    best = result.best()
    if best is None:
        return None
    if result.validated:
        return (
            f"{best.name} is called the best for its accuracy on the validation images; the test "
            "images had no part in the choice."
        )
    return (
        f"{best.name} is called the best for its mean accuracy on the test images themselves, for "
        "want of a validation set: its test accuracy is flattered by that choice."
    )


def network(result: ExperimentResult) -> str:
    """The layers in one line, what stands several times in a row said once."""
    layers = result.experiment.network
    if isinstance(layers, ModuleNetwork):
        arguments = ", ".join(f"{key}={value!r}" for key, value in layers.arguments.items())
        return f"{layers.module}({arguments})"
    return ", ".join(_grouped(layers))


def _grouped(layers: tuple[Layer, ...]) -> list[str]:
    texts = [format_layer(layer) for layer in layers]
    grouped = [(text, len(list(group))) for text, group in groupby(texts)]
    return [f"{count} × {text}" if count > 1 else text for text, count in grouped]


def recipe(result: ExperimentResult) -> str:
    """All but the network, defaults left out but for what everybody asks for."""
    experiment = result.experiment
    optimizer = experiment.optimizer
    settings = ", ".join(
        f"{key} {' and '.join(map(str, value)) if isinstance(value, tuple) else value}"
        for key, value in optimizer
        if key not in ("name", "lr") and value != type(optimizer).model_fields[key].default
    )
    parts = [
        f"{optimizer.name}, learning rate {optimizer.lr:g}" + (f", {settings}" if settings else ""),
        f"batches of {experiment.batch_size}",
        f"{experiment.epochs} epochs",
    ]
    if experiment.schedule.name != "constant":
        parts.append(f"{experiment.schedule.name} schedule")
    if experiment.initialisation != "torch":
        parts.append(f"{experiment.initialisation} initialisation")
    if experiment.label_smoothing:
        parts.append(f"label smoothing {experiment.label_smoothing:g}")
    return "; ".join(parts)


def environments(result: StudyResult) -> list[tuple[dict[str, str], int]]:
    """The different surroundings that runs were trained in, and how many runs in each. The load
    of the machine differs with every run and is left out."""
    counts: dict[tuple[tuple[str, str], ...], int] = {}
    for experiment in result.experiments.values():
        for run in experiment.runs:
            kept = {k: v for k, v in run.environment.items() if k != "load before"}
            key = tuple(kept.items())
            counts[key] = counts.get(key, 0) + 1
    return [(dict(key), count) for key, count in counts.items()]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
