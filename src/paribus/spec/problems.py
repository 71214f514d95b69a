"""What a validation found wrong, in plain words: what, got, what to do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic_core import ErrorDetails

from paribus.spec.suggestions import suggest
from paribus.text import shown

_EXAMPLES = {
    "optimizer": '{ name = "sgd", lr = 0.01 }',
    "schedule": '{ name = "cosine" }',
}


def words(detail: ErrorDetails, keys: Collection[str] = ()) -> str:
    """Return what is wrong, without its place.

    keys: what could stand where an unknown key does.
    """
    got, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"unknown key; {suggest(str(detail['loc'][-1]), sorted(keys))}"
        case "missing":
            return "is missing; add it"
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
            return "must not be empty"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return f"must be {_bound(detail['type'], context)}, got {value(got)}"
        case "too_long":
            return f"takes {_most(context)}, got {value(got)}"
        case "too_short":
            return "is empty; it needs at least one"
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
            return f"must be a list, got {value(got)}"
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
