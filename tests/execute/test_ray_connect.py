"""Connecting to a cluster of Ray: what is said where that fails, and what is left as it was."""

from __future__ import annotations

import socket
from importlib.util import find_spec

import pytest

from paribus.errors import ParibusError, UserError
from paribus.execute.protocol import Order
from paribus.execute.ray_cluster import RayExecutor
from paribus.execute.ray_connect import reached

_HOST = "127.0.0.2"
"""Of the loopback; for 127.0.0.1, Ray takes the machine's own address instead."""

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


@pytest.mark.parametrize("auto", [False, True])
def test_nobody_answers(auto: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from ray._private import worker

    prints = worker.print_to_stdstream
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        nowhere = f"{_HOST}:{probe.getsockname()[1]}"
    monkeypatch.setenv("RAY_ADDRESS", nowhere)
    address = "auto" if auto else nowhere
    said = rf"--ray {address}: no Ray cluster answers there \({nowhere}: Connection refused\)"
    with pytest.raises(UserError, match=said):
        RayExecutor(Order(runs=1, address=address)).__enter__()
    assert worker.print_to_stdstream is prints


@pytest.mark.parametrize("address", ["ray://127.0.0.1:10001", "6379", "host:", "127.0.0.1:65536"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UserError, match="an address is HOST:PORT, auto or local"):
        RayExecutor(Order(runs=1, address=address)).__enter__()


@pytest.mark.parametrize("kind", ["ObjectStoreFullError", "OutOfDiskError"])
def test_images_that_ray_has_no_room_for(kind: str) -> None:
    from ray import exceptions

    said = rf"--ray auto: Ray has no room for the images on this machine \({kind}\); give its"
    with pytest.raises(ParibusError, match=said), reached(""):
        raise getattr(exceptions, kind)("Failed to put object")


def test_a_cluster_that_fails_later() -> None:
    from ray.exceptions import RpcError

    said = r"--ray h:1: the cluster fails \(Deadline exceeded\); every finished epoch is kept: look"
    with pytest.raises(ParibusError, match=said), reached("h:1"):
        raise RpcError("Deadline exceeded\nMore.")
