"""How many runs train at once: cores, memory, GPUs, and what the user wishes."""

from __future__ import annotations

from math import prod
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from paribus.campaign.campaign import make
from paribus.campaign.changes import Changes
from paribus.campaign.need import memory_of_run
from paribus.engines import gpus
from paribus.execute.capacity import capacity
from paribus.execute.local import LocalExecutor
from paribus.execute.processes import start
from paribus.execute.protocol import Capacity, GpuLimit, MemoryLimit, Order
from paribus.present.progress import limit_line
from paribus.spec.plan import Plan

GB = 10**9


def test_a_run_per_core_and_fewer_share_them() -> None:
    assert capacity(Order(runs=99), 8, None) == Capacity(8, 8)
    assert capacity(Order(runs=3), 8, None) == Capacity(3, 8)


def test_memory_limits_them() -> None:
    order = Order(runs=99, memory=2 * GB)
    assert capacity(order, 8, 16 * GB) == Capacity(8, 8)
    assert capacity(order, 8, 7 * GB) == Capacity(3, 8, MemoryLimit(2 * GB, 7 * GB))
    assert capacity(order, 8, GB) == Capacity(1, 8, MemoryLimit(2 * GB, GB))
    assert capacity(Order(runs=2, memory=2 * GB), 8, 4 * GB) == Capacity(2, 8)


def test_one_per_gpu() -> None:
    order = Order(runs=99, gpu=True)
    assert capacity(order, 8, None, gpus=1) == Capacity(1, 8, GpuLimit(1))
    assert capacity(order, 8, None, gpus=16) == Capacity(8, 8)
    assert capacity(Order(runs=2, gpu=True), 8, None, gpus=2) == Capacity(2, 8)


def test_the_user_decides() -> None:
    order = Order(runs=99, jobs=20, memory=2 * GB, gpu=True)
    assert capacity(order, 8, GB, gpus=1) == Capacity(20, 20)


def test_it_is_said() -> None:
    assert limit_line(Capacity(8, 8)) == ""
    assert limit_line(Capacity(3, 8, MemoryLimit(2 * GB, 7 * GB))) == (
        "Memory for 3 runs at once: a run needs about 2 GB (estimated), 7 GB are free; "
        "--jobs N tries more."
    )
    assert limit_line(Capacity(1, 8, GpuLimit(1))).startswith("One run per GPU: 1 at once")


def test_cores_are_shared() -> None:
    executor = LocalExecutor(Order(runs=9, jobs=4))
    assert [executor.cores_for(batches) for batches in (1, 2, 3, 9)] == [4, 2, 1, 1]


def _visible(connection: Connection) -> None:
    import os

    connection.send(os.environ.get("CUDA_VISIBLE_DEVICES"))


@pytest.mark.parametrize(
    ("there", "seen", "expected"),
    [(1, "", None), (2, "", "1"), (2, "5,GPU-7", "GPU-7")],
)
def test_each_worker_sees_a_gpu_of_its_own(
    there: int, seen: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus, "gpus", lambda: there)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen)
    if not seen:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    process, connection = start(_visible, gpus.only_gpu(3))
    assert connection.recv() == expected
    process.join()
    connection.close()


@pytest.mark.parametrize("on_gpu", [True, False])
def test_the_local_executor_gives_them_out(on_gpu: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "gpus", lambda: 2)
    given: list[str | None] = []

    def started(_: object, environment: dict[str, str]) -> tuple[None, None]:
        given.append(environment.get("CUDA_VISIBLE_DEVICES"))
        return None, None

    monkeypatch.setattr("paribus.execute.local.start", started)
    executor = LocalExecutor(Order(runs=9, jobs=2, gpu=on_gpu))
    for index in range(2):
        executor._start(index)
    assert given == (["0", "1"] if on_gpu else [None, None])


def test_the_need_of_the_built_in_study(tmp_path: Path) -> None:
    """Peaks measured on one machine: `cnn` took 335 MB by the native engine with all images, and
    501 MB by PyTorch with 1,000; `residual-bn`, with 1,000, 459 MB by NumPy."""

    def need(engine: str, images: int, name: str) -> float:
        campaign = make("mnist", Changes(engine=engine, images=images), tmp_path)
        return memory_of_run(campaign, [name]) / 1e6

    assert 300 < need("native", 60000, "cnn") < 500
    assert 450 < need("torch", 1000, "cnn") < 700
    assert 400 < need("numpy", 1000, "residual-bn") < 700
    assert need("native", 1000, "cnn") < need("native", 60000, "cnn")


def test_activations_on_a_gpu_take_no_memory_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make("mnist", Changes(engine="torch", images=1000), tmp_path)
    monkeypatch.setattr("paribus.engines.torch.engine.gpus", lambda: 0)
    on_cpu = memory_of_run(campaign, ["cnn"])
    monkeypatch.setattr("paribus.engines.torch.engine.gpus", lambda: 1)
    plan = campaign.networks["cnn"]
    assert isinstance(plan, Plan)
    outputs = sum(prod(node.output_shape) for node in plan.walk())
    batch = campaign.study.experiments["cnn"].batch_size
    assert on_cpu - memory_of_run(campaign, ["cnn"]) == 4 * 3 * outputs * batch


def test_the_largest_run_decides(tmp_path: Path) -> None:
    campaign = make("mnist", Changes(engine="numpy", images=1000), tmp_path)
    needs = {name: memory_of_run(campaign, [name]) for name in ("mlp", "residual-bn")}
    assert memory_of_run(campaign, needs) == max(needs.values()) == needs["residual-bn"]
    assert memory_of_run(campaign, []) == 0
