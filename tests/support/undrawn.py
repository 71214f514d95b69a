"""Reports without their figures, whose drawing takes most of a report's time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from paribus.present.figures.protocol import Kind, Svgs
from paribus.present.figures.shown import Shown


class Undrawn:
    """Figures with nothing in them."""

    def __init__(self, shown: Sequence[Shown], *, kinds: Sequence[Kind] = ()) -> None: ...

    def svgs(self, number: int) -> Svgs:
        return Svgs(b'<svg xmlns="http://www.w3.org/2000/svg"/>', None)

    def file(self, number: int, kind: Kind) -> bytes:
        return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...
