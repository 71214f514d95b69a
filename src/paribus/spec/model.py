"""The base of everything that a user writes down: immutable, strict, no unknown keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from paribus.errors import UserError


class SpecError(UserError, ValueError):
    """Error in an object made in Python, worded as for a study file."""


class Spec(BaseModel):
    """A validated, immutable record. `"5"` is no number and `true` is no 1.

    Making one raises `SpecError` with everything that is wrong, a line each.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_default=True)

    if not TYPE_CHECKING:

        def __init__(self, /, **settings: Any) -> None:
            try:
                super().__init__(**settings)
            except ValidationError as error:
                # It needs this module.
                from paribus.spec.explain import problems_of

                model = type(self)
                lines = [problem.at(model.__name__, ".") for problem in problems_of(error, model)]
                raise SpecError("\n".join(lines)) from None

        # As in BaseModel: pydantic need not call it for a table that it validates, which would
        # lose the places within.
        __init__.__pydantic_base_init__ = True
