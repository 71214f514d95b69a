"""An experiment: all that one training needs but its seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from paribus.errors import UserError, did_you_mean
from paribus.registry import Registry
from paribus.spec import augment as augmenting
from paribus.spec import tune as tuning
from paribus.spec.bounds import HIGHEST_SEED, MOST_EPOCHS, MOST_IMAGES, MOST_SEEDS
from paribus.spec.model import Spec, SpecError
from paribus.spec.network import Network
from paribus.spec.recipe import BestBy, Constant, Initialisation, Normalize, Optimizer, Schedule
from paribus.spec.tune import Settings, Tune
from paribus.text import shown

ENGINES = Registry[Callable[[int], Any]](
    "engines",
    "engine",
    {
        "numpy": "paribus.engines.numpy:make",
        "torch": "paribus.engines.torch:make",
        "native": "paribus.engines.native.engine:make",
    },
)
"""What makes an `engines.base.Engine` of a name, given the number of cores that a run may use."""


class FaultyStudyError(UserError):
    """Errors in the text of a study. `sound`: its experiments that have no error."""

    def __init__(self, message: str, sound: Mapping[str, Experiment]) -> None:
        super().__init__(message)
        self.sound = sound


WITHOUT_NUMBER = {"patience": "none", "images": "all"}
"""What is written for None, by which a variant takes back the number of its base."""


def check_engine(name: str) -> str:
    """Return the name of an engine, or "auto". Raises ValueError if there is none of that name."""
    if name != "auto" and name not in ENGINES:
        known = did_you_mean(name, ["auto", *ENGINES.names()])
        raise ValueError(f'there is no engine "{name}"; {known}')
    return name


class Experiment(Spec):
    """A network, a dataset and a training recipe. Its hash: `identity.identity`."""

    network: Network
    """Its layers, or a module of your own."""
    optimizer: Optimizer
    """Optimizer and its hyperparameters."""
    epochs: int = Field(ge=1, le=MOST_EPOCHS)
    """Passes over the training images."""
    batch_size: int = Field(default=128, ge=1, le=MOST_IMAGES)
    """Images per training step; the last batch of an epoch may be smaller."""
    schedule: Schedule = Constant()
    """How the learning rate changes over the steps."""
    initialisation: Initialisation = "torch"
    """Weight initialization scheme."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of the target that is spread evenly over all classes (Szegedy et al. 2016)."""
    ema: float = Field(default=0.0, ge=0, lt=1)
    """Decay of a moving average of the weights after each step, e.g. 0.999: the averages are
    evaluated and kept in place of the weights, running statistics too. 0 for none."""
    best_by: BestBy = "none"
    """Which epoch's network is kept: the last one ("none"), or the one with the lowest
    "validation_loss" or the highest "validation_accuracy", of equals the first."""
    patience: int | None = Field(default=None, ge=1, le=MOST_EPOCHS)
    """Early stopping: the number of epochs without a better one by `best_by` after which training
    ends; "none" for never. Schedules go by `epochs` all the same."""
    normalize: Normalize = "none"
    """Whether pixels, from 0 to 1, are normalized: with "channel" the mean of each channel over the
    training images is subtracted, and the difference divided by their SD; the same numbers for test
    and validation images. They are kept with the weights and are part of every export."""
    augment: tuple[Annotated[str, AfterValidator(augmenting.canonical)], ...] = Field(
        default=(), strict=False
    )
    """Random changes of the training images, e.g. ["crop 4", "flip"]. See
    [recipes](recipes.md)."""
    data: str = "mnist"
    """A named dataset, a folder of IDX files, a folder of images per class, an .npz file, or a
    function of your own as "my_package.data:load"; a path starts from the study file's folder."""
    test: float | None = Field(default=None, gt=0, lt=1, exclude=True)
    """Share of each class that is taken as test images, for data that have none of their own:
    chosen at random, the same for every seed. It becomes a part of `data`, as in
    "pictures test=0.2"."""
    images: int | None = Field(default=None, ge=1, le=MOST_IMAGES)
    """Number of training images used, the same ones for every seed."""
    validation: int = Field(default=0, ge=0, le=MOST_IMAGES)
    """Number of training images held out as validation images, the same for every seed."""
    validation_split: int = Field(default=0, ge=0, le=HIGHEST_SEED + MOST_SEEDS)
    """Which random choice of the validation images it is; tuning takes another in each
    replicate."""
    tune: Tune | None = None
    """Settings to tune, and how."""
    engine: Annotated[str, AfterValidator(check_engine)] = "auto"
    """Training engine: "numpy", "torch", "native", or an engine that another package brings.
    "auto": the fastest engine that supports all experiments of the study which leave it to "auto",
    so that no difference between them is the engine's. Not part of its identity: every engine is to
    train the same thing."""

    @model_validator(mode="before")
    @classmethod
    def _tuned_settings_filled_in(cls, given: Any) -> Any:
        tunes = isinstance(given, Mapping) and given.get("tune") is not None
        return tuning.filled_in(given) if tunes else given

    @model_validator(mode="after")
    def _validation_makes_sense(self) -> Self:
        if self.tune is not None:
            if problems := _tuning_problems(self):
                raise ValueError("\n".join(f"tune: {problem}" for problem in problems))
        elif self.validation_split and not self.validation:
            raise ValueError("validation_split has no effect without validation images")
        return self

    @field_validator("patience", "images", mode="before")
    @classmethod
    def _word_for_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        word = WITHOUT_NUMBER[info.field_name or ""]
        if isinstance(value, str) and value != word:
            raise ValueError(f'must be an integer or "{word}", got "{value}"')
        return None if value == word else value

    @field_validator("patience")
    @classmethod
    def _waits_for_something(cls, patience: int | None, info: ValidationInfo) -> int | None:
        if patience is not None and info.data.get("best_by") == "none":
            raise ValueError(
                'has no effect without best_by; add e.g. best_by = "validation_loss", or write '
                'patience = "none"'
            )
        return patience

    @field_validator("images", "validation", mode="before")
    @classmethod
    def _counts_images(cls, value: Any) -> Any:
        if isinstance(value, float) and 0 < value < 1:
            raise ValueError(f"is a number of images, not a share, got {value:g}; write e.g. 300")
        return value

    @field_validator("augment")
    @classmethod
    def _of_different_kinds(cls, augment: tuple[str, ...]) -> tuple[str, ...]:
        augmenting.check_once(augment)
        return augment

    @field_validator("data")
    @classmethod
    def _can_be_stored(cls, data: str) -> str:
        try:
            data.encode()
        except UnicodeEncodeError:  # Such a path comes from the system, not from a file.
            raise ValueError(f'is not valid UTF-8: "{shown(data)}"; rename it') from None
        return data

    @model_validator(mode="after")
    def _test_is_part_of_data(self) -> Self:
        if self.test is not None:
            if " test=" in self.data:
                raise ValueError(f'data = "{self.data}" says already how much to test with')
            # Past the lock that makes it immutable, as it is still being made.
            self.__dict__["data"] = f"{self.data} test={self.test!r}"
            self.__dict__["test"] = None
        return self

    @property
    def runs_per_seed(self) -> int:
        """How many runs there are for each seed of a study: of a tuned one its trials, and then
        the winner's."""
        return 1 if self.tune is None else self.tune.trials + 1

    def settings(self) -> dict[str, Any]:
        """Return everything but the engine in plain JSON types, defaults written out."""
        return self.model_dump(mode="json", exclude={"engine"})

    def but(self, **changes: Any) -> Self:
        """Return a validated copy of this experiment with some settings changed.

        >>> from paribus.spec.recipe import Sgd
        >>> base = Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.01), epochs=2)
        >>> base.but(epochs=3).epochs
        3
        """
        return type(self)(**{**dict(self), **changes})

    def with_settings(self, settings: Settings, validation_split: int = 0) -> Self:
        """Return the experiment of one trial: its settings in place of those that are tuned, and
        trained and chosen on other images."""
        changes = tuning.changed(dict(self), settings)
        return type(self)(**{**changes, "tune": None, "validation_split": validation_split})


def _tuning_problems(experiment: Experiment) -> list[str]:
    """Return the errors in the tuning of an experiment."""
    tune = experiment.tune
    assert tune is not None
    found = []
    if not experiment.validation:
        found.append("needs validation images to choose by; add e.g. validation = 2000")
    if experiment.validation_split:
        found.append("draws a validation split for each replicate; leave out validation_split")
    for settings in tune.corners():
        try:
            experiment.with_settings(settings)
        except SpecError as error:
            values = ", ".join(f"{name} = {value}" for name, value in settings.items())
            found += [
                f"with {values}: {line.partition('.')[2] or line}"
                for line in str(error).split("\n")
            ]
            break
    return found
