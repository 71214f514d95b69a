"""A real Ray cluster on loopback; each node can be killed with all its processes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

NEEDS_RAY = (
    pytest.mark.slow,
    pytest.mark.thorough,
    pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed"),
)
"""The marks of a test that starts a cluster."""

_RAY = (sys.executable, "-m", "ray.scripts.scripts")
_HOST = "127.0.0.2"
"""Of the loopback; for 127.0.0.1, Ray takes the machine's own address instead."""
_STORE = 100 * 2**20
_SECONDS = 120


@dataclass
class Cluster:
    """Nodes on this machine; the first is the head, which has no cores, and so no workers."""

    address: str
    folder: Path
    token: str = ""
    """What it asks of everyone, if anything."""
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """With which a process finds it. Not with the token that Ray keeps in the home folder."""
        if self.token:
            token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}
        else:
            token = {"RAY_AUTH_MODE": "disabled"}
        return {"RAY_ADDRESS": self.address, **token}

    def add(self, cores: int, environ: Mapping[str, str] | None = None) -> int:
        """Add a node, whose processes have such variables as well; return its number."""
        _, _, port = self.address.partition(":")
        where = [f"--address={self.address}"] if self.nodes else ["--head", f"--port={port}"]
        if not self.nodes:
            where += ["--include-dashboard=false", f"--temp-dir={self.folder}"]
            where += [f"--ray-client-server-port={_free_port()}"]
        with open(self.folder / f"node-{len(self.nodes)}.log", "wb") as log:
            node = subprocess.Popen(
                [*_RAY, "start", "--block", "--disable-usage-stats", f"--node-ip-address={_HOST}",
                 f"--num-cpus={cores}", f"--object-store-memory={_STORE}", *where],
                stdout=log, stderr=log, start_new_session=True,
                env=os.environ | self.environ | dict(environ or {}),
            )  # fmt: skip
        self.nodes.append(node)
        return len(self.nodes) - 1

    def kill(self, number: int) -> None:
        """Kill a node: every process of it."""
        node = self.nodes[number]
        for pid in [*_below(node.pid), node.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        node.wait()

    def workers(self) -> list[int]:
        """Return the processes that train at this moment."""
        return [pid for pid in self.processes() if b"train_batch" in _text(pid, "cmdline")]

    def processes(self) -> list[int]:
        """Return all processes of its nodes."""
        return [pid for node in self.nodes if node.poll() is None for pid in _below(node.pid)]

    def cores(self) -> int:
        """Return how many cores the nodes have that are there by now."""
        script = (
            "import ray; ray.init('auto', log_to_driver=False, logging_level='ERROR'); "
            "print(int(ray.cluster_resources().get('CPU', 0)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return int(done.stdout.splitlines()[0]) if done.returncode == 0 else -1

    def wait_for(self, cores: int) -> None:
        """Wait until the nodes have so many cores. Raises `AssertionError` if they never do."""
        end = time.monotonic() + _SECONDS
        while self.cores() < cores:
            assert time.monotonic() < end, self.logs()

    def logs(self) -> str:
        """Return what the nodes have printed."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("node-*.log")))


@contextmanager
def ray_cluster(cores: Sequence[int], token: str = "") -> Iterator[Cluster]:
    """Yield a cluster of a head and a node for each number of cores; kill all of it afterwards."""
    # Paths of sockets are short: a test's own folder is not.
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    cluster = Cluster(f"{_HOST}:{_free_port()}", folder, token)
    try:
        cluster.add(0)
        cluster.wait_for(0)
        # One after the other: nodes of one machine that start together take the same ports.
        for number, more in enumerate(cores, start=1):
            cluster.add(more)
            cluster.wait_for(sum(cores[:number]))
        yield cluster
    finally:
        for number in range(len(cluster.nodes)):
            cluster.kill(number)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def joined_cluster(cores: int) -> Iterator[Cluster]:
    """Yield a cluster of a node with some cores, which `--ray auto` finds meanwhile."""
    with ray_cluster([cores]) as cluster, pytest.MonkeyPatch.context() as patch:
        for variable, value in cluster.environ.items():
            patch.setenv(variable, value)
        yield cluster


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _below(pid: int) -> list[int]:
    """All processes that a process has started, directly or not, and that still run."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (stat := _text(int(entry.name), "stat")):
            parent = int(stat.rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found, left = list[int](), [pid]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def _text(pid: int, name: str) -> bytes:
    try:
        return Path("/proc", str(pid), name).read_bytes()
    except OSError:  # It has ended.
        return b""
