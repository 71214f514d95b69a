"""The executor of Ray, as far as it can be told without a cluster."""

from __future__ import annotations

from importlib.util import find_spec
from queue import SimpleQueue
from typing import Any, cast

import numpy as np
import pytest

from paribus.execute.protocol import Capacity, Job, Order, Said, Started
from paribus.execute.ray_cluster import RayExecutor, _keep_said, _note, _Sent, _why
from paribus.execute.ray_nodes import RayNode
from tests.support.commands import call
from tests.support.small import Small

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


def on_nodes(order: Order, *cores: int, gpus: int = 0) -> RayExecutor:
    executor = RayExecutor(order)
    executor._nodes.now = lambda: [  # type: ignore[method-assign]
        RayNode(n, gpus, 10**9) for n in cores
    ]
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


def test_what_is_asked_for_fits_a_node() -> None:
    def asked(memory: int) -> RayNode:
        return on_nodes(Order(runs=9, memory=memory), 4, 2)._asked(_Sent({}, cores=8))

    assert asked(10**8) == RayNode(cores=4, gpus=0, memory=10**8)
    assert asked(10**10) == RayNode(cores=4, gpus=0, memory=10**9)


def test_of_nodes_without_a_gpu_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = [{"CPU": 64.0}, {"CPU": 8.0, "GPU": 1.0}, {"CPU": 2.0, "GPU": 1.0}, {"GPU": 9.0}]
    nodes = [
        {"Alive": True, "NodeID": str(n), "NodeManagerAddress": "127.0.0.2", "Resources": r}
        for n, r in enumerate(resources)
    ]
    monkeypatch.setattr("ray.nodes", lambda: nodes)
    monkeypatch.setattr("paribus.execute.ray_nodes.head_answers", lambda: True)
    executor = RayExecutor(Order(runs=99, gpu=True))
    assert executor.capacity == Capacity(2, 10)
    # Two of four cores would both need the GPU of the larger node.
    assert [executor.cores_for(batches) for batches in (1, 2)] == [8, 2]


def test_of_a_cluster_that_has_shrunk_nothing_is_free() -> None:
    executor = on_nodes(Order(runs=99), 2)
    executor._sent = {object(): _Sent({}, cores=1) for _ in range(8)}
    assert executor.free == 0


def test_a_batch_that_no_node_has_room_for_any_more_is_begun_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cancelled: list[object] = []
    sent_again: list[_Sent] = []
    monkeypatch.setattr("ray.cancel", lambda task, force: cancelled.append(task))
    executor = on_nodes(Order(runs=99), 4, 2)
    monkeypatch.setattr(executor, "_send", sent_again.append)
    fits, begun, stranded = (_Sent({}, cores=8, asked=RayNode(n, 0, 0)) for n in (4, 8, 8))
    begun.node = "127.0.0.2"
    executor._sent = {1: fits, 2: begun, 3: stranded}
    executor._move_stranded()
    assert (cancelled, sent_again) == ([3], [stranded])
    assert list(executor._remarks()) == []


@pytest.mark.parametrize(("before", "done"), [("A", 0), ("B", 3), ("", 3)])
def test_a_run_that_was_lost_where_it_begins_anew_has_no_state(before: str, done: int) -> None:
    """The store has dropped the epochs of other bits; another node may have those again."""
    job = Job(
        run_id="run",
        experiment=cast(Any, None),
        seed=0,
        engine="numpy",
        done=3,
        state={"weight": np.zeros(1)},
        data=cast(Any, None),
        bits=before,
    )
    sent = _Sent({"run": job}, cores=1)
    _note(sent, Started("run", {}, "B"))
    assert sent.jobs["run"].done == done
    assert (sent.jobs["run"].state is None) == (done == 0)


def test_waiting_for_a_node_is_said_once() -> None:
    executor = on_nodes(Order(runs=99, gpu=True))
    executor._sent = {1: _Sent({}, cores=1, asked=RayNode(1, 1, 0))}
    for _ in range(2):
        executor._move_stranded()
    said = "No node with a core and a GPU is left; the runs wait for one"
    assert list(executor._remarks()) == [Said("Ray", said)]


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (RuntimeError("It failed:\nNo module named 'paribus'\n"), "No module named 'paribus'"),
        (AssertionError(), "AssertionError:"),
    ],
)
def test_what_a_node_could_not_begin_is_named(cause: Exception, said: str) -> None:
    from ray.exceptions import RayTaskError

    error = RayTaskError("train_batch", "", cause).as_instanceof_cause()
    assert _why(error) == (f"failed: {said}", "look into Ray's logs there")


def test_no_address_does_not_mean_this_machine(small: Small) -> None:
    done = call("run", small(), "--ray", "")
    assert '--ray: no address, got ""; write HOST:PORT, auto or local' in str(done.exception)


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
