"""Times the training steps that questions ask about: in fresh processes, on a quiet machine.

Each process trains A, B and A again afresh and times them interleaved (`turns.py`): two trainings
of the same thing can differ for as long as their process lives. A timing is kept for each process,
and none replaces another.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from paribus.campaign.campaign import Campaign
from paribus.campaign.turns import Steps, busy_cores, is_quiet, time_steps
from paribus.engines.choose import make_engine
from paribus.errors import ParibusError
from paribus.execute.processes import answers_of
from paribus.execute.protocol import DataSource
from paribus.execute.tasks import TaskMaker
from paribus.measure.runs import ExperimentResult, StudyResult
from paribus.questions.kind import Context, kind_of
from paribus.questions.pair import with_engine
from paribus.questions.step_time import FEWEST_PROCESSES, STEP_TIME, prepare
from paribus.spec.code import import_code
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.question import Question
from paribus.store.timings import Timing
from paribus.store.writer import Writer

ROUNDS = 6
"""Of a process; each is three turns of `turns.TURN_SECONDS`."""
PATIENCE = 10
"""Seconds that a machine is given to become quiet."""

Progress = Callable[[int, int], AbstractContextManager[Callable[[], None]]]
"""Takes the numbers of pairs and processes; yields what is called after each timing."""


@dataclass(frozen=True)
class Side:
    """An experiment whose training step is timed."""

    key: str
    """What its timings are kept under, see `identity.step_keys`."""
    experiment: Experiment
    """With the engine that is timed."""
    code: str
    """The digest of a custom module's source."""

    @classmethod
    def of(cls, result: ExperimentResult, code: str) -> Side:
        """Return an experiment as a question about it is answered."""
        return cls(result.step_keys[0], with_engine(result), code)


@dataclass(frozen=True)
class TimedPair:
    """Two experiments whose steps are timed against each other."""

    a: Side
    b: Side


@dataclass(frozen=True)
class Timer:
    """What a process is to time."""

    data: DataSource
    pairs: tuple[TimedPair, ...]
    rounds: int
    order: int
    """The seed of the order of turns."""


@dataclass(frozen=True)
class Busy:
    """A machine on which others keep so many of its cores busy."""

    others: float
    cores: int


def untimed(result: StudyResult, codes: Mapping[str, str]) -> tuple[TimedPair, ...]:
    """Return the pairs that a study's questions ask about, trained, and timed in fewer processes
    than a verdict requires. codes: the digest of each experiment's custom module, by its name."""
    context, found = Context.of(result), dict[tuple[str, ...], TimedPair]()
    for question in result.study.questions:
        if kind_of(question) is not STEP_TIME or not isinstance(question, Question):
            continue
        steps = prepare(question, context)
        a, b = (
            Side.of(context.experiments[name], codes[name]) for name in (steps.pair.a, steps.pair.b)
        )
        trained = "auto" not in (a.experiment.engine, b.experiment.engine)
        if trained and len(steps.timings) < FEWEST_PROCESSES:
            key = (a.key, a.experiment.engine, b.key, b.experiment.engine)
            found.setdefault(key, TimedPair(a, b))
    return tuple(found.values())


@dataclass(frozen=True)
class Untimed:
    """Pairs that were left untimed, and why: the machine was busy, or something went wrong."""

    pairs: tuple[TimedPair, ...]
    why: Busy | str


def time_missing(
    campaign: Campaign,
    result: StudyResult,
    codes: Mapping[str, str],
    store: Writer,
    *,
    progress: Progress,
    patience: float = PATIENCE,
) -> Untimed | None:
    """Time what a study's questions ask to be timed and the store lacks, if the machine is quiet;
    return what was left, None if nothing. codes: as of `untimed`."""
    pairs = untimed(result, codes)
    if not pairs:
        return None
    if busy := wait_until_quiet(patience):
        return Untimed(pairs, busy)
    try:
        with progress(len(pairs), FEWEST_PROCESSES) as listen:
            time_pairs(campaign, pairs, store, listen=listen)
    except ParibusError as error:
        return Untimed(pairs, str(error))
    return None


def wait_until_quiet(patience: float = PATIENCE) -> Busy | None:
    """Wait until others leave this machine alone; return how busy it is if they do not."""
    cores = os.cpu_count() or 1
    begun = perf_counter()
    while True:
        others = busy_cores(seconds=1.0)
        if others is None or is_quiet(others, cores):
            return None
        if perf_counter() - begun >= patience:
            return Busy(others, cores)


def time_pairs(
    campaign: Campaign,
    pairs: Sequence[TimedPair],
    store: Writer,
    *,
    processes: int = FEWEST_PROCESSES,
    rounds: int = ROUNDS,
    listen: Callable[[], None] = lambda: None,
) -> tuple[Timing, ...]:
    """Time pairs of a campaign's experiments in so many processes, one after the other; keep and
    return the timings. listen: told of each.

    Raises `ParibusError` where something cannot be timed.
    """
    data = DataSource.of(campaign.study.data, campaign.folder, campaign.facts.fingerprint)
    kept = []
    for _ in range(processes):
        timer = Timer(data, tuple(pairs), rounds, secrets.randbits(64))
        for timing in answers_of(timings, timer):
            store.keep_timing(timing)
            kept.append(timing)
            listen()
    return tuple(kept)


def timings(timer: Timer) -> Iterator[Timing]:
    """Yield the timing of each pair, made in this process."""
    from paribus.data.sources import load

    maker = TaskMaker(load(timer.data.source, timer.data.folder))
    rng = np.random.default_rng(timer.order)
    for pair in timer.pairs:
        a, b = (_steps(side, maker, timer.data) for side in (pair.a, pair.b))
        yield time_steps(a, b, timer.rounds, rng)


def _steps(side: Side, maker: TaskMaker, data: DataSource) -> Steps:
    network = side.experiment.network
    if isinstance(network, ModuleNetwork):
        since = "the command began; run the command again"
        import_code(network, data.folder, side.code, since=since)
    engine = make_engine(side.experiment.engine)
    return Steps(side.key, engine, maker.make(side.experiment, seed=0))
