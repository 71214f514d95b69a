"""Users' own modules: trained as they are, and told clearly what is wrong with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from paribus.engines.base import State, Task
from paribus.engines.torch import TorchEngine
from paribus.errors import UserError
from paribus.spec.network import ModuleNetwork, Scalar
from paribus.spec.recipe import Sgd
from tests.support.cases import OPTIMIZERS, assert_close, assert_same, make_task, noise


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.syspath_prepend(str(tmp_path))


def _task(module: str, optimizer: str = "sgd", arguments: dict[str, Scalar] | None = None) -> Task:
    task = make_task(["flatten", "linear 3"], noise(18), optimizer=OPTIMIZERS[optimizer], epochs=3)
    network = ModuleNetwork(module=module, arguments=arguments or {})
    return replace(task, network=network, initial={})


def _error(module: str, **arguments: Scalar) -> str:
    with pytest.raises(UserError) as error:
        TorchEngine("cpu").start(_task(module, arguments=arguments)).run_epoch()
    return str(error.value)


def test_the_same_as_a_network_of_our_own() -> None:
    own = make_task(["flatten", "linear 3"], noise(18), optimizer=Sgd(lr=0.1), epochs=3)
    module = TorchEngine("cpu").start(_task("nets:linear"))
    initial = module.tensors()
    named = {"linear1.weight": "1.weight", "linear1.bias": "1.bias"}
    plan = TorchEngine("cpu").start(
        replace(own, initial={ours: initial[theirs] for ours, theirs in named.items()})
    )
    for _ in range(3):
        got, wanted = module.run_epoch(), plan.run_epoch()
        assert got.train == wanted.train
        assert got.test == wanted.test
    tensors = module.tensors()
    assert_close({ours: tensors[theirs] for ours, theirs in named.items()}, plan.tensors(), 0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_going_on_is_as_if_never_stopped(optimizer: str) -> None:
    """Dropout draws from PyTorch's generator, which is seeded anew for each epoch."""
    engine, task = TorchEngine("cpu"), _task("nets:Small", optimizer, {"width": 3})
    whole = engine.start(task)
    states: list[State] = [whole.state()]
    for _ in range(3):
        whole.run_epoch()
        states.append(whole.state())
    for stopped in range(3):
        torch.rand(stopped + 1)  # whatever else draws in between
        resumed = engine.start(task, states[stopped])
        for number in range(stopped, 3):
            resumed.run_epoch()
            assert_same(resumed.state(), states[number + 1])
    assert resumed.probabilities().tobytes() == whole.probabilities().tobytes()
    assert whole.tensors()["frozen"].tolist() == [1]


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    TorchEngine("cpu").start(_task("nets:Small")).run_epoch()
    assert torch.equal(torch.rand(3), wanted)


def test_seeds_differ_in_weights() -> None:
    from paribus.randomness import Randomness

    task = _task("nets:Small")
    weights = [
        TorchEngine("cpu").start(replace(task, randomness=Randomness(seed))).tensors()
        for seed in (0, 0, 1)
    ]
    assert_same(weights[0], weights[1])
    assert not np.array_equal(weights[0]["conv.weight"], weights[2]["conv.weight"])


def test_beside_other_runs() -> None:
    def digest(_: int) -> bytes:
        training = TorchEngine("cpu").start(_task("nets:Small"))
        training.run_epoch()
        training.run_epoch()
        return training.tensors()["conv.weight"].tobytes()

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(digest, range(6))) == {digest(0)}


def test_lazy_layers() -> None:
    training = TorchEngine("cpu").start(_task("nets:Lazy"))
    before = training.tensors()["out.weight"]
    training.run_epoch()
    assert not np.array_equal(training.tensors()["out.weight"], before)


def test_what_cannot_be_imported(tmp_path: Path) -> None:
    assert _error("no_such_nets:Small") == (
        'network "no_such_nets:Small": cannot import "no_such_nets": ModuleNotFoundError: '
        "No module named 'no_such_nets'; is it installed, or in the folder of the study file?"
    )
    (tmp_path / "broken_nets.py").write_text("x = 1\n1 / 0\n")
    assert f"ZeroDivisionError: division by zero ({tmp_path}/broken_nets.py, line 2)" in _error(
        "broken_nets:Small"
    )
    (tmp_path / "typo_nets.py").write_text("class X(:\n")
    assert 'cannot import "typo_nets": SyntaxError: ' in _error("typo_nets:X")
    assert _error("nets:Smal") == 'network "nets:Smal": "nets" has no "Smal"; did you mean "Small"?'


def test_what_cannot_be_made() -> None:
    assert _error("nets:Small", depth=3) == (
        'network "nets:Small": raised TypeError: '
        "Small.__init__() got an unexpected keyword argument 'depth'"
    )
    assert _error("nets:number") == (
        'network "nets:number": gives a int; it must give a torch.nn.Module'
    )
    assert _error("nets:Untrained") == 'network "nets:Untrained": has no parameters to train'
    assert _error("nets:Half") == (
        'network "nets:Half": its parameter "other" is bfloat16; it must be float32'
    )


def test_what_gives_no_logits() -> None:
    assert _error("nets:WrongShape") == (
        'network "nets:WrongShape": returns the shape (2, 2); '
        "it must return one logit a class, (2, 3), for a batch of 2"
    )
    assert _error("nets:Pair") == (
        'network "nets:Pair": returns a tuple; '
        "it must return one logit a class, (2, 3), for a batch of 2"
    )


def test_what_raises_in_training() -> None:
    message = _error("nets:WrongInTraining")
    assert message.startswith('network "nets:WrongInTraining": raised ValueError: no such luck (')
    source = Path(__file__).with_name("nets.py").read_text("utf-8").splitlines()
    line = next(n for n, text in enumerate(source, start=1) if "no such" in text)
    assert message.endswith(f"nets.py, line {line})")


def test_no_gpu() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UserError, match="PyTorch finds no GPU that it can use"):
        TorchEngine("cuda").start(_task("nets:linear"))


def test_the_device_is_named() -> None:
    assert TorchEngine("cpu").gpu == ""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    assert TorchEngine().gpu == gpu


@pytest.mark.parametrize("module", ["nets:Small", "nets:linear"])
def test_predictions_are_those_of_the_training(module: str) -> None:
    engine, task = TorchEngine("cpu"), _task(module)
    training = engine.start(task)
    training.run_epoch()
    before = torch.get_rng_state()
    predicted = engine.predict(task.network, training.tensors(), task.test.images)
    assert predicted.tobytes() == training.probabilities().tobytes()
    assert torch.equal(torch.get_rng_state(), before)


def test_predictions_with_tensors_of_another_module() -> None:
    engine, tensors = TorchEngine("cpu"), TorchEngine("cpu").start(_task("nets:linear")).tensors()
    with pytest.raises(UserError, match="its tensors are no longer those that were trained"):
        engine.predict(ModuleNetwork(module="nets:Small"), tensors, noise(5).images)
    with pytest.raises(
        UserError, match=r"returns the shape \(2, 3, 1\); it must .* \(2, classes\)"
    ):
        engine.predict(ModuleNetwork(module="nets:cube"), tensors, noise(5).images)
