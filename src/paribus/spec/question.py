"""Questions of a study. `Question` compares a pair of experiments, `InteractionQuestion` two pairs,
`BestQuestion` any number; other kinds derive from `BaseQuestion`.

The kind of a question is found by `kind = "…"`, or else by the key that is written, e.g. `compare`.
What judges a kind is a module of `questions`, or of another package that registers one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from paribus.errors import did_you_mean
from paribus.registry import Registry
from paribus.spec.aspects import ASPECTS
from paribus.spec.experiment import Experiment
from paribus.spec.metric_names import (
    check_matters,
    check_metric,
    check_metric_label,
    metric_facts,
)
from paribus.spec.model import Spec


class HasModel(Protocol):
    """Object registered under the name of a kind: `questions.kind.Kind`."""

    @property
    def model(self) -> type[BaseQuestion]:
        """Pydantic model of its table in a study."""


KINDS: Registry[HasModel] = Registry(
    "questions",
    "kind of question",
    {
        "compare": "paribus.questions.compare:COMPARE",
        "interaction": "paribus.questions.interaction:INTERACTION",
        "best": "paribus.questions.best:BEST",
        "step_time": "paribus.questions.step_time:STEP_TIME",
        "count": "paribus.questions.count:COUNT",
    },
)


def no_experiment(name: str, known: Sequence[str]) -> str:
    """Return what is said of a name that is no experiment's.

    >>> no_experiment("slw", ["base", "slow"])
    'there is no experiment "slw"; did you mean "slow"?'
    """
    return f'there is no experiment "{name}"; {did_you_mean(name, known)}'


class BaseQuestion(Spec):
    """Fields of questions of every kind. A kind adds fields, `kind`, `experiments`, `renamed`."""

    key: ClassVar[str] = ""
    """The key by which a table without `kind` is known to be of this kind."""

    ask: str = Field(min_length=1)
    """The question in words."""
    original: str = ""
    """Conclusion of the report that the study repeats."""
    original_verdict: str = ""
    """That conclusion as a verdict of its kind, so that it can be held against ours."""

    @property
    def kind(self) -> str:
        """The name of its kind in the registry `KINDS`."""
        raise NotImplementedError

    @property
    def experiments(self) -> tuple[str, ...]:
        """The names of all experiments that it needs."""
        raise NotImplementedError

    @property
    def judged_at_looks(self) -> bool:
        """Whether planned looks judge it: it compares what runs measured."""
        return False

    def renamed(self, names: Mapping[str, str]) -> Self | None:
        """Return the question with its experiments renamed; None if nothing is left to ask."""
        raise NotImplementedError

    def in_preview(self) -> Self:
        """Return the question as a preview of the study asks it."""
        return self

    def terms(self) -> str:
        """Return in a few words what is asked, apart from `ask`."""
        return ", ".join(self.experiments)

    def problems(self, experiments: Mapping[str, Experiment]) -> list[str]:
        """Return the errors of the question in a study of these experiments."""
        names = list(experiments)
        return [no_experiment(name, names) for name in self.experiments if name not in names]

    @classmethod
    def matches(cls, table: Mapping[str, Any]) -> bool:
        """Whether a table without `kind` is of this kind."""
        return cls.key in table

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_kind(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Take `kind` beside the fields, if it is what the question is."""
        if not isinstance(given, Mapping) or "kind" not in given:
            return handler(given)
        question = handler({key: value for key, value in given.items() if key != "kind"})
        if given["kind"] != question.kind:
            raise ValueError(
                f'is of kind "{question.kind}", not "{given["kind"]}"; leave kind out, or change it'
            )
        return question


class MetricQuestion(BaseQuestion):
    """A metric, what is meant to differ, and the smallest difference that matters."""

    about: tuple[str, ...] = Field(strict=False, min_length=1)
    """Settings intended to differ between the two. Any other difference is a confound."""
    metric: Annotated[str, AfterValidator(check_metric)] = "test_accuracy"
    """The number that is compared."""
    metric_label: str = ""
    """Name of a metric that is your own function; by default the function's name."""
    matters: float = Field(ge=0, allow_inf_nan=False)
    """The smallest difference that would matter, in the metric's own unit: 0.001 of an accuracy is
    0.1 points."""

    @property
    def judged_at_looks(self) -> bool:
        return metric_facts(self.metric).kind == "compare"

    def in_preview(self) -> Self:
        metric = metric_facts(self.metric).in_preview
        if not metric:
            return self
        ask = f"{self.ask} (In this preview: {metric_facts(metric).label}.)"
        return self.model_copy(update={"metric": metric, "ask": ask})

    def problems(self, experiments: Mapping[str, Experiment]) -> list[str]:
        found = super().problems(experiments)
        kind = metric_facts(self.metric).kind
        return [*found, *_tuned_with_others(self.experiments, experiments, kind)]

    @property
    def needs_validation(self) -> bool:
        """Whether it is about validation images."""
        return metric_facts(self.metric).needs_validation

    def _metric_terms(self) -> str:
        return f"{self.metric}; what matters: {self.matters:g}"

    @field_validator("metric_label")
    @classmethod
    def _of_a_function(cls, label: str, found: ValidationInfo) -> str:
        return check_metric_label(label, found.data.get("metric", ""))

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
        # Without a metric there already is an error to report.
        return check_matters(matters, found.data["metric"]) if "metric" in found.data else matters


class PairQuestion(MetricQuestion):
    """A question whose answer is that the second is better, worse or equal."""

    original_verdict: Literal["", "better", "worse", "equal"] = ""
    """That conclusion for the second experiment, so that it can be held against ours."""


class Question(PairQuestion):
    """Two experiments, a metric, what is meant to differ, and the smallest difference that matters.

    The difference asked about is that of the second experiment minus the first.
    """

    key: ClassVar[str] = "compare"

    compare: tuple[str, str] = Field(strict=False)
    """The two experiments."""

    @property
    def kind(self) -> str:
        """The kind that its metric is asked by."""
        return metric_facts(self.metric).kind

    @property
    def experiments(self) -> tuple[str, ...]:
        return self.compare

    def renamed(self, names: Mapping[str, str]) -> Self | None:
        a, b = (names[name] for name in self.compare)
        return None if a == b else self.model_copy(update={"compare": (a, b)})

    def terms(self) -> str:
        return f"{' against '.join(self.compare)}, {self._metric_terms()}"

    @field_validator("compare", mode="before")
    @classmethod
    def _no_pairs(cls, compare: Any) -> Any:
        if InteractionQuestion.matches({"compare": compare}):
            raise ValueError("has pairs of experiments; use InteractionQuestion")
        return compare

    @field_validator("compare")
    @classmethod
    def _two(cls, compare: tuple[str, str]) -> tuple[str, str]:
        if compare[0] == compare[1]:
            raise ValueError(f'compares "{compare[0]}" with itself; name two experiments')
        return compare


def _tuned_with_others(
    names: Sequence[str], experiments: Mapping[str, Experiment], kind: str
) -> list[str]:
    """Return what is wrong with a question about experiments of which some are tuned. kind: that
    of its metric."""
    there = [name for name in names if name in experiments]
    tuned = [name for name in there if experiments[name].tune is not None]
    others = [name for name in there if name not in tuned]
    if kind == "compare" and tuned and others:
        return [
            f"{tuned[0]} is tuned and {others[0]} is not, so that more than the settings "
            "differs between them; tune all that it compares, or none"
        ]
    if kind == "step_time" and tuned:
        return [
            f"{tuned[0]} is tuned, so that its training steps are not all alike; ask it of "
            "experiments that are not tuned"
        ]
    return []


def _of_runs(metric: str) -> str:
    """Return a metric that runs have a value of, for kinds that compare nothing else."""
    if metric_facts(metric).kind != "compare":
        raise ValueError(
            f'"{metric}" is not measured of runs; ask it of two experiments: compare = ["a", "b"]'
        )
    return metric


_RunMetric = Annotated[str, AfterValidator(check_metric), AfterValidator(_of_runs)]
_Two = Annotated[tuple[str, str], Field(strict=False)]


class InteractionQuestion(PairQuestion):
    """The same change in two places: does it do as much in the second as in the first?

    The difference asked about is (B2 - A2) - (B1 - A1) for `compare = [[A1, B1], [A2, B2]]`.
    """

    key: ClassVar[str] = "compare"

    compare: tuple[_Two, _Two] = Field(strict=False)
    """Two pairs of experiments: without and with the change, in the first place and the second."""
    metric: _RunMetric = "test_accuracy"
    """The number that is compared."""

    @property
    def kind(self) -> str:
        return "interaction"

    @property
    def experiments(self) -> tuple[str, ...]:
        return (*self.compare[0], *self.compare[1])

    def renamed(self, names: Mapping[str, str]) -> Self | None:
        pairs = tuple((names[a], names[b]) for a, b in self.compare)
        renamed = self.model_copy(update={"compare": pairs})
        return renamed if len(set(renamed.experiments)) == 4 else None

    def terms(self) -> str:
        pairs = " against ".join(f"({a}, {b})" for a, b in self.compare)
        return f"{pairs}, {self._metric_terms()}"

    @classmethod
    def matches(cls, table: Mapping[str, Any]) -> bool:
        compare = table.get(cls.key)
        return isinstance(compare, list | tuple) and any(
            isinstance(pair, list | tuple) for pair in compare
        )

    @field_validator("compare")
    @classmethod
    def _four(cls, compare: tuple[_Two, _Two]) -> tuple[_Two, _Two]:
        if twice := _twice([*compare[0], *compare[1]]):
            raise ValueError(f'names "{twice}" more than once; name four experiments')
        return compare


class BestQuestion(MetricQuestion):
    """Which of several experiments may be the best."""

    key: ClassVar[str] = "best"

    best: tuple[str, ...] = Field(strict=False)
    """The experiments, at least two."""
    metric: _RunMetric = "test_accuracy"
    """The number that is compared."""
    original_verdict: str = ""
    """The experiment that the original found to be the best, so that it can be held against our
    answer."""

    @property
    def kind(self) -> str:
        return "best"

    @property
    def experiments(self) -> tuple[str, ...]:
        return self.best

    def renamed(self, names: Mapping[str, str]) -> Self | None:
        left = tuple(dict.fromkeys(names[name] for name in self.best))
        said = names.get(self.original_verdict, "")
        renamed = self.model_copy(update={"best": left, "original_verdict": said})
        return renamed if len(left) > 1 else None

    def terms(self) -> str:
        return f"{', '.join(self.best)}, {self._metric_terms()}"

    @field_validator("best")
    @classmethod
    def _several(cls, best: tuple[str, ...]) -> tuple[str, ...]:
        if len(best) < 2:
            raise ValueError(f"needs at least 2 experiments, got {len(best)}")
        if twice := _twice(best):
            raise ValueError(f'names "{twice}" more than once; name each experiment once')
        return best

    @model_validator(mode="after")
    def _original_is_one_of_them(self) -> Self:
        said = self.original_verdict
        if said and said not in self.best:
            raise ValueError(
                f'original_verdict: "{said}" is not one of those in best; '
                f"{did_you_mean(said, self.best)}"
            )
        return self


def _twice(names: Sequence[str]) -> str:
    """Return the first name that stands there more than once; "" if there is none."""
    return next((name for name, times in Counter(names).items() if times > 1), "")


_BUILT_IN: tuple[type[BaseQuestion], ...] = (InteractionQuestion, Question, BestQuestion)
"""Known by their keys without loading what judges them; the first that matches."""


def question_model(table: Mapping[str, Any]) -> type[BaseQuestion]:
    """Return the model of the question that a table states: of its `kind`, or by its keys.

    Raises ValueError if there is no such kind.

    >>> question_model({"compare": ["a", "b"]}).__name__
    'Question'
    """
    kind = table.get("kind")
    if kind is not None:
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f'there is no kind "{kind}"; {did_you_mean(str(kind), KINDS.names())}')
        return KINDS.get(kind).model
    for model in _BUILT_IN:
        if model.matches(table):
            return model
    for name in KINDS.names():
        if (model := KINDS.get(name).model).matches(table):
            return model
    return Question


def question_of(given: Any) -> BaseQuestion:
    """Return a question as it is, or the one that a table states.

    Raises ValueError with what is wrong with it, or if there is no such kind.
    """
    if isinstance(given, BaseQuestion):
        return given
    if not isinstance(given, Mapping):
        raise ValueError("must be a table; write each under [[questions]]")
    return question_model(given)(**given)
