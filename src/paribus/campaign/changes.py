"""Options of a command that change a study."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from paribus.errors import UserError
from paribus.spec.experiment import check_engine
from paribus.spec.study import Study


@dataclass(frozen=True)
class Changes:
    """What is changed in a study; each is an option of the same name."""

    preview: bool = False
    seeds: int | None = None
    only: str | None = None
    """Names of experiments, separated by commas."""
    epochs: int | None = None
    images: int | None = None
    engine: str | None = None

    @property
    def typed(self) -> tuple[str, ...]:
        """The options as they could be typed.

        >>> Changes(preview=True, seeds=2).typed
        ('--preview', '--seeds', '2')
        """
        words: list[str] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                words += [f"--{field.name}"] if value is True else [f"--{field.name}", str(value)]
        return tuple(words)

    @property
    def variant(self) -> str:
        """Those that make another study of it, with runs and a plan of its own."""
        return " ".join(replace(self, preview=False, seeds=None, only=None, engine=None).typed)

    def selected(self, study: Study) -> Study:
        """Return the study with only the experiments that are asked for.

        Raises `UserError` if there is none of a name.
        """
        if self.only is None:
            return study
        names = tuple(part.strip() for part in self.only.split(",") if part.strip())
        if not names:
            raise UserError("--only: names no experiment; write e.g. --only cnn,cnn-adam")
        try:
            return study.only(names)
        except ValueError as error:
            raise UserError(f"--only: {error}") from None


NO_CHANGES = Changes()


@dataclass(frozen=True)
class Changed:
    """A study after the changes."""

    study: Study
    note: str
    """What there is to say of them; "" if nothing."""


def changed(study: Study, changes: Changes, train_images: int) -> Changed:
    """Return a study after all changes but the selection of experiments.

    train_images: those of its data. Raises `UserError` for an engine that there is not.
    """
    before, notes = list(study.experiments), list[str]()
    if changes.preview:
        study = preview(study, train_images)
    if changes.seeds is not None:
        if study.looks:
            notes.append(
                f"--seeds {changes.seeds} takes the place of the study's looks; "
                "`paribus run` records that as an amendment."
            )
        study = study.with_seeds(changes.seeds)
    if changes.epochs is not None:
        study = study.with_each(epochs=changes.epochs)
    if changes.images is not None:
        study = study.with_each(images=changes.images)
    if (engine := changes.engine) is not None:
        study = study.with_engine(option_engine(engine))
    same = [name for name in before if name not in study.experiments]
    if same:
        rest = (
            "is the same as an earlier experiment, and is left out"
            if len(same) == 1
            else "are the same as earlier experiments, and are left out"
        )
        notes.append(f"With these options {', '.join(same)} {rest}.")
    return Changed(study, "\n".join(notes))


def option_engine(name: str) -> str:
    """Return the engine that the option --engine names. Raises `UserError` if there is none."""
    try:
        return check_engine(name)
    except ValueError as error:
        raise UserError(f"--engine: {error}") from None


def preview(study: Study, train_images: int) -> Study:
    """Return the preview of a study. train_images: those of its data."""
    held_out = next(iter(study.experiments.values())).validation
    return study.as_preview(train_images - held_out)
