"""A study: experiments, a number of seeds, and questions that the experiments are to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, model_validator

from paribus.registry import Registry
from paribus.spec.bounds import (
    FEWEST_REPLICATES,
    HIGHEST_SEED,
    LONGEST_LABEL,
    LONGEST_NAME,
    MOST_SEEDS,
)
from paribus.spec.experiment import Experiment
from paribus.spec.grid import Grid
from paribus.spec.identity import recipe_key
from paribus.spec.metric_names import is_function, metric_facts
from paribus.spec.model import Spec
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer
from paribus.spec.question import BaseQuestion, MetricQuestion, no_experiment, question_of
from paribus.spec.recipe import Step
from paribus.spec.seeds import fields_of, problems_of_looks

if TYPE_CHECKING:
    from paribus.results import Results

# Found by name when it is called: nothing here knows how to train.
_ACTIONS = Registry[Callable[..., "Results"]]("actions", "action", {"run": "paribus.results:run"})

PREVIEW_IMAGES = 12_000
PREVIEW_SEEDS = 5
# The test images are evaluated after each epoch: few epochs of more images train more in a time.
PREVIEW_SHORTER = 20


NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""Pattern of experiments' names, which are parts of file names."""


class Reported(Spec):
    """Results of an experiment in an earlier report, as printed there."""

    train_accuracy: str = ""
    """Final training accuracy."""
    test_accuracy: str = ""
    """Final test accuracy."""
    time: str = ""
    """Time of training."""
    note: str = ""
    """Anything else."""


def _one_line(label: str) -> str:
    if not label.isprintable() or label != label.strip():
        raise ValueError("must be one line without spaces at its ends")
    return label


Label = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL), AfterValidator(_one_line)]
"""What figures and LaTeX tables call an experiment in place of its name."""


class Labeled(Spec):
    """What stands in the table of an experiment and is the study's."""

    label: Label
    """What figures and LaTeX tables call it, such as "CNN with batch normalization"; its name is
    still what commands take."""


_Question = Annotated[InstanceOf[BaseQuestion], BeforeValidator(question_of)]


class Study(Spec):
    """Experiments by name, all on one dataset, and the questions between them."""

    title: str = Field(min_length=1)
    """Title of the report."""
    seeds: int = Field(default=5, ge=1, le=MOST_SEEDS)
    """The number of seeds: 0 .. seeds - 1 are trained, or with `{ first = 5, count = 165 }` the
    165 from seed 5 on, e.g. those that no study before has used. `{ looks = [5, 10, 20] }` plans
    looks: questions are judged after 5, 10 and 20 seeds, and training goes on for those that are
    still open; `first` may stand beside it."""
    first_seed: int = Field(default=0, ge=0, le=HIGHEST_SEED)
    """The first of them; files write it within `seeds`."""
    looks: tuple[int, ...] = Field(default=(), strict=False)
    """The numbers of seeds after which questions are judged, the last of them `seeds`; empty where
    they are judged once. Files write it within `seeds`."""
    experiments: dict[Annotated[str, Field(pattern=NAME, max_length=LONGEST_NAME)], Experiment] = (
        Field(min_length=1)
    )
    bases: dict[str, str] = Field(default_factory=dict)
    """The experiment that each variant was stated as changes to."""
    questions: tuple[_Question, ...] = Field(default=(), strict=False)
    labels: dict[str, Label] = Field(default_factory=dict)
    """What figures and LaTeX tables call experiments in place of their names; files write them as
    `label` of each."""
    reported: dict[str, Reported] = Field(default_factory=dict)
    origin: str = ""
    """Source of `reported` and of the questions' `original`."""
    grid: Grid | None = None
    """The grid that some experiments are of; files write it as a table of its own."""
    same_as: dict[str, str] = Field(default_factory=dict)
    """The experiments that changes to all have made the same as another, which stands for them."""
    preview: bool = False
    """True if this is a study made cheaper, whose findings are about itself alone."""

    @model_validator(mode="before")
    @classmethod
    def _seeds_from(cls, given: Any) -> Any:
        """Take a table `seeds` apart."""
        seeds = given.get("seeds") if isinstance(given, Mapping) else None
        if isinstance(seeds, list | tuple):
            raise ValueError(f"seeds: is a list; for looks write seeds = {{ looks = {seeds} }}")
        return {**given, **fields_of(seeds)} if isinstance(seeds, Mapping) else given

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = list(self.experiments)
        problems: list[str] = []
        if self.looks:
            problems += [f"looks: {problem}" for problem in problems_of_looks(self.looks)]
        if self.looks and self.looks[-1] != self.seeds:
            problems.append(
                f"looks: end at {self.looks[-1]} seeds, but there are {self.seeds}; "
                "write seeds = { looks = [...] } alone"
            )
        for number, question in enumerate(self.questions, start=1):
            found = question.problems(self.experiments)
            problems += [f"question {number}: {problem}" for problem in found]
        problems += _metrics_twice(self.questions)
        for key, given in (("labels", self.labels), ("reported", self.reported)):
            for name in given:
                if name not in names:
                    problems.append(f"{key}: {no_experiment(name, names)}")
        problems += _labels_twice(self.labels, names)
        seen: dict[tuple[str, str], str] = {}
        for name, experiment in self.experiments.items():
            twin = seen.setdefault((recipe_key(experiment), experiment.engine), name)
            if twin != name:
                problems.append(f'experiments "{twin}" and "{name}" are the same; remove one')
        if len({experiment.data for experiment in self.experiments.values()}) > 1:
            problems.append("the experiments are on different datasets; a study is on one")
        if len({(e.validation, e.validation_split) for e in self.experiments.values()}) > 1:
            problems.append("the experiments hold out different validation sets; use one number")
        tuned = [name for name, experiment in self.experiments.items() if experiment.tune]
        if tuned and self.seeds < FEWEST_REPLICATES:
            problems.append(
                f"seeds: {tuned[0]} is tuned, and each seed is a whole tuning run; "
                f"needs at least {FEWEST_REPLICATES}, got {self.seeds}"
            )
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def data(self) -> str:
        """The one dataset that all experiments are on."""
        return next(iter(self.experiments.values())).data

    @property
    def seed_range(self) -> range:
        """The seeds that are trained."""
        return range(self.first_seed, self.first_seed + self.seeds)

    def label(self, name: str) -> str:
        """Return what figures and LaTeX tables call an experiment: its label, or its name."""
        return self.labels.get(name, name)

    def only(self, names: tuple[str, ...]) -> Study:
        """Return the study reduced to some experiments and the questions among them.

        Raises ValueError if a name is not one of its experiments.
        """
        for name in names:
            if name not in self.experiments:
                raise ValueError(no_experiment(name, list(self.experiments)))
        return self._with(
            experiments={name: e for name, e in self.experiments.items() if name in names},
            questions=tuple(q for q in self.questions if set(q.experiments) <= set(names)),
            labels={name: label for name, label in self.labels.items() if name in names},
            reported={name: r for name, r in self.reported.items() if name in names},
            bases={name: b for name, b in self.bases.items() if name in names},
            same_as={name: other for name, other in self.same_as.items() if other in names},
            grid=self.grid and self.grid.of({name: name for name in names}),
        )

    def with_seeds(self, seeds: int) -> Study:
        """Return the study with a fixed number of seeds, judged once."""
        return self._with(seeds=seeds, looks=())

    def with_each(self, **changes: Any) -> Study:
        """Return the study with the same settings changed in every experiment.

        Of experiments that differed in nothing else the first is left; questions that asked about
        another of them are about it, or gone where there is nothing left to compare. So too in
        `with_engine` and `as_preview`.
        """
        return self._with_changed({n: e.but(**changes) for n, e in self.experiments.items()})

    def with_engine(self, engine: str) -> Study:
        """Return the study with every experiment on one engine but those that name their own."""
        changed = {
            name: e.but(engine=engine) if e.engine == "auto" else e
            for name, e in self.experiments.items()
        }
        return self._with_changed(changed)

    def as_preview(self, most_images: int) -> Study:
        """Return the same study, shorter: a twentieth of the epochs, but at least 2, on at most
        12,000 of the training images, 5 seeds. Its questions are answered for it.

        most_images: the training images that there are, those held out for validation left out.
        """
        changed = {}
        for name, experiment in self.experiments.items():
            schedule = experiment.schedule
            if isinstance(schedule, Step):
                every = max(1, round(schedule.every / PREVIEW_SHORTER))
                schedule = schedule.model_copy(update={"every": every})
            changed[name] = experiment.but(
                epochs=max(2, experiment.epochs // PREVIEW_SHORTER),
                images=min(PREVIEW_IMAGES, experiment.images or most_images, most_images),
                schedule=schedule,
                tune=experiment.tune and experiment.tune.in_preview(),
            )
        made = self._with_changed(changed)
        questions = tuple(question.in_preview() for question in made.questions)
        return made._with(questions=questions, seeds=PREVIEW_SEEDS, looks=(), preview=True)

    def run(
        self,
        *,
        store: str | PathLike[str] = "runs",
        relative_to: str | PathLike[str] = ".",
        jobs: int | None = None,
        quiet: bool = False,
        timing: bool = True,
    ) -> Results:
        """Train the runs that the store lacks, and return the results of the whole study:
        `paribus.run`."""
        run = _ACTIONS.get("run")
        return run(
            self, store=store, relative_to=relative_to, jobs=jobs, quiet=quiet, timing=timing
        )

    def _repr_html_(self) -> str:
        """The experiments and questions, for notebooks."""
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(_network(experiment))}</td>"
            f"<td>{escape(experiment.optimizer.name)}, {experiment.optimizer.lr:g}</td>"
            f"<td>{experiment.batch_size}</td><td>{experiment.epochs}</td></tr>"
            for name, experiment in self.experiments.items()
        )
        asked = "".join(f"<li>{escape(q.ask)} {escape(q.terms())}</li>" for q in self.questions)
        return (
            f"<p><b>{escape(self.title)}</b>: {escape(self.data)}, seeds: "
            f"{', '.join(map(str, self.looks or [self.seeds]))}"
            f"{', a preview' if self.preview else ''}</p><table><tr><th>experiment</th>"
            "<th>network</th><th>optimizer, learning rate</th><th>batch</th><th>epochs</th></tr>"
            f"{rows}</table>{f'<ol>{asked}</ol>' if asked else ''}"
        )

    def _with_changed(self, changed: dict[str, Experiment]) -> Study:
        first: dict[tuple[str, str], str] = {}
        now = {
            name: first.setdefault((recipe_key(e), e.engine), name) for name, e in changed.items()
        }
        renamed = (question.renamed(now) for question in self.questions)
        bases = {name: now.get(base, base) for name, base in self.bases.items()}
        return self._with(
            experiments={name: e for name, e in changed.items() if now[name] == name},
            questions=tuple(question for question in renamed if question is not None),
            labels={name: label for name, label in self.labels.items() if now[name] == name},
            reported={name: r for name, r in self.reported.items() if now[name] == name},
            bases={n: base for n, base in bases.items() if now[n] == n and base != n},
            grid=self.grid and self.grid.of(now),
            same_as={
                **{name: now[other] for name, other in self.same_as.items()},
                **{name: other for name, other in now.items() if name != other},
            },
        )

    def _with(self, **changes: Any) -> Study:
        return type(self)(**{**dict(self), **changes})


def _labels_twice(labels: Mapping[str, str], names: list[str]) -> list[str]:
    """Errors of labels that two experiments share."""
    seen: dict[str, str] = {name: name for name in names if name not in labels}
    problems = []
    for name, label in labels.items():
        other = seen.setdefault(label, name)
        if other != name:
            problems.append(f'labels: {other} and {name} are both "{label}"; change one')
    return problems


def _metrics_twice(questions: Sequence[BaseQuestion]) -> list[str]:
    """What is wrong with two metrics that findings would call the same, and with one that they
    would call by two names."""
    metrics: dict[str, str] = {}
    labels: dict[str, str] = {}
    problems = []
    for question in questions:
        if not isinstance(question, MetricQuestion):
            continue
        metric = question.metric
        label = question.metric_label or metric_facts(metric).label
        other = metrics.setdefault(label, metric)
        if other != metric and (is_function(other) or is_function(metric)):
            problems.append(
                f'questions: metrics {other} and {metric} are both called "{label}"; write '
                "metric_label for one"
            )
        before = labels.setdefault(metric, label)
        if before != label:
            problems.append(
                f'questions: metric {metric} is called "{before}" and "{label}"; write one '
                "metric_label"
            )
    return list(dict.fromkeys(problems))


def _network(experiment: Experiment) -> str:
    network = experiment.network
    if isinstance(network, ModuleNetwork):
        return network.module
    return ", ".join(map(format_layer, network))
