"""Says in plain words, and with its place, what a validation found wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from paribus.spec.bounds import MOST_TOLD
from paribus.spec.problems import words
from paribus.spec.suggestions import meant
from paribus.text import shown

# Validators quote what they were given, which may be anything.
LONGEST_LINE = 1000


@dataclass(frozen=True)
class Problem:
    """One thing wrong."""

    path: tuple[str, ...]
    """The keys that lead to it, e.g. ("optimizer", "lr")."""
    place: str
    """The same as it is printed, e.g. "optimizer.lr" or "compare[2]"; may be empty."""
    text: str
    """What, got, and what to do."""

    def at(self, where: str, joint: str = "") -> str:
        """Return the message. where: what the path starts from; joint: what stands behind it."""
        text = shown(self.text, LONGEST_LINE)
        if not self.place:
            return f"{where}: {text}"
        # "study.toml, title", but "study.toml, experiments.cnn.epochs".
        return f"{where}{joint or ('.' if ', ' in where else ', ')}{self.place}: {text}"


def problems_of(
    error: ValidationError, model: type[BaseModel], also: Collection[str] = ()
) -> list[Problem]:
    """Return the errors; of very many, the first.

    model: what was validated. also: keys that its table may have in a file beside its fields.
    """
    problems: list[Problem] = []
    details = list(islice(error.errors(include_url=False), MOST_TOLD + 1))
    places = [_place(detail["loc"], model, also) for detail in details]
    # A key under another name is one error, and not also one that is missing.
    called_else = {
        (*path[:-1], meant(path[-1], sorted(keys)))
        for detail, (path, _, keys) in zip(details, places, strict=True)
        if detail["type"] == "extra_forbidden"
    }
    for detail, (path, place, keys) in zip(details, places, strict=True):
        if detail["type"] == "missing" and path in called_else:
            continue
        problems += [Problem(path, place, line) for line in words(detail, keys).split("\n")]
    return problems


def explain(
    error: ValidationError, where: str, model: type[BaseModel], also: Collection[str] = ()
) -> list[str]:
    """Return a message for each thing wrong: where, what, got, what to do."""
    return [problem.at(where) for problem in problems_of(error, model, also)]


def _place(
    loc: tuple[int | str, ...], model: type[BaseModel], also: Collection[str]
) -> tuple[tuple[str, ...], str, set[str]]:
    """Return the keys of a place, the same as it is printed, and what keys there are at its end."""
    path: list[str] = []
    parts: list[str] = []
    models = [model]
    keys = {*model.model_fields, *also}
    for key in loc:
        if isinstance(key, int):
            if parts:
                parts[-1] += f"[{key + 1}]"
            continue
        if key == "[key]":  # A key of a table of tables, which is itself wrong.
            continue
        tagged = [found for found in models if _tag(found) == key]
        if tagged and not any(key in found.model_fields for found in models):
            models = tagged
            keys = set(tagged[0].model_fields)
            continue
        path.append(key)
        # What is tuned stands beside the number of trials, not in a table of its own.
        if (*parts[-1:], key) != ("tune", "space"):
            parts.append(shown(key))
        within = [
            inner
            for found in models
            if key in found.model_fields
            for inner in _models_in(found.model_fields[key].annotation)
        ]
        if within:
            models = within
            keys = {name for found in within for name in found.model_fields}
    return tuple(path), ".".join(parts), keys


def _tag(model: type[BaseModel]) -> str | None:
    """Return the name by which a model of a union is chosen, e.g. "sgd"."""
    field = model.model_fields.get("name")
    return field.default if field is not None and isinstance(field.default, str) else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a type is made of.

    >>> from paribus.spec.recipe import Schedule
    >>> [model.__name__ for model in _models_in(Schedule)]
    ['Constant', 'Step', 'Cosine', 'OneCycle']
    """
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
