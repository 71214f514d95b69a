"""Checks all of a store: rows, files, timings, and what must not be there."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.errors import ParibusError
from paribus.store.damage import Damage
from paribus.store.reader import Reader
from paribus.store.writer import Writer


@dataclass(frozen=True)
class Verified:
    """Results of checking a store."""

    runs: int
    """That are sound."""
    experiments: int
    timings: int
    damage: tuple[Damage, ...]
    unknown: int
    """Finished runs whose files an older Paribus wrote, so that no digests were kept of them."""
    adopted: int
    """How many of these have got their digests now."""


def verify(store: Reader) -> Verified:
    """Read all of a store, and compare it with its digests.

    Where there are no digests of files yet, what can be read is taken for what was stored, if the
    store may be written to.
    """
    unknown = adopted = 0
    for run in store.all_runs():
        if not store.is_intact(run) or not _is_readable(store, run.id):
            continue
        if run.status == "finished" and not store.files(run.id).digests:
            unknown += 1
            if isinstance(store, Writer):
                store.adopt_files(run)
                adopted += 1
    timings, wrong = 0, list[Damage]()
    try:
        timings = len(store.timings())
    except ParibusError as error:
        wrong.append(Damage("timing", "", str(error)))
    try:
        store.all_studies()
    except ParibusError as error:
        wrong.append(Damage("study", "", str(error)))
    return Verified(
        runs=len(store.all_runs()),
        experiments=len(store.identities()),
        timings=timings,
        damage=(*store.damage, *wrong),
        unknown=unknown,
        adopted=adopted,
    )


def _is_readable(store: Reader, run: str) -> bool:
    """Whether what a run has is what it should be; where it is not, it is left out."""
    try:
        store.checkpoint(run)
        store.weights(run)
        store.probabilities(run)
        store.predictions(run)
    except ParibusError as error:
        store.leave_out(run, str(error).partition(";")[0])
        return False
    return True
