"""What differs between two experiments: found as facts, told in words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from paribus.present.what_differs import consequence_words, difference_words
from paribus.spec.diff import (
    LayerChange,
    LayersChanged,
    SkipsChanged,
    consequences,
    differences,
)
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import parse_layers
from paribus.spec.plan import Plan, make_plan
from paribus.spec.recipe import Adam, Sgd

BODY = ["conv 8", "relu"]
END = ["flatten", "linear 3"]


def experiment(network: Sequence[str] = (*BODY, *END)) -> Experiment:
    return Experiment(network=tuple(parse_layers(list(network))), optimizer=Sgd(lr=0.01), epochs=2)


def words(first: Experiment, second: Experiment) -> list[str]:
    return [difference_words(one) for one in differences(first, second)]


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ([*BODY, *END], []),
        (["conv 8", "tanh", *END], ["relu replaced by tanh"]),
        (["conv 8", "relu", "batchnorm", *END], ["batchnorm added"]),
        (["conv 8", *END], ["relu removed"]),
        (["relu", "conv 8", *END], ["relu moved"]),
        (["residual [conv 8, relu]", *END], ["1 skip connection added"]),
        (
            ["residual [conv 8, relu] skip=[conv 8 kernel=1]", *END],
            ["1 skip connection added", "skip=[conv 8 kernel=1] added"],
        ),
        (
            ["concat [[conv 8, relu], []]", *END],
            ["conv 8 removed", "relu removed", "concat [[conv 8, relu], []] added"],
        ),
        # A mark of a skip connection is no layer that another could replace.
        (
            ["residual [conv 8, relu]", "relu", "conv 4", "flatten", "linear 3"],
            ["1 skip connection added", "relu added", "conv 4 added"],
        ),
    ],
)
def test_layers(network: list[str], told: list[str]) -> None:
    assert words(experiment(), experiment(network)) == told


def test_what_loses_its_skip_connection_and_gains_layers() -> None:
    """The connection's two ends stand where the two layers come."""
    first = experiment(["conv 8", "residual [conv 8]", *END])
    second = experiment(["conv 8", "relu", "conv 8", "tanh", *END])
    found = differences(first, second)
    assert found == [
        SkipsChanged("network", LayerChange.REMOVED, 1),
        LayersChanged("network", "relu", LayerChange.ADDED, 1),
        LayersChanged("network", "tanh", LayerChange.ADDED, 1),
    ]
    assert words(first, second) == ["1 skip connection removed", "relu added", "tanh added"]


def test_settings() -> None:
    base = experiment()
    assert words(base, base.but(epochs=1_000, images=2_000, optimizer=Sgd(lr=0.1))) == [
        "learning rate 0.01 → 0.1",
        "epochs 2 → 1,000",
        "training images all → 2,000",
    ]
    slower = Adam(lr=0.01, betas=(0.8, 0.99))
    assert words(base.but(optimizer=Adam(lr=0.01)), base.but(optimizer=slower)) == [
        "betas 0.9 and 0.999 → 0.8 and 0.99"
    ]
    assert words(base, base.but(optimizer=Adam(lr=0.01))) == ["optimizer sgd → adam"]


def test_a_custom_module_is_another_network() -> None:
    base = experiment()
    own = ModuleNetwork(module="nets:Net", code="0123456789abcdef")
    assert words(base, base.but(network=own)) == [
        "network of 4 layers → nets:Net (code 0123456789ab)"
    ]


def plan(experiment: Experiment) -> Plan:
    assert not isinstance(experiment.network, ModuleNetwork)
    return make_plan(experiment.network, (1, 6, 6), 3)


def test_consequences() -> None:
    def follow(first: Experiment, second: Experiment) -> list[str]:
        found = consequences((first, plan(first)), (second, plan(second)), 1_000)
        return [consequence_words(one) for one in found]

    base = experiment()
    assert follow(base, base) == []
    assert follow(base, base.but(initialisation="he")) == [
        "the initial tensors are drawn differently"
    ]
    assert follow(base, experiment(["conv 4", "relu", *END]).but(epochs=4)) == [
        "parameters 947 → 475",
        "multiply-adds per image 3,456 → 1,728",
        "update steps 16 → 32",
        "of 4 and 4 initial tensors, 1 is the same for the same seed",
    ]
