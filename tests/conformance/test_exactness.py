"""The same bits: run again, stopped and gone on, on any number of threads, beside other runs."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from paribus.spec.recipe import Cosine
from tests.support.cases import (
    ENGINES,
    OPTIMIZERS,
    Candidate,
    assert_same,
    every_engine,
    make_task,
    noise,
)
from tests.support.exactness import check_resumed, digest

# Every kind of state: momentum, running statistics, dropout's masks.
_NETWORK = [
    *("conv 4", "batchnorm", "relu", "maxpool 2", "residual [conv 4, dropout 0.3]", "flatten"),
    *("linear 16", "batchnorm", "gelu", "dropout 0.5", "linear 3"),
]
# With a skip connection and branches, and layers that came later.
_BRANCHES = [
    "conv 4",
    "residual [conv 6 stride=2, batchnorm] skip=[conv 6 kernel=1 stride=2, dropout 0.2]",
    *(
        "leakyrelu",
        "conv 6 groups=3",
        "concat [[conv 4, silu], [groupnorm 3], [batchnorm]]",
        "globalavgpool",
    ),
    *("layernorm", "linear 3"),
]
_PLAIN = ["conv 4", "relu", "maxpool 2", "residual [relu, conv 4]", "flatten", "linear 3"]


@every_engine
@pytest.mark.parametrize(
    "network", [_PLAIN, _NETWORK, _BRANCHES], ids=["plain", "with state", "branches"]
)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_going_on_is_as_if_never_stopped(engine: Candidate, name: str, network: list[str]) -> None:
    task = make_task(
        network, noise(18, (3, 7, 7)), optimizer=OPTIMIZERS[name], schedule=Cosine(), epochs=4
    )
    check_resumed(engine, lambda: task)


@every_engine
def test_what_is_given_out_is_a_copy(engine: Candidate) -> None:
    task = make_task(_PLAIN, noise(18), optimizer=OPTIMIZERS["momentum"], epochs=2)
    before = {name: value.copy() for name, value in task.initial.items()}
    training = engine.start(task)
    training.run_epoch()
    state, tensors = training.state(), training.tensors()
    kept = {name: value.copy() for name, value in (state | tensors).items()}
    training.run_epoch()
    assert_same(state | tensors, kept)
    assert_same(task.initial, before)
    changed = [
        key for key in state if key != "epoch" and np.any(training.state()[key] != state[key])
    ]
    assert changed
    # Nor does a training change the state that it began from.
    resumed = engine.make().start(task, state)
    resumed.run_epoch()
    assert_same(state | tensors, kept)


@every_engine
def test_again(engine: Candidate) -> None:
    assert digest(engine) == digest(engine)


@every_engine
def test_on_any_number_of_threads(engine: Candidate) -> None:
    before = torch.get_num_threads()
    digests = set()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            with threadpool_limits(threads):
                digests.add(digest(engine))
                assert torch.get_num_threads() == threads  # given back as it was
    finally:
        torch.set_num_threads(before)
    assert len(digests) == 1


@pytest.mark.thorough
def test_in_processes_told_to_use_so_many_threads() -> None:
    code = (
        "from tests.support.cases import ENGINES\n"
        "from tests.support.exactness import digest\n"
        "print(*map(digest, ENGINES))"
    )
    digests = set()
    for threads in ("1", "3"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        paths = os.pathsep.join(sys.path)
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": paths, **dict.fromkeys(names, threads)},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)
    assert digests == {" ".join(map(digest, ENGINES)) + "\n"}


def test_beside_other_runs() -> None:
    alone = [digest(engine) for engine in ENGINES]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(digest, ENGINES * 3))
    assert beside == alone * 3


def test_beside_other_runs_leaves_the_number_of_threads_as_it_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(before)  # New threads begin with the number that was set last.
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(digest, ENGINES * 2))
        assert pool.submit(torch.get_num_threads).result() == before
    assert torch.get_num_threads() == before


@every_engine
def test_images_that_cannot_be_written_to(
    engine: Candidate, recwarn: pytest.WarningsRecorder
) -> None:
    split = noise(10)
    split.images.flags.writeable = False
    split.labels.flags.writeable = False
    engine.start(make_task(_PLAIN, split)).run_epoch()
    assert not recwarn.list
