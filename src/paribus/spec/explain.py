"""Says in plain words, and with its place, what a validation found wrong."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from paribus.errors import did_you_mean
from paribus.spec.experiment import Experiment
from paribus.spec.model import Spec
from paribus.spec.question import BaseQuestion
from paribus.spec.recipe import Adam, AdamW, Constant, Cosine, OneCycle, Sgd, Step

# Settings that are chosen by name, and their keys.
_KEYS: dict[str, set[str]] = {
    "sgd": set(Sgd.model_fields),
    "adam": set(Adam.model_fields),
    "adamw": set(AdamW.model_fields),
    "constant": set(Constant.model_fields),
    "step": set(Step.model_fields),
    "cosine": set(Cosine.model_fields),
    "one-cycle": set(OneCycle.model_fields),
}


def explain(error: ValidationError, where: str, model: type[Spec]) -> list[str]:
    """One message for each thing wrong: where, what, got, what to do.

    model: what was validated.
    """
    messages: list[str] = []
    for detail in error.errors():
        place, keys = _place(detail["loc"], where, _keys(model))
        messages += [f"{place}: {line}" for line in _words(detail, keys).split("\n")]
    return messages


def _keys(model: type[Spec]) -> set[str]:
    """The keys of a model's table in a study file."""
    keys = set(model.model_fields)
    if issubclass(model, Experiment):
        return keys | {"from", "reported"}
    return keys | {"kind"} if issubclass(model, BaseQuestion) else keys


def _place(loc: tuple[int | str, ...], where: str, keys: set[str]) -> tuple[str, set[str]]:
    parts = [where]
    for key in loc:
        if key in _KEYS:
            keys = _KEYS[str(key)]
        elif isinstance(key, int):
            parts[-1] += f"[{key + 1}]"
        else:
            parts.append(str(key))
    # "study.toml, title", but "study.toml, experiments.cnn.epochs".
    first = "." if ", " in where else ", "
    return first.join([parts[0], ".".join(parts[1:])]) if len(parts) > 1 else parts[0], keys


def _words(detail: ErrorDetails, keys: set[str]) -> str:
    got, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"unknown key; {did_you_mean(str(detail['loc'][-1]), sorted(keys))}"
        case "missing":
            return "is missing; add it"
        case "value_error":
            return str(context["error"])
        case "int_type" | "int_parsing" | "int_from_float":
            return f"must be a whole number, got {_show(got)}"
        case "float_type" | "finite_number":
            return f"must be a finite number, got {_show(got)}"
        case "bool_type":
            return f"must be true or false, got {_show(got)}"
        case "string_type":
            return f"must be text in quotes, got {_show(got)}"
        case "string_pattern_mismatch":
            return f"must be made of letters, digits, '.', '-' and '_', got {_show(got)}"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return f"must be {_bound(detail['type'], context)}, got {_show(got)}"
        case "too_long":
            return f"takes {context['max_length']}, got {_show(got)}"
        case "too_short":
            return "is empty; it needs at least one"
        case "literal_error":
            return f"must be one of {context['expected']}, got {_show(got)}"
        case "union_tag_invalid":
            known = str(context["expected_tags"]).replace("'", "").split(", ")
            return f'there is no "{context["tag"]}"; {did_you_mean(str(context["tag"]), known)}'
        case "union_tag_not_found" | "model_attributes_type" | "model_type":
            example = '{ name = "sgd", lr = 0.01 }'
            return f"must be a table with a name, e.g. {example}, got {_show(got)}"
        case _:
            return f"{detail['msg'][0].lower()}{detail['msg'][1:]}, got {_show(got)}"


def _bound(kind: str, context: dict[str, Any]) -> str:
    words = {
        "greater_than": ("above", "gt"),
        "greater_than_equal": ("at least", "ge"),
        "less_than": ("below", "lt"),
        "less_than_equal": ("at most", "le"),
    }
    word, key = words[kind]
    return f"{word} {context[key]:g}"


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
