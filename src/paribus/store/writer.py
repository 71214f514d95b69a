"""Writes to a store.

Everything is written whole or not at all, so a process can be killed at any moment. Several
processes may work with one store at once: a run is trained by the one that holds its lock, and
the operating system releases a lock when its process ends, however it ends.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import ClassVar

import numpy as np
import safetensors.numpy
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from paribus.atomic import write_atomically
from paribus.spec.identity import Identity
from paribus.spec.study_plan import StudyPlan
from paribus.store.errors import disk_error, told
from paribus.store.predictions import PREDICTIONS, PROBABILITIES, WEIGHTS
from paribus.store.reader import Reader
from paribus.store.rows import (
    EPOCH_COLUMNS,
    Arrays,
    EndedRun,
    Status,
    StoredRun,
    StudyRecord,
    united_plans,
)


class Writer(Reader):
    """An open store that is read and written."""

    writable: ClassVar[bool] = True

    @contextmanager
    def claim(self, run: str) -> Iterator[bool]:
        """Yield whether this process may train a run, true until the end of the `with` block."""
        lock = FileLock(self.folder / "locks" / f"{run}.lock")
        try:
            # One who only looks whether it is claimed holds it for a moment (is_claimed).
            lock.acquire(timeout=0.2, poll_interval=0.02)
        except Timeout:
            yield False
            return
        except OSError as error:
            raise disk_error(self.folder, error) from None
        try:
            yield True
        finally:
            lock.release()

    def keep_study(
        self,
        name: str,
        experiments: Mapping[str, Identity],
        *,
        data: str,
        folder: Path = Path(),
        preview: bool = False,
    ) -> int:
        """Keep a study, and what it calls its experiments; return its id.

        name: as typed. data: the dataset as typed. folder: what the study's paths start from.
        """
        where = _relative(folder, self.folder)
        with self._transaction() as db:
            known = self.study_id(name, folder, preview)
            if known is None:
                cursor = db.execute(
                    "INSERT INTO studies (name, folder, preview) VALUES (?, ?, ?)",
                    (name, where, int(preview)),
                )
                assert cursor.lastrowid is not None
                study = cursor.lastrowid
            else:
                study = known
                # An older store did not know the folder: this is it.
                db.execute(
                    "UPDATE studies SET folder = ? WHERE id = ? AND folder IS NULL", (where, study)
                )
            for called, identity in experiments.items():
                _insert_experiment(db, identity)
                # What is called so now is the latest of that name.
                key = (study, called, identity.hash)
                db.execute("DELETE FROM names WHERE study = ? AND name = ? AND experiment = ?", key)
                db.execute("INSERT INTO names VALUES (?, ?, ?, ?)", (*key, data))
        return study

    def amend_plan(
        self, study: int, variant: str, amended: Callable[[StudyPlan | None], StudyPlan]
    ) -> None:
        """Keep what becomes of the plan of a study (see `Reader.plan`), read and written in one
        transaction: of two processes, the second amends what the first has kept.

        amended: gives the new plan for the one that is kept, if any.
        """
        with self._transaction() as db:
            before = self.plan(study, variant)
            plan = amended(before)
            if plan is before:
                return
            (text,) = db.execute("SELECT plan FROM studies WHERE id = ?", (study,)).fetchone()
            kept = json.loads(text) if text else {}
            kept[variant] = plan.to_json()
            db.execute("UPDATE studies SET plan = ? WHERE id = ?", (json.dumps(kept), study))

    def adopt_code(self, unknown: str, identity: Identity) -> None:
        """Take an experiment whose code is not known, by its hash, for another: that with the
        code. Nothing happens if there are runs of that one already."""
        with self._transaction() as db:
            query = "SELECT count(*) FROM runs WHERE experiment = ?"
            if db.execute(query, (identity.hash,)).fetchone()[0]:
                return
            _insert_experiment(db, identity)
            change = "SET experiment = ? WHERE experiment = ?"
            db.execute(f"UPDATE runs {change}", (identity.hash, unknown))
            db.execute(f"UPDATE OR REPLACE names {change}", (identity.hash, unknown))
            db.execute("DELETE FROM experiments WHERE hash = ?", (unknown,))

    def begin(
        self,
        experiment: str,
        seed: int,
        engine: str,
        environment: Mapping[str, str],
        *,
        bits: str = "",
    ) -> StoredRun:
        """Return a run that is trained from now on: a new one, or one that is resumed.

        experiment: the hash of one that `keep_study` has kept. bits: what decides the engine's
        bits beside its name.
        """
        run = self.run_id(experiment, engine, seed)
        with self._transaction() as db:
            # A run is not half of one kind of bits and half of another.
            db.execute(
                "DELETE FROM checkpoints WHERE run IN (SELECT id FROM runs WHERE id = ? "
                "AND bits != ?)",
                (run, bits),
            )
            db.execute(
                "INSERT INTO runs (id, experiment, seed, engine, bits, status) "
                "VALUES (?, ?, ?, ?, ?, 'running') "
                "ON CONFLICT (id) DO UPDATE SET status = 'running', reason = '' "
                "WHERE status = 'failed'",
                (run, experiment, seed, engine, bits),
            )
            query = "SELECT coalesce(max(epoch), 0) FROM checkpoints WHERE run = ?"
            done = db.execute(query, (run,)).fetchone()[0]
            if done == 0:
                db.execute("UPDATE runs SET bits = ? WHERE id = ?", (bits, run))
            # There are none in a sound store; where a checkpoint is gone, they are trained again.
            db.execute("DELETE FROM epochs WHERE run = ? AND epoch > ?", (run, done))
            db.execute("DELETE FROM environments WHERE run = ? AND first_epoch > ?", (run, done))
            db.execute(
                "INSERT OR REPLACE INTO environments VALUES (?, ?, ?)",
                (run, done + 1, json.dumps(dict(environment))),
            )
        stored = self.run(run)
        assert stored is not None
        return stored

    def add_epoch(self, run: str, epoch: int, values: Mapping[str, float], state: Arrays) -> None:
        """Keep the values of an epoch together with the state after it.

        values: one for each of `EPOCH_COLUMNS`; NaN where there is none.
        """
        blob = safetensors.numpy.save(_contiguous(state))
        with self._transaction() as db:
            _insert_epoch(db, run, epoch, values)
            db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", (run, epoch, blob))

    def finish(self, run: str, tensors: Arrays, probabilities: NDArray[np.float32]) -> None:
        """Keep the tensors and probabilities of a run, and mark it finished."""
        with self._writing_files(run) as folder:
            weights = safetensors.numpy.save(_contiguous(tensors))
            write_atomically(folder / WEIGHTS, weights)
            write_atomically(folder / PROBABILITIES, probabilities)
        with self._transaction() as db:
            _end(db, run, "finished", "")

    def diverge(self, run: str, epoch: int, values: Mapping[str, float], reason: str) -> None:
        """Keep a run's last epoch, and mark it diverged: a result, never trained again."""
        with self._transaction() as db:
            _insert_epoch(db, run, epoch, values)
            _end(db, run, "diverged", reason)

    def fail(self, run: str, reason: str) -> None:
        """Mark a run as failed. Its state is kept: it is resumed when it is asked for again."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET status = 'failed', reason = ? WHERE id = ?", (reason, run))

    def take_run(self, ended: EndedRun, write_files: Callable[[Path], None]) -> None:
        """Keep a run that has ended elsewhere, in place of what is here of it. It must be claimed.

        write_files: writes the files of a finished run into its folder.
        """
        run = ended.run
        if run.status == "finished":
            with self._writing_files(run.id) as folder:
                write_files(folder)
                if (folder / WEIGHTS).exists():
                    (folder / PREDICTIONS).unlink(missing_ok=True)
        rows = zip(*(ended.epochs[column].tolist() for column in EPOCH_COLUMNS), strict=True)
        with self._transaction() as db:
            for table in ("epochs", "environments", "checkpoints"):
                db.execute(f"DELETE FROM {table} WHERE run = ?", (run.id,))
            db.execute(
                "INSERT INTO runs (id, experiment, seed, engine, bits, status, reason) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                "ON CONFLICT (id) DO UPDATE SET bits = ?5, status = ?6, reason = ?7",
                astuple(run),
            )
            for epoch, row in enumerate(rows, start=1):
                _insert_epoch(db, run.id, epoch, dict(zip(EPOCH_COLUMNS, row, strict=True)))
            for found in ended.environments:
                text = json.dumps(dict(found.where))
                db.execute(
                    "INSERT INTO environments VALUES (?, ?, ?)", (run.id, found.first_epoch, text)
                )

    def take_study(self, record: StudyRecord, identities: Mapping[str, Identity]) -> None:
        """Keep a study of another store, beside what is here of it.

        record: its folder is absolute, None if not known. identities: of its experiments, by hash.
        """
        study = record.study
        with self._transaction() as db:
            here = self.same_study(study)
            if here is None:
                where = study.folder and _relative(Path(study.folder), self.folder)
                cursor = db.execute(
                    "INSERT INTO studies (name, folder, preview) VALUES (?, ?, ?)",
                    (study.name, where, int(study.preview)),
                )
                assert cursor.lastrowid is not None
                id_, plans = cursor.lastrowid, dict(record.plans)
            else:
                id_, plans = here.study.id, united_plans(here.plans, record.plans)
            for named in record.names:
                _insert_experiment(db, identities[named.experiment])
                db.execute(
                    "INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?)",
                    (id_, named.name, named.experiment, named.data),
                )
            if plans:
                text = json.dumps({key: plan.to_json() for key, plan in plans.items()})
                db.execute("UPDATE studies SET plan = ? WHERE id = ?", (text, id_))

    def take_experiment(self, identity: Identity) -> None:
        """Keep an experiment of another store."""
        with self._transaction() as db:
            _insert_experiment(db, identity)

    @contextmanager
    def _writing_files(self, run: str) -> Iterator[Path]:
        """Yield the folder of a run's files, without what a killed process half wrote."""
        folder = self.folder / "runs" / run
        with told(self.folder):
            folder.mkdir(parents=True, exist_ok=True)
            for half_written in folder.glob(".*"):
                half_written.unlink()
            yield folder

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with told(self.folder):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _relative(folder: Path, store: Path) -> str:
    """A folder as seen from the store's: the two can be moved together."""
    try:
        return os.path.relpath(folder, store)
    except ValueError:  # On another drive.
        return os.path.abspath(folder)


def _insert_experiment(db: sqlite3.Connection, identity: Identity) -> None:
    db.execute(
        "INSERT OR IGNORE INTO experiments VALUES (?, ?, ?, ?, ?)",
        (identity.hash, identity.canonical, identity.data, identity.code, identity.recipe),
    )


def _insert_epoch(
    db: sqlite3.Connection, run: str, epoch: int, values: Mapping[str, float]
) -> None:
    columns = ", ".join(EPOCH_COLUMNS)
    marks = ", ".join("?" * len(EPOCH_COLUMNS))
    db.execute(
        f"INSERT INTO epochs (run, epoch, {columns}) VALUES (?, ?, {marks})",
        (run, epoch, *(values[column] for column in EPOCH_COLUMNS)),
    )


def _end(db: sqlite3.Connection, run: str, status: Status, reason: str) -> None:
    db.execute("UPDATE runs SET status = ?, reason = ? WHERE id = ?", (status, reason, run))
    db.execute("DELETE FROM checkpoints WHERE run = ?", (run,))


def _contiguous(arrays: Arrays) -> dict[str, NDArray[np.generic]]:
    return {name: np.asarray(array, order="C") for name, array in arrays.items()}
