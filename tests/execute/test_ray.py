"""The executor of Ray, as far as it can be told without a cluster."""

from __future__ import annotations

import socket
from importlib.util import find_spec
from queue import SimpleQueue

import pytest

from paribus.errors import UserError
from paribus.execute.protocol import Capacity, Order, Said
from paribus.execute.ray_cluster import RayExecutor, _keep_said, _Node

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


def on_nodes(order: Order, *cores: int, gpus: int = 0) -> RayExecutor:
    executor = RayExecutor(order)
    executor._nodes = lambda: [_Node(n, gpus, 10**9) for n in cores]  # type: ignore[method-assign]
    return executor


def test_capacity_is_that_of_all_nodes() -> None:
    assert on_nodes(Order(runs=99), 4, 4, 2).capacity == Capacity(10, 10)
    assert on_nodes(Order(runs=3), 4, 4, 2).capacity == Capacity(3, 10)
    assert on_nodes(Order(runs=99, jobs=5), 4, 4, 2).capacity == Capacity(5, 10)
    assert on_nodes(Order(runs=99, gpu=True), 4, 4, gpus=1).capacity == Capacity(2, 8)
    assert on_nodes(Order(runs=99)).capacity == Capacity(1, 1)  # All nodes are lost by now.


def test_runs_are_packed_to_the_cores_of_a_node() -> None:
    executor = on_nodes(Order(runs=99), 4, 4, 2)
    cores = {batches: executor.cores_for(batches) for batches in (1, 2, 3, 5, 6, 10, 99)}
    # Three of three cores would leave one of the runs without a node.
    assert cores == {1: 4, 2: 4, 3: 2, 5: 2, 6: 1, 10: 1, 99: 1}


def test_memory_asked_for_fits_every_node() -> None:
    assert on_nodes(Order(runs=9, memory=10**8), 4, 4)._memory() == 10**8
    assert on_nodes(Order(runs=9, memory=10**10), 4, 4)._memory() == 10**9


def test_nobody_answers() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(UserError, match=f"--ray 127.0.0.1:{port}: no Ray cluster answers there"):
        RayExecutor(Order(runs=1, address=f"127.0.0.1:{port}")).__enter__()


@pytest.mark.parametrize("address", ["ray://127.0.0.1:10001", "6379", "host:"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UserError, match="an address is HOST:PORT, auto or local"):
        RayExecutor(Order(runs=1, address=address)).__enter__()


def test_what_ray_tells_is_said_once_and_not_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray._private import worker

    # What prints them in Ray's thread.
    assert "print_to_stdstream" in worker.listen_error_messages.__code__.co_names
    monkeypatch.setattr(worker, "print_to_stdstream", None)
    said = SimpleQueue[Said]()
    _keep_said(said)
    for number in (1, 2):
        message = f"A worker died. To troubleshoot, see the logs of lease {number}.\nMore."
        worker.print_to_stdstream(
            {"lines": [message], "pid": "raylet", "is_err": False}, ignore_prefix=False
        )
    assert said.get() == Said("Ray", "A worker died")
    assert said.empty()
    assert capsys.readouterr() == ("", "")
