"""The public interface: what `from paribus import ...` gives."""

from __future__ import annotations

import re
from pathlib import Path

import paribus
from paribus import Adam, BatchNorm, Conv, Experiment, Flatten, Linear, Question, Relu, Sgd, Study
from paribus.spec.files import read_study
from paribus.spec.notation import LAYERS
from tests.support.commands import call

TOML = """
title = "Does batch normalization help?"

[experiments.cnn]
network = ["conv 8", "relu", "flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.01 }
epochs = 3

[experiments.bn]
from = "cnn"
network = ["conv 8", "batchnorm", "relu", "flatten", "linear 10"]

[[questions]]
ask = "Does it?"
compare = ["cnn", "bn"]
about = ["network"]
matters = 0.001
"""


def test_every_name_is_there() -> None:
    assert {name: getattr(paribus, name).__name__ for name in paribus.__all__} == {
        name: name for name in paribus.__all__
    }
    assert dir(paribus) == paribus.__all__


def test_every_layer_is_public() -> None:
    assert {layer.__name__ for layer in LAYERS.values()} <= {*paribus.__all__}


def test_the_command_has_the_version_of_the_package() -> None:
    assert call("--version").output == f"paribus, version {paribus.__version__}\n"


def test_the_reference_has_every_name() -> None:
    page = Path(__file__).parent.parent / "docs" / "api.md"
    documented = re.findall(r"^::: paribus\.(\w+)$", page.read_text("utf-8"), re.M)
    assert sorted(documented) == paribus.__all__


def test_a_study_in_python_is_the_same_as_in_a_file() -> None:
    cnn = Experiment(
        network=(Conv(channels=8), Relu(), Flatten(), Linear(features=10)),
        optimizer=Sgd(lr=0.01),
        epochs=3,
    )
    study = Study(
        title="Does batch normalization help?",
        experiments={
            "cnn": cnn,
            "bn": cnn.but(
                network=(Conv(channels=8), BatchNorm(), Relu(), Flatten(), Linear(features=10))
            ),
        },
        bases={"bn": "cnn"},
        questions=(
            Question(ask="Does it?", compare=("cnn", "bn"), about=("network",), matters=0.001),
        ),
    )
    assert study == read_study(TOML, "study.toml")


def test_a_variant_is_validated() -> None:
    base = read_study(TOML, "study.toml").experiments["cnn"]
    assert base.but(optimizer=Adam(lr=0.1)).optimizer == Adam(lr=0.1)


def test_a_notebook_shows_a_study() -> None:
    study = read_study(TOML.replace("Does it?", "Does <it>?"), "study.toml")
    page = study._repr_html_()
    assert "<b>Does batch normalization help?</b>: mnist, seeds: 5</p>" in page
    assert "<td>bn</td><td>conv 8, batchnorm, relu, flatten, linear 10</td>" in page
    assert "<li>Does &lt;it&gt;? cnn against bn, test_accuracy; what matters: 0.001</li>" in page
    own = study.experiments["cnn"].but(network="my.nets:Net")
    shown = Study(title="Own", experiments={"own": own})._repr_html_()
    assert "<td>my.nets:Net</td>" in shown
    assert "<ol>" not in shown
