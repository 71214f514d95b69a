"""Augmentation as a recipe lists it: random changes of the training images, one after the other.

`data.augment` makes the pixels; `randomness.Randomness.augmentation` draws what they are made by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from paribus.spec.suggestions import suggest
from paribus.text import shown

Kind = Literal["crop", "shift", "flip", "cutout", "rotate"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_EXAMPLES: dict[Kind, str] = {
    "crop": "crop 4",
    "shift": "shift 2",
    "flip": "flip",
    "cutout": "cutout 8",
    "rotate": "rotate 10",
}
_UNITS: dict[Kind, str] = {
    "crop": "pixels",
    "shift": "pixels",
    "cutout": "pixels",
    "rotate": "degrees",
}
_MOST: dict[Kind, int] = {"crop": 1000, "shift": 1000, "cutout": 1000, "rotate": 180}


@dataclass(frozen=True)
class Augmentation:
    """One random change of an image."""

    kind: Kind
    amount: int = 0
    """Pixels or degrees; 0 for a flip."""

    @property
    def text(self) -> str:
        """As a study file has it."""
        return f"{self.kind} {self.amount}" if self.amount else self.kind


def parse(text: str) -> Augmentation:
    """Return the augmentation of a text. Raises ValueError with what is wrong.

    >>> parse("crop 4")
    Augmentation(kind='crop', amount=4)
    """
    name, *numbers = text.split()[:3] or [""]
    kind = next((known for known in KINDS if known == name), None)
    if kind is None:
        raise ValueError(f'there is no augmentation "{shown(name)}"; {suggest(name, KINDS)}')
    if kind == "flip":
        if numbers:
            raise ValueError(f'"flip" takes no number, got "{shown(text)}"; write "flip"')
        return Augmentation(kind)
    number = numbers[0] if len(numbers) == 1 else ""
    amount = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0
    if not 1 <= amount <= _MOST[kind]:
        raise ValueError(
            f'"{kind}" takes an integer from 1 to {_MOST[kind]:,} ({_UNITS[kind]}), got '
            f'"{shown(text)}"; write e.g. "{_EXAMPLES[kind]}"'
        )
    return Augmentation(kind, amount)


def canonical(text: str) -> str:
    """Return the text of an augmentation as it is hashed. Raises ValueError with what is wrong.

    >>> canonical(" crop  04")
    'crop 4'
    """
    return parse(text).text


def check_once(texts: Sequence[str]) -> None:
    """Raise ValueError if two augmentations are of one kind: they would be drawn alike."""
    kinds = [parse(text).kind for text in texts]
    for kind in dict.fromkeys(kinds):
        if kinds.count(kind) > 1:
            raise ValueError(f'"{kind}" is written twice; leave one out')


def misfit(texts: Sequence[str], image_shape: tuple[int, int, int]) -> str | None:
    """Return why images (C, H, W) cannot be augmented so; None if they can.

    >>> misfit(["crop 8"], (1, 8, 8))
    '"crop 8" needs images of more than 8 × 8 pixels, and these are 8 × 8; write a smaller number'
    """
    _, rows, columns = image_shape
    for one in map(parse, texts):
        if one.kind in ("crop", "shift", "cutout") and one.amount >= min(rows, columns):
            return (
                f'"{one.text}" needs images of more than {one.amount} × {one.amount} pixels, and '
                f"these are {rows} × {columns}; write a smaller number"
            )
    return None
