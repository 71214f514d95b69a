"""A study: experiments, a number of seeds, and questions that the experiments are to answer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from paribus.errors import did_you_mean
from paribus.spec.experiment import Experiment
from paribus.spec.identity import recipe_key
from paribus.spec.metric import check_matters, check_metric
from paribus.spec.model import Spec
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer
from paribus.spec.recipe import Step

if TYPE_CHECKING:
    import paribus

# What a question can be about. "optimizer" stands for all of "optimizer.lr" and its like.
ASPECTS = (
    "network",
    "optimizer",
    "optimizer.lr",
    "optimizer.momentum",
    "optimizer.nesterov",
    "optimizer.betas",
    "optimizer.eps",
    "optimizer.weight_decay",
    "schedule",
    "batch_size",
    "epochs",
    "initialisation",
    "label_smoothing",
    "data",
    "images",
    "validation",
    "engine",
)

PREVIEW_IMAGES = 12_000
PREVIEW_SEEDS = 3
MOST_SEEDS = 1000

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def no_experiment(name: str, known: Sequence[str]) -> str:
    """What is said of a name that is no experiment's.

    >>> no_experiment("slw", ["base", "slow"])
    'there is no experiment "slw"; did you mean "slow"?'
    """
    return f'there is no experiment "{name}"; {did_you_mean(name, known)}'


class Question(Spec):
    """Two experiments, a metric, what is meant to differ, and the smallest difference that matters.

    The difference asked about is that of the second experiment minus the first.
    """

    ask: str = Field(min_length=1)
    """The question in words."""
    compare: tuple[str, str] = Field(strict=False)
    """The two experiments."""
    about: tuple[str, ...] = Field(strict=False, min_length=1)
    """What is meant to differ between them; anything else that does is a confound."""
    metric: Annotated[str, AfterValidator(check_metric)] = "test_accuracy"
    """The number that is compared."""
    matters: float = Field(ge=0, allow_inf_nan=False)
    """The smallest difference that would matter, in the metric's own unit: 0.001 of an accuracy is
    0.1 points."""
    original: str = ""
    """What the report that the study repeats had concluded."""
    original_verdict: Literal["", "better", "worse", "equal"] = ""
    """What that comes to for the second experiment, so that it can be held against ours."""

    @field_validator("compare")
    @classmethod
    def _two(cls, compare: tuple[str, str]) -> tuple[str, str]:
        if compare[0] == compare[1]:
            raise ValueError(f'compares "{compare[0]}" with itself; name two experiments')
        return compare

    @field_validator("about")
    @classmethod
    def _known(cls, about: tuple[str, ...]) -> tuple[str, ...]:
        for aspect in about:
            if aspect not in ASPECTS:
                raise ValueError(f'nothing is called "{aspect}"; {did_you_mean(aspect, ASPECTS)}')
        return about

    @field_validator("matters")
    @classmethod
    def _possible(cls, matters: float, found: ValidationInfo) -> float:
        # Without a metric there is a mistake to tell already.
        return check_matters(matters, found.data["metric"]) if "metric" in found.data else matters


class Reported(Spec):
    """What an earlier report gave for an experiment, as it was printed there."""

    train_accuracy: str = ""
    """Final train accuracy."""
    test_accuracy: str = ""
    """Final test accuracy."""
    time: str = ""
    """Time of training."""
    note: str = ""
    """Anything else."""


class Study(Spec):
    """Experiments by name, all on one data set, and the questions between them."""

    title: str = Field(min_length=1)
    """What the report is headed with."""
    seeds: int = Field(default=5, ge=1, le=MOST_SEEDS)
    """Seeds 0 .. seeds - 1 are trained."""
    experiments: dict[Annotated[str, Field(pattern=_NAME)], Experiment] = Field(min_length=1)
    bases: dict[str, str] = Field(default_factory=dict)
    """The experiment that each variant was stated as changes to."""
    questions: tuple[Question, ...] = Field(default=(), strict=False)
    reported: dict[str, Reported] = Field(default_factory=dict)
    origin: str = ""
    """Whose figures `reported` and the questions' `original` are."""
    preview: bool = False
    """True if this is a study made cheaper, whose results mean little."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = list(self.experiments)
        problems: list[str] = []
        for number, question in enumerate(self.questions, start=1):
            for name in question.compare:
                if name not in names:
                    problems.append(f"question {number}: {no_experiment(name, names)}")
        for name in self.reported:
            if name not in names:
                problems.append(f"reported: {no_experiment(name, names)}")
        seen: dict[tuple[str, str], str] = {}
        for name, experiment in self.experiments.items():
            twin = seen.setdefault((recipe_key(experiment), experiment.engine), name)
            if twin != name:
                problems.append(f'experiments "{twin}" and "{name}" are the same; remove one')
        if len({experiment.data for experiment in self.experiments.values()}) > 1:
            problems.append("the experiments are on different data sets; a study is on one")
        if len({experiment.validation for experiment in self.experiments.values()}) > 1:
            problems.append("the experiments hold out different validation sets; use one number")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def data(self) -> str:
        """The one data set that all experiments are on."""
        return next(iter(self.experiments.values())).data

    def only(self, names: tuple[str, ...]) -> Study:
        """The study reduced to some experiments and the questions among them.

        Raises ValueError if a name is not one of its experiments.
        """
        for name in names:
            if name not in self.experiments:
                raise ValueError(no_experiment(name, list(self.experiments)))
        return self._with(
            experiments={name: e for name, e in self.experiments.items() if name in names},
            questions=tuple(q for q in self.questions if set(q.compare) <= set(names)),
            reported={name: r for name, r in self.reported.items() if name in names},
            bases={name: b for name, b in self.bases.items() if name in names},
        )

    def with_seeds(self, seeds: int) -> Study:
        return self._with(seeds=seeds)

    def with_each(self, **changes: Any) -> Study:
        """The study with the same settings changed in every experiment.

        Of experiments that differed in nothing else the first is left; questions that asked about
        another of them are about it, or gone where there is nothing left to compare. So too in
        `with_engine` and `as_preview`.
        """
        return self._with_changed({n: e.but(**changes) for n, e in self.experiments.items()})

    def with_engine(self, engine: str) -> Study:
        """The study with every experiment on one engine but those that name their own."""
        changed = {
            name: e.but(engine=engine) if e.engine == "auto" else e
            for name, e in self.experiments.items()
        }
        return self._with_changed(changed)

    def as_preview(self, most_images: int) -> Study:
        """The same study about fifty times cheaper: a tenth of the epochs, but at least 2, on
        12,000 of the training images, 3 seeds. Its questions get no verdict.

        most_images: the training images that there are, those held out for validation left out.
        """
        changed = {}
        for name, experiment in self.experiments.items():
            schedule = experiment.schedule
            if isinstance(schedule, Step):
                every = max(1, round(schedule.every / 10))
                schedule = schedule.model_copy(update={"every": every})
            changed[name] = experiment.but(
                epochs=max(2, experiment.epochs // 10),
                images=min(PREVIEW_IMAGES, experiment.images or most_images, most_images),
                schedule=schedule,
            )
        seeds = min(PREVIEW_SEEDS, self.seeds)
        return self._with_changed(changed)._with(seeds=seeds, preview=True)

    def run(
        self,
        *,
        store: str | PathLike[str] = "runs",
        relative_to: str | PathLike[str] = ".",
        jobs: int | None = None,
        quiet: bool = False,
    ) -> paribus.Results:
        """Train what of it the store has not, and give what came of all of it: `paribus.run`."""
        # Asked of the public interface when it is called: nothing here knows how to train.
        import paribus

        return paribus.run(self, store=store, relative_to=relative_to, jobs=jobs, quiet=quiet)

    def _repr_html_(self) -> str:
        """The experiments and questions, for notebooks."""
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(_network(experiment))}</td>"
            f"<td>{escape(experiment.optimizer.name)}, {experiment.optimizer.lr:g}</td>"
            f"<td>{experiment.batch_size}</td><td>{experiment.epochs}</td></tr>"
            for name, experiment in self.experiments.items()
        )
        asked = "".join(
            f"<li>{escape(q.ask)} {escape(' against '.join(q.compare))}, {escape(q.metric)}; "
            f"what matters: {q.matters:g}</li>"
            for q in self.questions
        )
        return (
            f"<p><b>{escape(self.title)}</b>: {escape(self.data)}, seeds: {self.seeds}"
            f"{', a preview' if self.preview else ''}</p><table><tr><th>experiment</th>"
            "<th>network</th><th>optimizer, learning rate</th><th>batch</th><th>epochs</th></tr>"
            f"{rows}</table>{f'<ol>{asked}</ol>' if asked else ''}"
        )

    def _with_changed(self, changed: dict[str, Experiment]) -> Study:
        first: dict[tuple[str, str], str] = {}
        now = {
            name: first.setdefault((recipe_key(e), e.engine), name) for name, e in changed.items()
        }
        questions = [
            q.model_copy(update={"compare": (now[a], now[b])})
            for q in self.questions
            for a, b in [q.compare]
            if now[a] != now[b]
        ]
        bases = {name: now.get(base, base) for name, base in self.bases.items()}
        return self._with(
            experiments={name: e for name, e in changed.items() if now[name] == name},
            questions=tuple(questions),
            reported={name: r for name, r in self.reported.items() if now[name] == name},
            bases={n: base for n, base in bases.items() if now[n] == n and base != n},
        )

    def _with(self, **changes: Any) -> Study:
        return type(self).model_validate({**dict(self), **changes})


def _network(experiment: Experiment) -> str:
    network = experiment.network
    if isinstance(network, ModuleNetwork):
        return network.module
    return ", ".join(map(format_layer, network))
