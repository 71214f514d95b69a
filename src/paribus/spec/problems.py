"""Words for validation errors: what is wrong, got what, what to do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from paribus.spec.aspects import ASPECTS
from paribus.spec.suggestions import suggest
from paribus.text import shown

_EXAMPLES = {
    "optimizer": '{ name = "sgd", lr = 0.01 }',
    "schedule": '{ name = "cosine" }',
}


_OF_A_STUDY = ("title", "seeds", "questions")
_RANGE = "write the smallest and the largest value"
# What to do where a key is missing or empty: what is written there, with an example.
_MISSING = {
    "title": 'write e.g. title = "Does batch normalization help?"',
    "experiments": "write a table for each, e.g. [experiments.base] with network, optimizer and "
    "epochs",
    "network": 'write its layers, e.g. network = ["flatten", "linear 10"]',
    "optimizer": f"write e.g. optimizer = {_EXAMPLES['optimizer']}",
    "epochs": "write how often the training images are seen, e.g. epochs = 10",
    "lr": "write the learning rate, e.g. lr = 0.01",
    "every": "write after how many epochs the learning rate falls, e.g. every = 10",
    "module": 'write where the class is, e.g. module = "nets:Net" for class Net in nets.py',
    "ask": 'write the question in words, e.g. ask = "Is the wide network better?"',
    "compare": 'write the names of two experiments, e.g. compare = ["base", "wide"]',
    "best": 'write the names of experiments, e.g. best = ["base", "wide", "deep"]',
    "about": 'write in what the experiments may differ, e.g. about = ["network"]; known are '
    + ", ".join(aspect for aspect in ASPECTS if "." not in aspect),
    "matters": "write the smallest difference that matters, e.g. matters = 0.005 for half a "
    "percentage point of accuracy",
    "metric": 'write what is compared, e.g. metric = "test_accuracy"',
    "trials": "write how many settings are tried per seed, e.g. trials = 10",
    "space": "write the values that are tried, e.g. optimizer.lr = { log = [0.001, 0.1] }",
    "log": f"{_RANGE}, e.g. log = [0.001, 0.1]",
    "linear": f"{_RANGE}, e.g. linear = [0.5, 0.9]",
    "label": 'write what figures call it, e.g. label = "Wide network"',
    "branches": 'write layers for each, e.g. "concat [[conv 8], [conv 8 kernel=5]]"',
    "body": 'write its layers, e.g. "residual [conv 16, relu]"',
    "betas": "write two numbers, e.g. betas = [0.9, 0.999]",
}


def _what_to_write(loc: Sequence[int | str]) -> str:
    """Advice for a missing key, or a missing item of a list."""
    key = next((key for key in reversed(loc) if isinstance(key, str)), "")
    if key == "compare" and all(isinstance(index, int) for index in loc[-2:]):
        return 'write two names in each, e.g. compare = [["sgd", "sgd-bn"], ["adam", "adam-bn"]]'
    return _MISSING.get(key, "add it")


def words(detail: ErrorDetails, keys: Collection[str] = ()) -> str:
    """Return the error without its location.

    keys: what could stand where an unknown key does.
    """
    got, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            key = str(detail["loc"][-1])
            if key in _OF_A_STUDY and "network" in keys:
                return "is a key of the study; write it above the first [table] of the file"
            return f"unknown key; {suggest(key, sorted(keys))}"
        case "missing":
            return f"is missing; {_what_to_write(detail['loc'])}"
        case "value_error":
            return str(context["error"])
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return f"must be an integer, got {value(got)}"
        case "float_type" | "float_parsing" | "finite_number":
            return f"must be a finite number, got {value(got)}"
        case "bool_type" | "bool_parsing":
            return f"must be true or false, got {value(got)}"
        case "string_type":
            return f"must be text in quotes, got {value(got)}"
        case "string_pattern_mismatch":
            return f"must be made of letters, digits, '.', '-' and '_', got {value(got)}"
        case "string_too_long":
            return f"must have at most {context['max_length']:,} characters, got {value(got)}"
        case "string_too_short":
            return f"is empty; {_what_to_write(detail['loc'])}"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return f"must be {_bound(detail['type'], context)}, got {value(got)}"
        case "too_long":
            return f"takes {_most(context)}, got {value(got)}"
        case "too_short":
            return f"is empty; {_what_to_write(detail['loc'])}"
        case "literal_error":
            return f"must be one of {context['expected']}, got {value(got)}"
        case "union_tag_invalid":
            known = str(context["expected_tags"]).replace("'", "").split(", ")
            return f'there is no "{shown(context["tag"])}"; {suggest(str(context["tag"]), known)}'
        case "union_tag_not_found" | "model_attributes_type":
            example = _EXAMPLES.get(str(detail["loc"][-1]), _EXAMPLES["optimizer"])
            return f"must be a table with a name, e.g. {example}, got {value(got)}"
        case "model_type" | "dict_type":
            return f"must be a table, got {value(got)}"
        case "tuple_type" | "list_type":
            instead = f"; write [{value(got)}]" if isinstance(got, str) else ""
            return f"must be a list, got {value(got)}{instead}"
        case _:
            return f"{detail['msg'][0].lower()}{detail['msg'][1:]}, got {value(got)}"


def value(given: object) -> str:
    """Return a value that was given, for a message of one line.

    >>> value(True), value("5"), value(10**5000)
    ('true', '"5"', 'an integer of more than 100 digits')
    """
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int) and abs(given) >= 10**100:
        return "an integer of more than 100 digits"
    try:
        # In Python a number may be NumPy's, which as a text looks like one that is accepted.
        if isinstance(given, str):
            text = shown(f'"{given}"')
        elif type(given).__module__ == "numpy":
            text = shown(repr(given))
        else:
            text = shown(given)
    except (
        RecursionError,
        ValueError,
    ):  # Nested beyond what can be printed, or with such a number.
        return f"a {type(given).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _most(context: dict[str, Any]) -> str:
    most, least = context["max_length"], context.get("min_length")
    return f"{most:,}" if least in (None, most) else f"at most {most:,}"


def _bound(kind: str, context: dict[str, Any]) -> str:
    name, key = {
        "greater_than": ("above", "gt"),
        "greater_than_equal": ("at least", "ge"),
        "less_than": ("below", "lt"),
        "less_than_equal": ("at most", "le"),
    }[kind]
    bound = context[key]
    return f"{name} {bound:,}" if isinstance(bound, int) else f"{name} {bound:g}"
