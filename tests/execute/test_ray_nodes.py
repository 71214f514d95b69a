"""Nodes of Ray that nothing is trained on, and what such a node needs to say so."""

from __future__ import annotations

import base64
import subprocess
import sys
from importlib.util import find_spec

import pytest

from paribus.errors import UserError
from paribus.execute.ray_nodes import RayNodes
from paribus.execute.ray_task import task

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


def test_nodes_that_are_left_out_are_named_until_none_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        {"Alive": True, "NodeID": id_, "NodeManagerAddress": f"10.0.0.{n}", "Resources": {"CPU": n}}
        for n, id_ in enumerate("abc", start=1)
    ]
    monkeypatch.setattr("ray.nodes", lambda: found)
    monkeypatch.setattr("paribus.execute.ray_nodes.head_answers", lambda: True)
    nodes = RayNodes("head:1", "2.0.0", gpu=False)
    assert [node.cores for node in nodes.now()] == [1, 2, 3]
    assert nodes.options == {}
    assert nodes.leave_out("b", "has Paribus 1.0.0") == (
        "Nothing is trained on node 10.0.0.2, which has Paribus 1.0.0; install Paribus 2.0.0 with "
        "the same engines on all nodes"
    )
    assert nodes.leave_out("b", "has Paribus 1.0.0") is None
    assert [node.cores for node in nodes.now()] == [1, 3]
    assert "node 10.0.0.1, which has no Paribus; in" in str(nodes.leave_out("a", "has no Paribus"))
    assert nodes.options == {"label_selector": {"ray.io/node-id": "!in(b,a)"}}
    with pytest.raises(UserError) as caught:
        nodes.leave_out("c", "has Paribus 1.0.0")
    assert str(caught.value) == (
        "--ray head:1: node 10.0.0.2 has Paribus 1.0.0, node 10.0.0.1 has no Paribus, node "
        "10.0.0.3 has Paribus 1.0.0; install Paribus 2.0.0 with the same engines on all nodes, and "
        "run the same command again"
    )


def test_a_head_that_answers_late_is_not_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = [100.0], list[float]()

    def late() -> bool:
        asked.append(clock[0])
        clock[0] += 10
        return False

    node = {"Alive": True, "NodeID": "a", "NodeManagerAddress": "10.0.0.1", "Resources": {"CPU": 1}}
    monkeypatch.setattr("ray.nodes", lambda: [node])
    monkeypatch.setattr("paribus.execute.ray_nodes.head_answers", late)
    monkeypatch.setattr("paribus.execute.ray_nodes.time.monotonic", lambda: clock[0])
    nodes = RayNodes("head:1", "2.0.0", gpu=False)
    nodes.now()
    clock[0] += 3
    for _ in range(5):
        assert len(nodes.now()) == 1
    assert nodes.is_headless
    assert asked == [103.0]


def test_a_task_is_read_where_there_is_no_paribus() -> None:
    from ray import cloudpickle

    sent = base64.b64encode(cloudpickle.dumps(task())).decode()
    script = (
        "import base64, pickle, sys; sys.modules['paribus'] = None; "
        f"print(pickle.loads(base64.b64decode({sent!r})).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("train_batch\n", "")
