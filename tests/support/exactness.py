"""What a training leaves, as one hash: equal where every bit is."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from paribus.engines.base import Epoch, Task
from paribus.spec.recipe import Sgd
from tests.support.cases import Candidate, digits, make_task


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


def digest(engine: Candidate) -> str:
    """A hash of all that an epoch of the large task leaves."""
    training = engine.start(_large_task())
    epoch = facts(training.run_epoch())
    arrays = [value.tobytes() for _, value in sorted(training.state().items())]
    return sha256(
        b"".join([*arrays, training.probabilities().tobytes(), repr(epoch).encode()])
    ).hexdigest()
