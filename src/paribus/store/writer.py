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

from paribus.atomic import half_written_of, write_atomically
from paribus.spec.identity import Identity
from paribus.spec.study_plan import StudyPlan
from paribus.store.claims import lock_path
from paribus.store.errors import disk_error, refuse_another, told
from paribus.store.files import NAMES, digests_in, settle_files
from paribus.store.places import make_room
from paribus.store.predictions import PREDICTIONS, PROBABILITIES, WEIGHTS
from paribus.store.reader import Reader
from paribus.store.row_changes import (
    contiguous,
    delete_parts,
    end,
    insert_epoch,
    insert_experiment,
    insert_files,
)
from paribus.store.rows import (
    EPOCH_COLUMNS,
    Arrays,
    EndedRun,
    StoredRun,
    StudyRecord,
    united_plans,
)
from paribus.store.seals import seal_run, seal_study, seal_timing
from paribus.store.timings import Timing, remove_timing, write_timing


class Writer(Reader):
    """An open store that is read and written."""

    writable: ClassVar[bool] = True

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, *, lenient: bool = False
    ) -> None:
        super().__init__(folder, connection, lenient=lenient)
        self.repaired: list[str] = []
        """The ids of damaged runs that have been written anew."""
        self._file = os.stat(folder / "paribus.db")

    @contextmanager
    def claim(self, run: str) -> Iterator[bool]:
        """Yield whether this process may train a run, true until the end of the `with` block."""
        refuse_another(self.folder, self._file)
        make_room(self.folder, run)
        lock = FileLock(lock_path(self.folder, run))
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
                insert_experiment(db, identity)
                # What is called so now is the latest of that name.
                key = (study, called, identity.hash)
                db.execute("DELETE FROM names WHERE study = ? AND name = ? AND experiment = ?", key)
                db.execute("INSERT INTO names VALUES (?, ?, ?, ?)", (*key, data))
            seal_study(db, study)
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
            seal_study(db, study)

    def adopt_code(self, unknown: str, identity: Identity) -> None:
        """Take an experiment whose code is not known, by its hash, for another: that with the
        code. Nothing happens if there are runs of that one already."""
        with self._transaction() as db:
            query = "SELECT count(*) FROM runs WHERE experiment = ?"
            if db.execute(query, (identity.hash,)).fetchone()[0]:
                return
            insert_experiment(db, identity)
            runs = [run.id for run in self.runs(unknown)]
            studies = [study.id for study in self.studies(unknown)]
            change = "SET experiment = ? WHERE experiment = ?"
            db.execute(f"UPDATE runs {change}", (identity.hash, unknown))
            db.execute(f"UPDATE OR REPLACE names {change}", (identity.hash, unknown))
            db.execute("DELETE FROM experiments WHERE hash = ?", (unknown,))
            for run in runs:
                seal_run(db, run)
            for study in studies:
                seal_study(db, study)

    def adopt_files(self, run: StoredRun) -> None:
        """Take the files of a finished run as they are now for those that were stored, if an older
        Paribus wrote them and kept no digests. What cannot be read is left out instead."""
        if run.status != "finished" or self.files(run.id).digests or not self.is_intact(run):
            return
        digests = digests_in(self.folder / "runs" / run.id)
        with self._transaction() as db:
            insert_files(db, run.id, digests)
            seal_run(db, run.id)

    def keep_timing(self, timing: Timing) -> Path:
        """Write a timing beside all earlier ones; return its path."""
        with told(self.folder):
            path, content = write_timing(self.folder, timing)
        with self._transaction() as db:
            seal_timing(db, path.name, content)
        return path

    def drop_damaged_timings(self) -> None:
        """Remove the timings that are damaged, so that they are made anew."""
        for kind, id_ in [key for key in self._damage if key[0] == "timing"]:
            with self._transaction() as db:
                db.execute("DELETE FROM seals WHERE kind = ? AND id = ?", (kind, id_))
            remove_timing(self.folder, id_)
            del self._damage[kind, id_]

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
            self._drop_damaged(db, run, experiment, engine=engine, seed=seed)
            # A run is not half of one kind of bits and half of another; an older Paribus did not
            # record of each what they are.
            db.execute(
                "DELETE FROM checkpoints WHERE run IN (SELECT id FROM runs WHERE id = ? "
                "AND bits NOT IN ('', ?))",
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
            seal_run(db, run)
        stored = self.run(run)
        assert stored is not None
        return stored

    def add_epoch(self, run: str, epoch: int, values: Mapping[str, float], state: Arrays) -> None:
        """Keep the values of an epoch together with the state after it.

        values: one for each of `EPOCH_COLUMNS`; NaN where there is none.
        """
        blob = safetensors.numpy.save(contiguous(state))
        with self._transaction() as db:
            insert_epoch(db, run, epoch, values)
            db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", (run, epoch, blob))
            seal_run(db, run)

    def finish(self, run: str, tensors: Arrays, probabilities: NDArray[np.float32]) -> None:
        """Keep the tensors and probabilities of a run, and mark it finished."""
        with self._writing_files(run) as folder:
            weights = safetensors.numpy.save(contiguous(tensors))
            write_atomically(folder / WEIGHTS, weights)
            write_atomically(folder / PROBABILITIES, probabilities)
            # Of a run that was unpacked, damaged, and trained again.
            (folder / PREDICTIONS).unlink(missing_ok=True)
        digests = digests_in(folder)
        with self._transaction() as db:
            insert_files(db, run, digests)
            end(db, run, "finished", "")

    def diverge(self, run: str, epoch: int, values: Mapping[str, float], reason: str) -> None:
        """Keep a run's last epoch, and mark it diverged: a result, never trained again."""
        with self._transaction() as db:
            insert_epoch(db, run, epoch, values)
            end(db, run, "diverged", reason)

    def fail(self, run: str, reason: str) -> None:
        """Mark a run as failed. Retain its state, so that it resumes when it is requested again."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET status = 'failed', reason = ? WHERE id = ?", (reason, run))
            seal_run(db, run)

    def take_run(self, ended: EndedRun, write_files: Callable[[Path], None]) -> None:
        """Keep a run that has ended elsewhere, in place of what is here of it. It must be claimed.

        write_files: writes the files of a finished run into its folder. Raises `ParibusError` if
        they are not what training wrote.
        """
        run, digests = ended.run, dict[str, str]()
        if run.status == "finished":
            with self._writing_files(run.id) as folder:
                write_files(folder)
                digests = settle_files(folder, ended.digests)
        rows = zip(*(ended.epochs[column].tolist() for column in EPOCH_COLUMNS), strict=True)
        with self._transaction() as db:
            self._drop_damaged(db, run.id, run.experiment, engine=run.engine, seed=run.seed)
            delete_parts(db, run.id)
            db.execute(
                "INSERT INTO runs (id, experiment, seed, engine, bits, status, reason) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                "ON CONFLICT (id) DO UPDATE SET bits = ?5, status = ?6, reason = ?7",
                astuple(run),
            )
            for epoch, row in enumerate(rows, start=1):
                insert_epoch(db, run.id, epoch, dict(zip(EPOCH_COLUMNS, row, strict=True)))
            for found in ended.environments:
                text = json.dumps(dict(found.where))
                db.execute(
                    "INSERT INTO environments VALUES (?, ?, ?)", (run.id, found.first_epoch, text)
                )
            insert_files(db, run.id, digests)
            seal_run(db, run.id)

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
                insert_experiment(db, identities[named.experiment])
                db.execute(
                    "INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?)",
                    (id_, named.name, named.experiment, named.data),
                )
            if plans:
                text = json.dumps({key: plan.to_json() for key, plan in plans.items()})
                db.execute("UPDATE studies SET plan = ? WHERE id = ?", (text, id_))
            seal_study(db, id_)

    def take_experiment(self, identity: Identity) -> None:
        """Keep an experiment of another store."""
        with self._transaction() as db:
            insert_experiment(db, identity)

    @contextmanager
    def _writing_files(self, run: str) -> Iterator[Path]:
        """Yield the folder of a run's files, without what a killed process half wrote."""
        folder = self.folder / "runs" / run
        with told(self.folder):
            refuse_another(self.folder, self._file)
            folder.mkdir(parents=True, exist_ok=True)
            for half_written in (p for name in NAMES for p in half_written_of(folder / name)):
                if not half_written.is_dir():
                    half_written.unlink()
            yield folder

    def _drop_damaged(
        self, db: sqlite3.Connection, id_: str, experiment: str, *, engine: str, seed: int
    ) -> None:
        """Remove the rows of damaged runs that stand where a run is to be."""
        rows = db.execute(
            "SELECT id FROM runs WHERE id = ? OR (experiment = ? AND engine = ? AND seed = ?)",
            (id_, experiment, engine, seed),
        ).fetchall()
        rows_damaged = [run for (run,) in rows if self.run(run) is None]
        for run in rows_damaged:
            delete_parts(db, run)
            db.execute("DELETE FROM runs WHERE id = ?", (run,))
            db.execute("DELETE FROM seals WHERE kind = 'run' AND id = ?", (run,))
            self._damage.pop(("run", run), None)
        if ("run", id_) in self._damage or rows_damaged:
            self.repaired.append(id_)
        self._damage.pop(("run", id_), None)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with told(self.folder):
            refuse_another(self.folder, self._file)
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
