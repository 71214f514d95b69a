"""What the process that writes a report and those that draw its figures tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paribus.present.figures.shown import Shown

Kind = Literal["png", "pdf"]
"""A kind of file that a figure is drawn as, besides SVG."""


@dataclass(frozen=True, eq=False)
class SvgRequest:
    """Ask for a figure as SVG; the answer is `Svgs`."""

    number: int
    shown: Shown
    keep: bool
    """Whether a `FileRequest` for the figure will follow."""


@dataclass(frozen=True)
class FileRequest:
    """Ask for a figure that was kept as a file; the answer is its bytes."""

    number: int
    kind: Kind
    last: bool
    """Whether it need not be kept any longer."""


@dataclass(frozen=True)
class Svgs:
    """A figure as SVG, and the same for a phone and for half a sheet of paper if there is one."""

    wide: bytes
    narrow: bytes | None
