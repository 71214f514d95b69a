"""Trains all that a campaign is missing: at once, or look by look where looks are planned."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

from paribus.campaign.campaign import Campaign
from paribus.campaign.cells import WHOLE, Cell, Schedule, Shard, schedule
from paribus.campaign.need import order_of
from paribus.campaign.progress import Clock, Listener, clock
from paribus.campaign.run import Outcome, record, run
from paribus.execute.protocol import EXECUTORS, Executor
from paribus.store.known import Known
from paribus.store.reader import Reader
from paribus.store.writer import Writer

Show = Callable[[Schedule, Clock], AbstractContextManager[Listener]]
"""Shows the progress of a schedule; yields the listener that is called with each event."""

_SECONDS_BETWEEN_GLANCES = 0.5


def train(
    campaign: Campaign,
    known: Known,
    store: Writer,
    *,
    show: Show,
    jobs: int | None = None,
    executor: str = "local",
    address: str = "",
    shard: Shard = WHOLE,
) -> Outcome:
    """Train every missing run, and what the looks call for after it.

    known: the campaign's experiments in the store. jobs: runs trained at once; None for as many as
    there is room for. executor: its name; address: where it is, of one that is elsewhere. With
    planned looks, all experiments are trained up to the first; then the questions are judged, and
    those that an open one needs go on to the next. What a look says follows from the store alone,
    so another process, or the same command days later, goes on where this one was. A shard has no
    look to itself: it is trained up to the next one.
    """
    make = EXECUTORS.get(executor)
    planned = schedule(campaign, known, store, shard=shard)
    failed, untried = dict[str, str](), dict[str, int]()
    while True:
        before = campaign.plan(store)
        record(planned, store)
        if campaign.plan(store) != before:
            # What looks call for depends on the plan.
            planned = schedule(campaign, known, store, shard=shard)
        order = order_of(planned, jobs, address)
        outcome = _train(planned, store, show=show, make=partial(make, order))
        failed |= outcome.failed
        untried |= outcome.untried
        if not planned.missing or planned.is_last:
            return Outcome(failed, outcome.elsewhere, untried)
        if outcome.elsewhere:
            _wait(planned, store, show)
        following = schedule(campaign, known, store, shard=shard)
        # What has failed is not tried again before the next command.
        left = tuple(
            cell
            for cell in following.missing
            if cell.run_id not in failed and cell.name not in untried
        )
        if not left:
            return Outcome(failed, outcome.elsewhere, untried)
        planned = replace(following, missing=left)


def _train(
    planned: Schedule,
    store: Writer,
    *,
    show: Show,
    make: Callable[[], Executor],
) -> Outcome:
    """Train what a schedule is missing; an executor is made only for that."""
    if not planned.missing:
        with show(planned, clock(planned, store)):
            return Outcome({}, 0)
    with make() as executing:
        placed = replace(planned, capacity=executing.capacity)
        with show(placed, clock(placed, store)) as listen:
            return run(placed, store, listen, executing)


def _wait(planned: Schedule, store: Writer, show: Show) -> None:
    """Wait while other processes train runs of a look, without which it cannot be judged."""
    elsewhere = _claimed(planned.missing, store)
    if not elsewhere:
        return
    waiting = replace(planned, missing=(), elsewhere=elsewhere)
    with show(waiting, clock(waiting, store)):
        while _claimed(elsewhere, store):
            time.sleep(_SECONDS_BETWEEN_GLANCES)


def _claimed(cells: tuple[Cell, ...], store: Reader) -> tuple[Cell, ...]:
    return tuple(cell for cell in cells if store.is_claimed(cell.run_id))
