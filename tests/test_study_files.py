"""The reference of study files says what the specification says."""

from __future__ import annotations

import re

import pytest

from docs.make_study_files import PAGE, meanings, page
from paribus.spec.files import read_study
from paribus.spec.notation import LAYERS, parse_layer
from paribus.spec.recipe import Sgd

TEXT = PAGE.read_text("utf-8")


def test_it_is_current() -> None:
    assert page() == TEXT, "docs/study-files.md is not as the specification is; run `make docs`"


@pytest.mark.parametrize("block", re.findall(r"^```toml\n(.*?)^```", TEXT, re.M | re.S))
def test_its_examples_are_valid(block: str) -> None:
    read_study(block, "study-files.md")


def test_its_layers_can_be_written_as_it_has_them() -> None:
    written = re.findall(r"^\| `([^`]+)` \| [^|]+ \| [^|]*\|$", TEXT, re.M)
    layers = [text for text in written if text.split()[0] in LAYERS]
    assert {layer.kind for text in layers for layer in parse_layer(text)} == set(LAYERS)


def test_the_readme_has_every_layer() -> None:
    readme = (PAGE.parents[1] / "README.md").read_text("utf-8")
    assert [name for name in LAYERS if not re.search(rf"`{name}\b", readme)] == []


def test_its_optimizers_and_schedules_can_be_written_as_it_has_them() -> None:
    tables = re.findall(r"^`(\{ name = .*? \})`:", TEXT, re.M)
    assert len(tables) == 8
    for table in tables:
        recipe = f"optimizer = {table}"
        if "lr" not in table:
            recipe = f'optimizer = {{ name = "sgd", lr = 0.1 }}\nschedule = {table}'
        experiment = f'network = ["flatten", "linear 10"]\nepochs = 2\n{recipe}\n'
        read_study(f'title = "t"\n[experiments.a]\n{experiment}', "study-files.md")


def test_meanings_are_those_that_stand_in_the_source() -> None:
    assert meanings(Sgd)["momentum"] == (
        "Momentum factor, as in `torch.optim.SGD`: v = momentum · v + gradient."
    )
