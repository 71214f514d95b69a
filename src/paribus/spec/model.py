"""The base of everything that a user writes down: immutable, strict, no unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """A validated, immutable record. `"5"` is no number and `true` is no 1."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_default=True)
