"""Figures drawn here and in other processes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from paribus.present.figures.processes import DrawnFigures, draw
from paribus.present.figures.protocol import Kind
from paribus.present.figures.shown import Shown
from paribus.present.report_figures import figures_of
from tests.support.made_up import Make

KINDS: tuple[Kind, ...] = ("png", "pdf")


def _files(drawing: DrawnFigures, figures: int) -> list[bytes | None]:
    found: list[bytes | None] = []
    for number in range(figures):
        svgs = drawing.svgs(number)
        assert svgs is not None
        found += [svgs.wide, svgs.narrow, drawing.file(number, "png"), drawing.file(number, "pdf")]
    return found


@pytest.fixture
def shown(make: Make) -> Sequence[Shown]:
    return [picture.shown for picture in figures_of(make(["mlp", "cnn"]), [])]


@pytest.mark.thorough
def test_figures_have_the_same_bytes_wherever_they_are_drawn(shown: Sequence[Shown]) -> None:
    with draw(shown, helpers=0) as here, draw(shown, kinds=KINDS, helpers=2) as elsewhere:
        first = _files(here, len(shown))
        assert first == _files(elsewhere, len(shown))
        assert first == _files(here, len(shown))
    with draw(shown, helpers=0) as again:
        assert _files(again, len(shown)) == first


@pytest.mark.thorough
def test_what_helpers_cannot_draw_is_drawn_here(
    shown: Sequence[Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    with draw(shown, helpers=0) as here:
        expected = _files(here, len(shown))
    monkeypatch.setattr("paribus.present.figures.processes._COMMAND", "raise SystemExit")
    with draw(shown, kinds=KINDS, helpers=2) as drawing:
        assert _files(drawing, len(shown)) == expected
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with draw(shown, kinds=KINDS, helpers=2) as drawing:
        assert _files(drawing, len(shown)) == expected
