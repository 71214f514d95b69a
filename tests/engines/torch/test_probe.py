"""Modules that draw, keep state, share or delay tensors: exact, or refused before training."""

from __future__ import annotations

import os
import random
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from time import sleep

import numpy as np
import pytest
import torch

from paribus.engines.base import State, Task
from paribus.engines.torch import TorchEngine
from paribus.engines.torch.exact import exact
from paribus.errors import UserError
from paribus.spec.network import ModuleNetwork
from tests.support.cases import OPTIMIZERS, assert_same, make_task, noise


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def task_of(module: str, images: int = 18) -> Task:
    task = make_task(["flatten", "linear 3"], noise(images), optimizer=OPTIMIZERS["sgd"], epochs=3)
    return replace(task, network=ModuleNetwork(module=f"nets:{module}"), initial={})


def trained(task: Task, state: State | None = None, epochs: int = 3) -> list[State]:
    """The state after each epoch."""
    training = TorchEngine("cpu").start(task, state)
    states = []
    for _ in range(epochs):
        training.run_epoch()
        states.append(training.state())
    return states


def test_a_module_that_overwrites_its_images_changes_nobodys() -> None:
    task = task_of("InPlace")
    before = task.train.images.tobytes(), task.test.images.tobytes()
    shifted = TorchEngine("cpu").start(replace(task, network=task_of("Shifted").network))
    in_place = TorchEngine("cpu").start(task)
    for _ in range(2):
        # In turns, as in one process, on the same arrays.
        assert in_place.run_epoch().test == shifted.run_epoch().test
        assert_same(in_place.state(), shifted.state())
    assert in_place.probabilities().tobytes() == shifted.probabilities().tobytes()
    assert (task.train.images.tobytes(), task.test.images.tobytes()) == before


@pytest.mark.parametrize(
    "module", ["Small", "OtherGenerators", "Counted", "Tied", "InPlace", "HalvedGradients"]
)
def test_trained_resumed_and_asked_it_has_the_same_bits(module: str) -> None:
    task, engine = task_of(module), TorchEngine("cpu")
    states = trained(task)
    random.seed()
    np.random.seed()
    assert_same(trained(task)[-1], states[-1])
    for stopped in (0, 1):
        resumed = trained(task, states[stopped], 2 - stopped)
        assert_same(resumed[-1], states[-1])
    whole = engine.start(task, states[-1])
    asked = engine.predict(task.network, whole.tensors(), task.test.images)
    assert asked.tobytes() == whole.probabilities().tobytes()


def test_the_generators_of_the_process_are_left_alone() -> None:
    random.seed(3)
    np.random.seed(3)
    wanted = random.random(), np.random.rand()
    random.seed(3)
    np.random.seed(3)
    trained(task_of("OtherGenerators"), epochs=1)
    assert (random.random(), np.random.rand()) == wanted


@pytest.mark.parametrize(
    ("module", "ends"),
    [
        ("ChangesSettings", nullcontext()),
        ("WithoutGradients", pytest.raises(UserError, match="its logits have no gradient")),
    ],
    ids=["trained", "refused"],
)
def test_the_settings_of_the_process_are_left_alone(
    module: str, ends: AbstractContextManager[object]
) -> None:
    """They would change the results of the runs beside it."""

    def settings() -> list[object]:
        return [
            torch.get_default_dtype(),
            torch.get_float32_matmul_precision(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            (torch.tensor([1e-38]) * 1e-2).item(),
            np.geterr(),
            os.getcwd(),
            list(warnings.filters),
        ]

    before, small = settings(), trained(task_of("Small"))[-1]
    with ends:
        assert_same(trained(task_of(module))[-1], small)
    assert settings() == before
    assert_same(trained(task_of("Small"))[-1], small)


def test_settings_are_given_back_whichever_of_several_threads_ends_first() -> None:
    """The pad of each study that is served answers in a thread of its own."""
    changed, asked, seen = Event(), Event(), list[torch.dtype]()

    def change() -> None:
        with exact(torch.device("cpu")):
            torch.set_default_dtype(torch.float64)
            changed.set()
            asked.wait(10)
            sleep(0.05)

    def look() -> None:
        changed.wait(10)
        asked.set()
        with exact(torch.device("cpu")):
            seen.append(torch.get_default_dtype())
            sleep(0.1)

    threads = [Thread(target=change), Thread(target=look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [torch.float32]
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            "OwnGenerator",
            "gives other logits for the same seed, tensors and images; draw at random",
        ),
        ("OwnWeights", 'its tensor "frozen" is another each time that it is made with the same se'),
        ("DrawnOutside", "what it gives depends on more than its parameters and buffers"),
        ("Counting", "what it gives depends on more than its parameters and buffers"),
        ("CountingGradients", "what it gives depends on more than its parameters and buffers"),
        ("ReplacesParameter", 'replaces its parameter "out.weight" in training, so that no'),
        ("LargeCount", 'its buffer "count" is int64 with values beyond 16,777,216, which cannot'),
        ("SparseGradient", 'its parameter "bias.weight" gets a sparse gradient, which the optimiz'),
        ("CountingEvaluations", "what it gives depends on more than its parameters and buffers"),
        ("AlwaysDropping", "draws at random in evaluation mode too"),
        ("Double", 'its parameter "other" is float64; it must be float32'),
        ("Expanded", 'several elements of its tensor "scale" are one place in memory'),
        ("Late", 'its tensor "late" comes only in training; register it in __init__'),
        ("LazyInTraining", 'its tensor "extra.weight" has no shape yet after a first forward pass'),
        ("Detached", "its logits have no gradient"),
        ("WithoutGradients", "its logits have no gradient"),
        ("Unhashable", "cannot be hashed, as PyTorch must; write @dataclass(eq=False)"),
        ("Sparse", 'its tensor "eye" is sparse, which cannot be kept'),
        ("OnMeta", 'its tensor "other.weight" has no values yet (device meta)'),
    ],
)
def test_what_could_not_be_resumed_is_refused_before_training(module: str, message: str) -> None:
    with pytest.raises(UserError) as refused:
        TorchEngine("cpu").start(task_of(module))
    assert str(refused.value).startswith(f'network "nets:{module}": {message}')


def test_what_shows_only_after_some_steps_is_refused_after_the_first_epoch() -> None:
    training = TorchEngine("cpu").start(task_of("CountingLater"))
    with pytest.raises(UserError, match="depends on more than its parameters and buffers"):
        training.run_epoch()


def test_a_last_batch_of_one_image_is_tried_too() -> None:
    task = task_of("NormOfOne", 18)
    trained(replace(task, batch_size=6), epochs=1)
    with pytest.raises(UserError, match="a batch of one image, as the last of an epoch is: choose"):
        TorchEngine("cpu").start(replace(task, batch_size=17))


def test_a_state_of_other_tensors_is_refused() -> None:
    task = task_of("Small")
    (state,) = trained(task, epochs=1)
    missing = {key: value for key, value in state.items() if key != "parameter/out.weight"}
    with pytest.raises(UserError, match=r'tensor "out.weight" is \(3, 196\) now and was not there'):
        trained(task, missing)
