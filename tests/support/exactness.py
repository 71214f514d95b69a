"""What a training leaves, as one hash; and that resuming changes none of its bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from paribus.engines.base import Epoch, State, Task
from paribus.spec.recipe import Sgd
from tests.support.cases import Candidate, assert_same, digits, make_task


def _large_task() -> Task:
    """Large enough that libraries would share the work out to several threads."""
    network = [
        *("conv 16", "relu", "maxpool 2", "conv 16", "relu", "flatten", "linear 200", "relu"),
        "linear 10",
    ]
    return make_task(
        network, digits(384), digits(300, "t10k"), optimizer=Sgd(lr=0.1), batch_size=128
    )


def facts(epoch: Epoch) -> Epoch:
    return replace(epoch, train_seconds=0, test_seconds=0)


def check_resumed(engine: Candidate, task_of: Callable[[], Task]) -> None:
    """Check that a training resumed after any of its epochs is the one that never stopped.

    task_of: makes the same task each time.
    """
    task = task_of()
    whole = engine.start(task)
    states: list[State] = [whole.state()]
    epochs: list[Epoch] = []
    for _ in range(task.epochs):
        epochs.append(facts(whole.run_epoch()))
        states.append(whole.state())
    for stopped in range(task.epochs):
        resumed = engine.start_from(task_of(), states[stopped])
        assert_same(resumed.state(), states[stopped])
        for number in range(stopped, task.epochs):
            assert facts(resumed.run_epoch()) == epochs[number]
            assert_same(resumed.state(), states[number + 1])
        assert_same(resumed.tensors(), whole.tensors())
        assert resumed.probabilities().tobytes() == whole.probabilities().tobytes()


def digest(engine: Candidate) -> str:
    """A hash of all that an epoch of the large task leaves."""
    training = engine.start(_large_task())
    epoch = facts(training.run_epoch())
    arrays = [value.tobytes() for _, value in sorted(training.state().items())]
    return sha256(
        b"".join([*arrays, training.probabilities().tobytes(), repr(epoch).encode()])
    ).hexdigest()
