"""The executor of a Ray cluster: batches are its tasks, and their events come as they happen.

Only the process that makes it writes a store, so a worker or a node may be lost at any moment: the
runs that it trained resume elsewhere, after their last epoch that has been told.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from paribus.errors import ParibusError, need
from paribus.execute.machine import environment
from paribus.execute.protocol import (
    Capacity,
    Diverged,
    EpochDone,
    Event,
    Failed,
    Finished,
    Job,
    Order,
    Said,
    Started,
    resumes,
)
from paribus.execute.ray_connect import connect, reached
from paribus.execute.ray_nodes import RayNode, RayNodes
from paribus.execute.ray_task import Place, task
from paribus.execute.worker import FEWER_RUNS, Batch, checked_data
from paribus.text import count, shown

if TYPE_CHECKING:
    from ray import ObjectRef, ObjectRefGenerator

    from paribus.data.dataset import Dataset

_ATTEMPTS = 4
"""How often a batch is begun without an epoch between, before its runs fail."""
_AHEAD = 8
"""Events that a task may be ahead of those that have been fetched."""
_PATIENCE = 60.0
"""Seconds that a batch waits for a node before that is said."""


@dataclass
class _Sent:
    """A batch that the cluster trains."""

    jobs: dict[str, Job]
    """By run, those that have not ended: with the state after the last epoch that was told."""
    cores: int
    attempts: int = 1
    """How often it was begun since an epoch was told."""
    bits: dict[str, str] = field(default_factory=dict)
    """Version, by run ID, that fixes the bits of a run where it is trained now; none before it has
    begun there."""
    asked: RayNode = field(default_factory=RayNode)
    """What its task asks of a node."""
    node: str = ""
    """Address of the node that has begun with it; "" before."""
    since: float = 0.0
    """When it was sent, by the monotonic clock."""


class RayExecutor:
    """A Ray cluster. Use it as a context manager: its end ends what is being trained, and a cluster
    that it has started."""

    def __init__(self, order: Order) -> None:
        need("ray", "training on a Ray cluster")
        self._order = order
        self._sent: dict[ObjectRefGenerator, _Sent] = {}
        self._data: dict[str, ObjectRef[Dataset]] = {}
        self._refused: list[Sequence[Failed]] = []
        self._said = SimpleQueue[Said]()
        self._waits = self._waited = self._was_headless = False
        self._version = environment()["paribus"]
        self._nodes = RayNodes(order.address, self._version, gpu=order.gpu)

    @property
    def capacity(self) -> Capacity:
        """Present resources of all nodes."""
        order, nodes = self._order, self._nodes.now()
        cores = sum(node.cores for node in nodes)
        slots = cores if order.jobs is None else order.jobs
        if order.jobs is None and order.gpu:
            slots = min(slots, sum(node.gpus for node in nodes))
        return Capacity(max(1, min(slots, order.runs)), max(1, cores))

    @property
    def free(self) -> int:
        """How many more batches it would begin at once."""
        # Of a cluster that has lost nodes there may be more batches than places.
        return max(0, self.capacity.slots - len(self._sent) - len(self._refused))

    def cores_for(self, batches: int) -> int:
        """Return how many cores each of some batches gets, if they are trained at once: as many as
        there are on nodes for all of them."""
        batches = min(batches, self.capacity.slots)
        nodes, gpu = self._nodes.now(), self._order.gpu
        fitting = (
            cores
            for cores in range(max((node.cores for node in nodes), default=1), 0, -1)
            if sum(node.places(cores, gpu=gpu) for node in nodes) >= batches
        )
        return next(fitting, 1)

    def submit(self, jobs: Sequence[Job], cores: int) -> None:
        """Have the cluster train a batch of jobs, on so many cores of one node."""
        import ray

        if (fingerprint := _fingerprint(jobs)) not in self._data:
            try:
                dataset = checked_data(jobs[0].data)
            except ParibusError as error:
                self._refused.append([Failed(job.run_id, str(error), shared=True) for job in jobs])
                return
            with reached(self._order.address):
                self._data[fingerprint] = ray.put(dataset)
        self._send(_Sent({job.run_id: job for job in jobs}, cores))

    def events(self) -> Iterator[Event | Said]:
        """Yield the next event of each batch that has one, waiting up to a second for one."""
        import ray

        yield from self._remarks()
        while self._refused:
            yield from self._refused.pop(0)
        if not self._sent:
            return
        self._move_stranded()
        self._remark_waiting()
        self._remark_head()
        with reached(self._order.address):
            ready, _ = ray.wait(list(self._sent), timeout=1.0)
            if ready and len(self._sent) > 1:
                ready, _ = ray.wait(list(self._sent), num_returns=len(self._sent), timeout=0)
        for generator in ready:
            yield from self._next(generator)
        yield from self._remarks()  # Perhaps why the last run has failed.

    def _say(self, remark: str) -> None:
        self._said.put(Said("Ray", remark))

    def _remarks(self) -> Iterator[Said]:
        while not self._said.empty():
            yield self._said.get()

    def _next(self, generator: ObjectRefGenerator) -> Iterator[Event]:
        import ray

        sent = self._sent[generator]
        try:
            event: Place | Event = ray.get(next(generator))
        except StopIteration:
            del self._sent[generator]
            if sent.jobs:
                yield from self._lost(sent, "ended a task early", "look into Ray's logs there")
            return
        except ray.exceptions.RayError as error:
            del self._sent[generator]
            self._nodes.forget()  # Perhaps one was lost.
            what, remedy = _why(error)
            yield from self._lost(sent, f"{what} ({type(error).__name__})", remedy)
            return
        if isinstance(event, tuple):
            self._begun(generator, *event)
            return
        _note(sent, event)
        if not sent.jobs:  # A task that is asked for no more is at its end.
            del self._sent[generator]
        yield event

    def _begun(self, generator: ObjectRefGenerator, node_id: str, lack: str) -> None:
        """Note where a batch is, or begin it elsewhere if it cannot be trained there."""
        sent = self._sent[generator]
        if not lack:
            sent.node = self._nodes.name(node_id)
            return
        del self._sent[generator]
        if remark := self._nodes.leave_out(node_id, lack):
            self._say(remark)
        self._send(sent)

    def _lost(self, sent: _Sent, what: str, remedy: str) -> Iterator[Event]:
        """Begin a batch again that was lost, from the epochs that were told."""
        if sent.attempts < _ATTEMPTS:
            sent.attempts += 1
            self._send(sent)
            return
        node = f"node {sent.node}" if sent.node else "a node of Ray"
        for run_id in sent.jobs:
            yield Failed(
                run_id,
                f"{node} {what}, the last of {_ATTEMPTS} losses without an epoch between; "
                f"{remedy}, and run the same command again",
            )

    def _move_stranded(self) -> None:
        """Begin the batches again that ask for more than any node has by now: Ray would let them
        wait for ever."""
        import ray

        nodes, waits = self._nodes.now(), False
        for generator, sent in list(self._sent.items()):
            # What has begun is on some node; if that is lost, Ray says so.
            if sent.node or any(node.has(sent.asked) for node in nodes):
                continue
            if any(node.has(self._asked(sent)) for node in nodes):
                del self._sent[generator]
                ray.cancel(generator, force=True)
                self._send(sent)
            else:
                waits = True
        if waits and not self._waits:
            gpu = " and a GPU" if self._order.gpu else ""
            self._say(f"No node with a core{gpu} is left; the runs wait for one")
        self._waits = waits

    def _remark_waiting(self) -> None:
        """Say once that batches have waited long, as others' tasks have the cores."""
        if self._waited or self._waits:
            return
        late = time.monotonic() - _PATIENCE
        waiting = [sent for sent in self._sent.values() if not sent.node and sent.since < late]
        if runs := sum(len(sent.jobs) for sent in waiting):
            self._waited = True
            asked = "cores, a GPU and memory" if self._order.gpu else "cores and memory"
            wait = "which waits" if runs == 1 else "which wait"
            self._say(
                f"No node has {asked} free for {count(runs, 'run')}, {wait} until other tasks on "
                "the cluster end"
            )

    def _remark_head(self) -> None:
        """Say that the cluster's head does not answer, each time that it begins not to."""
        if self._nodes.is_headless and not self._was_headless:
            self._say(
                "The cluster's head does not answer; if it stays away for a minute, Ray ends this "
                "command, and the same command resumes after the last finished epochs"
            )
        self._was_headless = self._nodes.is_headless

    def _send(self, sent: _Sent) -> None:
        jobs = list(sent.jobs.values())
        asked = sent.asked = self._asked(sent)
        sent.bits, sent.node, sent.since = {}, "", time.monotonic()
        remote = self._task.options(
            num_cpus=asked.cores,
            num_gpus=asked.gpus,
            memory=asked.memory,
            max_retries=0,  # Ours begin where the lost one was.
            num_returns="streaming",
            _generator_backpressure_num_objects=_AHEAD,
            **self._nodes.options,
        )
        batch, data = pickle.dumps(Batch(jobs, asked.cores)), self._data[_fingerprint(jobs)]
        with reached(self._order.address):
            self._sent[remote.remote(batch, [data], self._version)] = sent

    def _asked(self, sent: _Sent) -> RayNode:
        """What a batch asks of a node by now: of cores and memory no more than nodes have, so that
        one that is too small gets one at a time."""
        nodes = self._nodes.now()
        return RayNode(
            cores=min(sent.cores, max((node.cores for node in nodes), default=1)),
            gpus=int(self._order.gpu),
            memory=min([self._order.memory, *(node.memory for node in nodes)]),
        )

    def __enter__(self) -> Self:
        import ray
        from ray._private import worker

        self._print = worker.print_to_stdstream
        _keep_said(self._said)
        try:
            connect(self._order.address)
        except BaseException:
            worker.print_to_stdstream = self._print
            raise
        self._task: Any = ray.remote(task())
        return self

    def __exit__(self, *_: object) -> None:
        import ray
        from ray._private import worker

        try:
            for generator in self._sent:
                ray.cancel(generator, force=True)
            ray.shutdown()
        finally:
            worker.print_to_stdstream = self._print


def _keep_said(said: SimpleQueue[Said]) -> None:
    """Have what Ray tells of its nodes and workers put into a queue, its first sentence, once.

    Ray prints all of it each time, to stdout, which is for the command's answer.
    """
    from ray._private import worker

    before = set[str]()

    def keep(message: Mapping[str, Any], ignore_prefix: bool) -> None:
        for line in message["lines"]:
            sentence = shown(line.strip().partition(". ")[0].removesuffix("."), 200)
            if sentence not in before:
                before.add(sentence)
                said.put(Said("Ray", sentence))

    worker.print_to_stdstream = keep  # Ray has no setting for it.


def _fingerprint(jobs: Sequence[Job]) -> str:
    return jobs[0].data.fingerprint


def _note(sent: _Sent, event: Event) -> None:
    """Note where a run of a batch would resume."""
    run_id = event.run_id
    match event:
        case Started(bits=bits):
            sent.bits[run_id] = bits
            job = sent.jobs[run_id]
            if job.state is not None and not resumes(job.bits, bits):
                # It begins anew there, and the store has dropped the epochs of other bits.
                sent.jobs[run_id] = replace(job, done=0, state=None, bits="")
        case EpochDone(epoch=epoch, state=state):
            sent.attempts = 1
            job = sent.jobs[run_id]
            bits = sent.bits[run_id] if epoch.number == 1 else job.bits
            sent.jobs[run_id] = replace(job, done=epoch.number, state=state, bits=bits)
        case Finished() | Diverged() | Failed():
            del sent.jobs[run_id]


def _why(error: Exception) -> tuple[str, str]:
    """Return what became of a task's node, and what to do."""
    from ray import exceptions

    logs = "look into Ray's logs there"
    match error:
        case exceptions.OutOfMemoryError():
            return "ran out of memory", FEWER_RUNS
        case exceptions.NodeDiedError():
            return "was lost", logs
        case exceptions.WorkerCrashedError():
            return "lost the process of the run", logs
        case exceptions.RayTaskError(cause=cause):
            # What the node could not even begin with, e.g. without a package.
            text = f"{type(cause).__name__}: {cause}".strip().splitlines()[-1]
            return f"failed: {shown(text, 300)}", logs
    return "lost a task", logs
