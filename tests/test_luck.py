"""The built-in study `luck`: what the README shows of it is what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.engines.choose import make_engine
from paribus.errors import ParibusError
from paribus.spec.files import load_study
from tests.support.commands import train

README = Path(__file__).parent.parent / "README.md"


def _native_is_built() -> bool:
    try:
        make_engine("native")
    except ParibusError:
        return False
    return True


def test_it_asks_about_a_change_that_matters_and_one_that_does_not() -> None:
    study, _ = load_study("luck")
    assert len(study.experiments) == 3
    assert [question.experiments for question in study.questions] == [
        ("dense", "conv"),
        ("dense", "nudged"),
    ]


@pytest.mark.thorough
@pytest.mark.skipif(not _native_is_built(), reason="the README's numbers are the native engine's")
def test_the_readme_shows_its_real_answers(tmp_path: Path) -> None:
    printed = train(tmp_path, "luck")
    lines = [line for line in printed.splitlines() if line and not line.startswith("Report: ")]
    assert len(lines) == 7
    shown = README.read_text("utf-8").splitlines()
    assert [line for line in lines if line not in shown] == []
