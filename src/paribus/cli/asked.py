"""What a command is asked to work on: a study after the options that change it, and its data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from paribus.data.dataset import Dataset
from paribus.data.sources import load
from paribus.errors import UserError, did_you_mean
from paribus.spec.bounds import MOST_SEEDS
from paribus.spec.experiment import ENGINES
from paribus.spec.files import load_study
from paribus.spec.study import Study
from paribus.store.known import Known, identify
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun, StoredStudy

F = TypeVar("F", bound=Callable[..., Any])

store_option = click.option(
    "--store",
    "store_folder",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder that runs are kept in.",
)
report_option = click.option(
    "--report",
    "report_folder",
    default="report",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder that the report is written to.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@dataclass(frozen=True)
class Asked:
    """A study as a command is to take it."""

    study: Study
    name: str
    """As it was typed: a built-in name or a path."""
    relative_to: Path
    """The folder that paths in the study are relative to."""
    dataset: Dataset
    options: tuple[str, ...] = ()
    """Those that changed the study, as they could be typed."""

    def known(self, store: Reader | None = None) -> Known:
        """What a store knows its experiments by; what has changed since is told on stderr."""
        found = identify(
            self.study.experiments,
            self.dataset.fingerprint,
            self.relative_to,
            store,
            study=self.name,
        )
        for note in found.notes:
            click.echo(note, err=True)
        return found


def study_options(command: F) -> F:
    """Gives a command the argument STUDY and the options that change it, as one `Asked`."""
    return _with_study(command, required=True)


def optional_study_options(command: F) -> F:
    """The same, but STUDY may be left out: then there is None in place of the `Asked`."""
    return _with_study(command, required=False)


def _with_study(command: F, *, required: bool) -> F:
    @wraps(command)
    def wrapped(study: str | None, **values: Any) -> Any:
        changes = {key: values.pop(key) for key in _CHANGES}
        if study is not None:
            asked = replace(_asked(study, **changes), options=_typed(changes))
            return command(asked=asked, **values)
        for key, value in changes.items():
            if value:
                raise UserError(f"--{key}: needs a STUDY to have an effect; name one")
        return command(asked=None, **values)

    decorated: Any = wrapped
    for option in reversed([click.argument("study", required=required), *_CHANGES.values()]):
        decorated = option(decorated)
    result: F = decorated
    return result


def _typed(changes: dict[str, Any]) -> tuple[str, ...]:
    """Options as they could be typed.

    >>> _typed({"preview": True, "seeds": 2, "only": None})
    ('--preview', '--seeds', '2')
    """
    words: list[str] = []
    for key, value in changes.items():
        if value:
            words += [f"--{key}"] if value is True else [f"--{key}", str(value)]
    return tuple(words)


_CHANGES: dict[str, Callable[[Any], Any]] = {
    "preview": click.option(
        "--preview",
        is_flag=True,
        help="The same study about fifty times cheaper; its results mean little.",
    ),
    "seeds": click.option(
        "--seeds",
        type=click.IntRange(1, MOST_SEEDS),
        metavar="N",
        help="Repetitions of each experiment, in place of the study's.",
    ),
    "only": click.option("--only", metavar="A,B", help="Only these experiments."),
    "epochs": click.option(
        "--epochs", type=click.IntRange(1), metavar="N", help="Epochs of every experiment."
    ),
    "images": click.option(
        "--images", type=click.IntRange(1), metavar="N", help="Train on N images only."
    ),
    "engine": click.option(
        "--engine",
        metavar="E",
        help="Engine of the experiments that name none: auto, numpy, torch or native.",
    ),
}
"""What changes a study, by the name of the parameter."""


def one_run(text: str, store: Reader) -> StoredRun:
    """The run that a text names: the start of its id, or EXPERIMENT/SEED.

    Raises `UserError` if it names none, or more than one.
    """
    found = store.find_runs(text)
    if not found:
        name, slash, _ = text.partition("/")
        known = store.experiment_names()
        hint = "`paribus status STUDY` lists the runs"
        if slash and known and name not in known:
            hint = did_you_mean(name, known)
        raise UserError(f'{store.folder}: there is no run "{text}"; {hint}')
    if len(found) > 1:
        raise UserError(
            f'"{text}" names {len(found)} runs: {", ".join(run.id for run in found[:10])}; '
            "write more of the id"
        )
    return found[0]


def described_in_store(hash_: str, studies: Sequence[StoredStudy], store: Reader) -> str:
    """An experiment of a store, by what tells it from others of its name."""
    experiment, code = store.experiment(hash_), store.identity(hash_).code
    images = "" if experiment.images is None else f", {experiment.images:,} training images"
    images += f", code {code[:12]}" if code else ""
    labels = dict.fromkeys(study.label for study in studies)
    return f"{hash_[:12]} ({experiment.epochs} epochs{images}, of {' and '.join(labels)})"


def _asked(
    name: str,
    preview: bool,
    seeds: int | None,
    only: str | None,
    epochs: int | None,
    images: int | None,
    engine: str | None,
) -> Asked:
    study, relative_to = load_study(name)
    if only is not None:
        names = tuple(part.strip() for part in only.split(",") if part.strip())
        if not names:
            raise UserError("--only: names no experiment; write e.g. --only cnn,cnn-adam")
        try:
            study = study.only(names)
        except ValueError as error:
            raise UserError(f"--only: {error}") from None
    dataset = load(study.data, relative_to)
    asked_for = list(study.experiments)
    if preview:
        held_out = next(iter(study.experiments.values())).validation
        study = study.as_preview(len(dataset.train_labels) - held_out)
    if seeds is not None:
        study = study.with_seeds(seeds)
    if epochs is not None:
        study = study.with_each(epochs=epochs)
    if images is not None:
        study = study.with_each(images=images)
    if engine is not None:
        if engine not in ENGINES:
            raise UserError(
                f'--engine: there is no engine "{engine}"; {did_you_mean(engine, ENGINES)}'
            )
        study = study.with_engine(engine)
    if same := [name for name in asked_for if name not in study.experiments]:
        rest = (
            "is the same as an earlier experiment, and is left out"
            if len(same) == 1
            else "are the same as earlier experiments, and are left out"
        )
        click.echo(f"With these options {', '.join(same)} {rest}.", err=True)
    return Asked(study, name, relative_to, dataset)
