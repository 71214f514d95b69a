"""Nodes of a Ray cluster that batches may be trained on, as they come and go."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from paribus.errors import UserError
from paribus.execute.ray_connect import head_answers, reached

_SECONDS = 2.0
"""For how long the cluster's nodes are taken to be the same."""


@dataclass(frozen=True)
class RayNode:
    """What a node has, or what a task asks of one."""

    cores: int = 0
    gpus: int = 0
    memory: int = 0

    def has(self, asked: RayNode) -> bool:
        """Whether a task could be trained there, were it alone."""
        return asked.cores <= self.cores and asked.gpus <= self.gpus and asked.memory <= self.memory

    def places(self, cores: int, *, gpu: bool) -> int:
        """Return how many tasks of so many cores fit there."""
        places = self.cores // cores
        return min(places, self.gpus) if gpu else places


class RayNodes:
    """Nodes of a cluster, without those that have another Paribus, or not the engine of a run.

    address: the cluster's. version: the command's of Paribus. gpu: whether each task asks for one.
    """

    def __init__(self, address: str, version: str, *, gpu: bool) -> None:
        self._address, self._version, self._gpu = address, version, gpu
        self.is_headless = False
        """Whether the cluster's head did not answer when it was last asked for the nodes."""
        self._at = -math.inf
        self._fit: dict[str, RayNode] = {}
        self._named: dict[str, str] = {}
        self._left_out: dict[str, str] = {}

    def now(self) -> list[RayNode]:
        """Return those that tasks can be trained on."""
        if not self._fit or time.monotonic() - self._at > _SECONDS:
            self._look()
        return [node for id_, node in self._fit.items() if id_ not in self._left_out]

    def _look(self) -> None:
        import ray

        # Ray would wait for a head that is gone, and end the process after a minute. Until then
        # epochs still come from the other nodes.
        self.is_headless = bool(self._fit) and not head_answers()
        self._at = time.monotonic()  # After the answer, which a machine without power keeps late.
        if self.is_headless:
            return
        with reached(self._address):
            found = {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}
        self._named |= {id_: node["NodeManagerAddress"] for id_, node in found.items()}
        nodes = {
            id_: _node(node["Resources"])
            for id_, node in found.items()
            if node["Resources"].get("CPU", 0) >= 1
        }
        self._fit = {id_: node for id_, node in nodes.items() if node.gpus or not self._gpu}

    def forget(self) -> None:
        """Look anew the next time: perhaps one was lost."""
        self._at = -math.inf

    def name(self, node_id: str) -> str:
        """Return a node's address, by its ID."""
        if node_id not in self._named:
            self.forget()
            self.now()
        return self._named.get(node_id, node_id)

    def leave_out(self, node_id: str, lack: str) -> str | None:
        """Have nothing more trained on a node, for what it lacks; return a remark, once for each
        node. Raises `UserError` if no other node is left."""
        if node_id in self._left_out:
            return None
        self._left_out[node_id] = lack
        self.forget()  # Perhaps another has come.
        remedy = f"install Paribus {self._version} with the same engines on all nodes"
        if not self.now():
            nodes = ", ".join(f"node {self.name(id_)} {why}" for id_, why in self._left_out.items())
            raise UserError(
                f"--ray {self._address or 'auto'}: {nodes}; {remedy}, and run the same command "
                "again"
            )
        return f"Nothing is trained on node {self.name(node_id)}, which {lack}; {remedy}"

    @property
    def options(self) -> dict[str, object]:
        """Options of a task that keep it from nodes that are left out."""
        if not self._left_out:
            return {}
        return {"label_selector": {"ray.io/node-id": f"!in({','.join(self._left_out)})"}}


def _node(resources: Mapping[str, float]) -> RayNode:
    return RayNode(
        cores=int(resources["CPU"]),
        gpus=int(resources.get("GPU", 0)),
        memory=int(resources.get("memory", 0)),
    )
