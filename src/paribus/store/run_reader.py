"""Reads the runs of a store, their epochs and files; `reader.Reader` is what is opened."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from paribus.errors import ParibusError
from paribus.store.claims import is_claimed
from paribus.store.damage import Damage, check, left_out, refuse_broken
from paribus.store.errors import damaged_study, told
from paribus.store.files import RunFiles
from paribus.store.rest import AtRest
from paribus.store.rows import (
    EPOCH_COLUMNS,
    Checkpoint,
    EndedRun,
    Environment,
    KeptPredictions,
    StoredRun,
)
from paribus.store.timings import Timing, read_timings

_RUN = "runs.id, experiment, seed, engine, bits, status, reason"


class RunReader:
    """The runs of an open store."""

    writable: ClassVar[bool] = False

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, *, lenient: bool = False
    ) -> None:
        """lenient: open it even if a study of it is damaged.

        Raises `UserError` if the database or, unless lenient, a study is damaged.
        """
        self.folder = folder
        self._db = connection
        # A damaged text is then a text that is not the one that was sealed.
        self._db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        refuse_broken(self._db, folder)
        with self._snapshot():
            self._intact: set[tuple[str, bool]] = set()
            self._damage = {(one.kind, one.id): one for one in check(self._db, folder)}
        studies = [one for one in self._damage.values() if one.kind == "study"]
        if studies and not lenient:
            raise damaged_study(folder, studies[0].sentence)

    @property
    def damage(self) -> tuple[Damage, ...]:
        """What of the store is known to be damaged: no method returns damaged runs."""
        return tuple(self._damage.values())

    @property
    def damage_note(self) -> str:
        """Warning about damaged runs that are left out, in a line; "" if there are none."""
        return left_out(self.folder, self.damage)

    def leave_out(self, run: str, reason: str) -> None:
        """Take a run for damaged from now on. reason: what is wrong with it, as a clause."""
        rows = self._select("SELECT digest FROM seals WHERE kind = 'run' AND id = ?", run)
        self._damage["run", run] = Damage("run", run, reason, rows[0][0] if rows else None)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Runs

    def run(self, run: str) -> StoredRun | None:
        """Return the run of an id."""
        return next(self._runs("WHERE runs.id = ?", run), None)

    def find(self, experiment: str, engine: str, seed: int) -> StoredRun | None:
        """Return the run of an experiment, by its hash, with an engine and a seed."""
        where = "WHERE experiment = ? AND engine = ? AND seed = ?"
        return next(self._runs(where, experiment, engine, seed), None)

    def run_id(self, experiment: str, engine: str, seed: int) -> str:
        """Return the id that a run has, or that it would get."""
        found = self.find(experiment, engine, seed)
        return f"{experiment[:12]}-{engine}-{seed}" if found is None else found.id

    def runs(self, experiment: str) -> list[StoredRun]:
        """Return all runs of an experiment, by engine and seed."""
        return list(self._runs("WHERE experiment = ? ORDER BY engine, seed", experiment))

    def find_runs(self, text: str) -> list[StoredRun]:
        """Return the runs whose id begins with a text, or that it names as EXPERIMENT/SEED."""
        name, _, seed = text.partition("/")
        found = self._runs(
            "LEFT JOIN names USING (experiment) "
            "WHERE substr(runs.id, 1, length(?1)) = ?1 OR (name = ?2 AND seed = ?3) "
            "GROUP BY runs.id ORDER BY runs.id",
            text,
            name,
            int(seed) if seed.isdecimal() and len(seed) < 10 else None,
        )
        return list(found)

    def damaged_runs(self, name: str, seed: int, engine: str | None = None) -> list[Damage]:
        """Return the damage of the runs of an experiment, by its name or the beginning of its hash,
        with a seed."""
        rows = self._select(
            "SELECT DISTINCT runs.id FROM runs LEFT JOIN names USING (experiment) "
            "WHERE (name = ?1 OR substr(experiment, 1, length(?1)) = ?1) AND seed = ?2",
            name,
            seed,
        )
        there = {id_ for (id_,) in rows}
        hashes = self._select("SELECT DISTINCT experiment FROM names WHERE name = ?", name)
        # A run whose row is gone, or has another seed now, is still known by its id.
        heads = {hash_[:12] for (hash_,) in hashes} or {name}
        return [
            one
            for one in self._damage.values()
            if one.kind == "run"
            and (one.id in there or _is_of(one.id, heads, seed))
            and (engine is None or f"-{engine}-" in one.id)
        ]

    def is_claimed(self, run: str) -> bool:
        """Return whether some process, this one included, trains a run at this moment."""
        return is_claimed(self.folder, run)

    def epochs(self, run: str) -> dict[str, NDArray[np.float64]]:
        """Return every epoch of a run so far: (E,) for each of `EPOCH_COLUMNS`."""
        rows = self._select(
            f"SELECT {', '.join(EPOCH_COLUMNS)} FROM epochs WHERE run = ? ORDER BY epoch", run
        )
        table = np.array(rows, dtype=np.float64).reshape(len(rows), len(EPOCH_COLUMNS))
        return dict(zip(EPOCH_COLUMNS, table.T, strict=True))

    def checkpoint(self, run: str) -> Checkpoint | None:
        """Return the state that a run resumes from, None if it has no epoch or has ended."""
        rows = self._select("SELECT epoch, state FROM checkpoints WHERE run = ?", run)
        return Checkpoint(rows[0][0], safetensors.numpy.load(rows[0][1])) if rows else None

    def environments(self, run: str) -> list[dict[str, str]]:
        """Return where a run was trained, in order; more than one if it was resumed."""
        return [dict(found.where) for found in self._environments(run)]

    def files(self, run: str) -> RunFiles:
        """Return the files of a run; they can be read after the store has been closed."""
        digests = dict(self._select("SELECT name, digest FROM files WHERE run = ?", run))
        return RunFiles(self.folder / "runs" / run, digests)

    def weights(self, run: str) -> dict[str, NDArray[np.generic]] | None:
        """Return the tensors of a finished run by name, None if it has none.

        Raises `ParibusError` if the file is damaged, as all that read files of runs do.
        """
        return self.files(run).weights()

    def probabilities(self, run: str) -> NDArray[np.float32] | None:
        """Return (N, K) for every test image; None if the run has none."""
        return self.files(run).probabilities()

    def predictions(self, run: str) -> KeptPredictions | None:
        """Return the predictions of a run that was unpacked; None of any other."""
        found = self.files(run).unpacked()
        return None if found is None else found.predictions

    def is_unpacked(self, run: str) -> bool:
        """Return whether a run was unpacked: then it has no weights here."""
        return self.files(run).is_unpacked

    def is_intact(self, run: StoredRun, *, weights: bool = True) -> bool:
        """Return whether the files of a run are as they were stored; where it has changed, it is
        left out from now on. weights: look at these too, the largest of the files."""
        if run.status != "finished" or (run.id, weights) in self._intact:
            return True
        try:
            self.files(run.id).refuse_damage(weights=weights)
        except ParibusError as error:
            self.leave_out(run.id, str(error).partition(";")[0])
            return False
        self._intact.add((run.id, weights))
        return True

    def timings(self) -> tuple[Timing, ...]:
        """Return all timings that are not damaged. Raises `ParibusError` if a file is none."""
        return read_timings(self.folder, {id_ for kind, id_ in self._damage if kind == "timing"})

    def all_runs(self) -> list[StoredRun]:
        """Return every run, in the order in which they were begun."""
        return list(self._runs("ORDER BY runs.rowid"))

    def ended(self, run: StoredRun) -> EndedRun:
        """Return all that there is of a run that has ended, but its files.

        Raises `ParibusError` if one of them is missing or damaged.
        """
        digests = self.files(run.id).trained() if run.status == "finished" else {}
        return EndedRun(run, tuple(self._environments(run.id)), self.epochs(run.id), digests)

    def _runs(self, clauses: str, *values: object) -> Iterator[StoredRun]:
        """The runs that are not left out."""
        query = (
            f"SELECT {_RUN}, digest FROM runs "
            f"LEFT JOIN seals ON kind = 'run' AND seals.id = runs.id {clauses}"
        )
        for *row, seal in self._select(query, *values):
            damage = self._damage.get(("run", row[0]))
            # Another process may have trained it again since: then its seal is another.
            if damage is None or damage.seal != seal:
                yield StoredRun(*row)

    def _environments(self, run: str) -> list[Environment]:
        query = (
            "SELECT first_epoch, environment FROM environments WHERE run = ? ORDER BY first_epoch"
        )
        return [Environment(first, json.loads(text)) for first, text in self._select(query, run)]

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """All that is read in it is of one moment."""
        with told(self.folder):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    def _select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with told(self.folder):
                return self._db.execute(query, values).fetchall()
        finally:
            if isinstance(self._db, AtRest):
                self._db.refuse_written()


def _is_of(id_: str, heads: Collection[str], seed: int) -> bool:
    """Whether a run's id says that it is of an experiment, by the beginning of its hash."""
    return id_.startswith(tuple(heads)) and id_.endswith(f"-{seed}")
