"""A run that an executor moves from one node to another, as that of a Ray cluster does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from paribus.campaign.campaign import make
from paribus.campaign.cells import schedule
from paribus.campaign.progress import News, Restarted
from paribus.campaign.run import record, run
from paribus.execute.protocol import Capacity, Event, Job, Started
from paribus.execute.worker import Batch, events
from paribus.store.open import open_store
from tests.support.small import Small, mlp_study


class Moving:
    """Trains a run of three epochs on three nodes: the first of other bits than the others."""

    capacity, free = Capacity(1, 1), 1

    def cores_for(self, batches: int) -> int:
        return batches

    def submit(self, jobs: Sequence[Job], cores: int) -> None:
        self._jobs = jobs

    def events(self) -> Iterator[Event]:
        started, first, second, third, end = events(Batch(self._jobs, 1), {})
        assert isinstance(started, Started)
        here, there = (replace(started, bits=bits) for bits in ("avx2", "avx512"))
        yield from (here, first, there, first, second, there, third, end)

    def __enter__(self) -> Moving:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_it_is_said_once_that_a_run_begins_anew(small: Small) -> None:
    study = small(mlp_study(seeds=1, epochs=3))
    campaign, heard = make(str(study)), list[News]()
    with open_store(study.parent / "runs", "create") as store:
        planned = schedule(campaign, campaign.known(store), store)
        record(planned, store)
        run(planned, store, heard.append, Moving())
        (stored,) = store.all_runs()
        assert (stored.status, stored.bits) == ("finished", "avx512")
        assert len(store.epochs(stored.id)["test_loss"]) == 3
    (restarted,) = (news for news in heard if isinstance(news, Restarted))
    assert (restarted.done, restarted.before, restarted.now) == (1, "avx2", "avx512")
