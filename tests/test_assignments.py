"""The built-in studies of well-known assignments: what their pages show is what they answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paribus.engines.native.engine import NativeEngine
from paribus.engines.native.library import library_path
from paribus.spec.files import load_study
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan, plan_of
from tests.support.commands import train

DOCS = Path(__file__).parent.parent / "docs"
STUDIES = ("leave-one-out", "norms", "regularize", "skips", "tanh-or-relu")
ALL = bool(os.environ.get("PARIBUS_ASSIGNMENTS"))


@pytest.mark.parametrize("name", STUDIES)
def test_every_network_is_trained_natively(name: str) -> None:
    study, _ = load_study(name)
    for experiment in study.experiments.values():
        network: Plan | ModuleNetwork = plan_of(experiment, (1, 28, 28), 10)
        assert NativeEngine().supports(network, experiment) is None


@pytest.mark.thorough
@pytest.mark.skipif(library_path() is None, reason="the kernels were not built")
@pytest.mark.parametrize("name", STUDIES)
def test_its_page_shows_its_real_answers(name: str, tmp_path: Path) -> None:
    """The first one, of which each holds the kernels, the statistics and the words to the page; all
    of them in `make assignments`."""
    study, _ = load_study(name)
    if not ALL:
        study = study.only(study.questions[0].experiments)
    printed = train(tmp_path, name, "--preview", "--only", ",".join(study.experiments))
    answers = [line.split() for line in printed.splitlines() if "  n = " in line]
    assert len(answers) == len(study.questions)
    shown = [line.split() for line in (DOCS / f"{name}.md").read_text("utf-8").splitlines()]
    assert [line for line in answers if line not in shown] == []
