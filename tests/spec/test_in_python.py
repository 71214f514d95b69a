"""What Python is told of mistakes: the words of a study file, and no other library's."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import paribus
from paribus import (
    Adam,
    Concat,
    Conv,
    Dropout,
    Experiment,
    Linear,
    ModuleNetwork,
    Question,
    Relu,
    Residual,
    Sgd,
    Step,
    Study,
    UserError,
)
from paribus.spec.model import SpecError

SGD: Any = Sgd(lr=0.1)
LAYERS: Any = ["flatten", "linear 10"]
EXPERIMENT = Experiment(network=LAYERS, optimizer=SGD, epochs=2)
ANY: Any = lambda **settings: settings  # noqa: E731


def make(model: Any, **settings: Any) -> Callable[[], Any]:
    return lambda: model(**settings)


@pytest.mark.parametrize(
    ("what", "messages"),
    [
        (make(Sgd, lr=-1.0), ["Sgd.lr: must be above 0, got -1.0"]),
        (make(Sgd, lr="0.1"), ['Sgd.lr: must be a finite number, got "0.1"']),
        (make(Sgd), ["Sgd.lr: is missing; write the learning rate, e.g. lr = 0.01"]),
        (
            make(Sgd, learning_rate=0.1),
            [
                'Sgd.learning_rate: unknown key; did you mean "lr"?',
            ],
        ),
        (
            make(Sgd, lr=0.1, nesterov=True),
            ["Sgd.nesterov: has no effect without momentum; add e.g. momentum = 0.9"],
        ),
        (make(Adam, lr=0.1, betas=(0.9, 1.5)), ["Adam.betas[2]: must be below 1, got 1.5"]),
        (make(Step, every=0), ["Step.every: must be at least 1, got 0"]),
        (make(Conv, channels=0), ["Conv.channels: must be at least 1, got 0"]),
        (make(Conv, channels=10**5000), [
            "Conv.channels: must be at most 1,000,000, got an integer of more than 100 digits"
        ]),
        (make(Conv, channels=8, padding=1), [
            'Conv.padding: unknown key; known are channels, groups, kernel, kind, stride'
        ]),
        (make(Conv, channels=np.int64(8)), [
            "Conv.channels: must be an integer, got np.int64(8)"
        ]),
        (make(Relu, nothing=1), ['Relu.nothing: unknown key; known are kind']),
        (lambda: EXPERIMENT.but(data="caf\udce9"), [
            'Experiment.data: is not valid UTF-8: "caf\\xe9"; rename it'
        ]),
        (make(Experiment, network=LAYERS, optimizer=SGD, epochs=5, schedule="cosine"), [
            'Experiment.schedule: must be a table with a name, e.g. { name = "cosine" }, got '
            '"cosine"'
        ]),
        (make(Dropout, p=1.0), ["Dropout.p: must be below 1, got 1.0"]),
        (make(Linear, features=True), ["Linear.features: must be an integer, got true"]),
        (make(Residual, body=()), ["Residual.body: is empty; write its layers, e.g. "]),
        (make(Residual, body=[3]), [
            'Residual.body: layer 1 must be a layer, e.g. "conv 16", got 3'
        ]),
        (make(Residual, body=(Relu(),), skip=[3]), [
            'Residual.skip: layer 1 must be a layer, e.g. "conv 16", got 3'
        ]),
        (make(Concat, branches=[[Relu()]]), [
            "Concat.branches: needs at least two branches, got 1"
        ]),
        (make(Concat, branches=[[Relu()], [3]]), [
            'Concat.branches: branch 2: layer 1 must be a layer, e.g. "conv 16", got 3'
        ]),
        (make(Concat, branches=[Relu(), Relu()]), [
            "Concat.branches: branch 1 must be a list of layers, got kind='relu'"
        ]),
        (make(ModuleNetwork, module="nets"), [
            'ModuleNetwork.module: "nets" is not an import path of a module; '
            'write e.g. "my_package.nets:SmallNet"'
        ]),
        (
            make(Experiment, network=["linear 10", "softmax"], optimizer=SGD, epochs="5"),
            [
                'Experiment.network: layer 2 "softmax": "softmax" is part of the loss; remove it',
                'Experiment.epochs: must be an integer, got "5"',
            ],
        ),
        (
            make(Experiment, network=LAYERS, optimizer={"name": "sgd", "lr": -1.0}, epochs=5),
            ["Experiment.optimizer.lr: must be above 0, got -1.0"],
        ),
        (
            make(Experiment, network=LAYERS, optimizer={"name": "sdg"}, epochs=5),
            ['Experiment.optimizer: there is no "sdg"; did you mean "sgd"?'],
        ),
        (
            make(Experiment, network=LAYERS, optimizer=SGD, epochs=5, engine="gpu"),
            ['Experiment.engine: there is no engine "gpu"; known are auto, numpy, torch, native'],
        ),
        (
            lambda: EXPERIMENT.but(epochs=0),
            ["Experiment.epochs: must be at least 1, got 0"],
        ),
        (
            make(Question, ask="", compare=("a", "a"), about=("x",), matters=2.0),
            [
                "Question.ask: is empty; write the question in words, e.g. ",
                'Question.about: nothing is called "x"; known are',
                "Question.matters: accuracies lie between 0 and 1, so none differs by 2",
                'Question.compare: compares "a" with itself; name two experiments',
            ],
        ),
        (
            make(Study, title="t", experiments={"a": EXPERIMENT, "b": EXPERIMENT}),
            ['Study: experiments "a" and "b" are the same; remove one'],
        ),
        (make(Study, title="t", experiments={"a": 3}), [
            "Study.experiments.a: must be a table, got 3"
        ]),
        (
            lambda: Study(title="t", experiments={"a": EXPERIMENT}).with_seeds(0),
            ["Study.seeds: must be at least 1, got 0"],
        ),
    ],
)  # fmt: skip
def test_messages(what: Callable[[], Any], messages: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        what()
    lines = str(caught.value).split("\n")
    assert len(lines) == len(messages)
    for line, message in zip(lines, messages, strict=True):
        assert line.startswith(message)
    assert "pydantic" not in str(caught.value)


def test_it_is_a_value_error_too() -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        Sgd(lr=-1.0)


def test_residual_blocks_nested_without_end() -> None:
    def nested(times: int) -> Any:
        return Residual(body=(nested(times - 1) if times else Relu(),))

    assert nested(19)
    with pytest.raises(SpecError) as caught:
        nested(500)
    assert str(caught.value) == "Residual.body: has blocks nested more than 20 deep"


def test_layers_without_end() -> None:
    with pytest.raises(SpecError, match="has more than 2,000 layers"):
        EXPERIMENT.but(network=[Residual(body=(Relu(),) * 999)] * 3)


def test_models_remain_what_pydantic_makes_them() -> None:
    assert list(inspect.signature(Sgd).parameters) == [
        "name", "lr", "momentum", "nesterov", "weight_decay",
    ]  # fmt: skip
    assert pickle.loads(pickle.dumps(EXPERIMENT)) == EXPERIMENT
    assert EXPERIMENT.model_copy(update={"epochs": 3}).epochs == 3
    assert Experiment.model_validate(EXPERIMENT.model_dump()) == EXPERIMENT
    with pytest.raises(ValidationError) as caught:
        Experiment.model_validate({"optimizer": {"name": "sgd", "lr": -1.0}})
    assert ("optimizer", "sgd", "lr") in [detail["loc"] for detail in caught.value.errors()]


def test_the_public_names_of_models_all_tell_so() -> None:
    for name in paribus.__all__:
        model = getattr(paribus, name)
        if isinstance(model, type) and hasattr(model, "model_fields"):
            with pytest.raises(SpecError, match=f"^{name}.nothing: unknown key|^{name}\\."):
                model(nothing=1)
