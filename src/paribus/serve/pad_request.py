"""What the pad sends: a drawing, or the number of a test image."""

from __future__ import annotations

import base64
import binascii
import json

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from paribus.errors import UserError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Drawing(_Strict):
    """Gray values, 0 where nothing was drawn, row by row, in base64."""

    width: int = Field(ge=8, le=512)
    height: int = Field(ge=8, le=512)
    pixels: str

    def array(self) -> NDArray[np.uint8]:
        """(height, width). Raises `UserError` if there are not as many pixels as it says."""
        try:
            raw = base64.b64decode(self.pixels, validate=True)
        except (binascii.Error, ValueError):
            raise UserError("drawing.pixels: must be gray values, a byte each, in base64") from None
        if len(raw) != self.width * self.height:
            raise UserError(
                f"drawing.pixels: has {len(raw):,} pixels; width × height needs "
                f"{self.width * self.height:,}"
            )
        return np.frombuffer(raw, np.uint8).reshape(self.height, self.width)


class PadRequest(_Strict):
    """An image to be answered: one of the two."""

    study: str | None = Field(None, max_length=4096)
    drawing: Drawing | None = None
    test_image: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one(self) -> PadRequest:
        if (self.drawing is None) == (self.test_image is None):
            raise ValueError('send either "drawing" or "test_image"')
        return self


def read_request(body: bytes) -> PadRequest:
    """Raises `UserError` with every problem, one per line."""
    try:
        # Python's own parser tells where it stopped; a number of a million digits it refuses.
        value = json.loads(body)
        return PadRequest.model_validate(value)
    except ValidationError as error:
        raise UserError(
            "\n".join(
                f"{'.'.join(map(str, problem['loc'])) or 'the request'}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_context=False)
            )
        ) from None
    except (ValueError, RecursionError):
        raise UserError("the request is not JSON") from None
