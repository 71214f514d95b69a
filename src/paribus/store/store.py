"""A store: the folder in which experiments, runs and epochs are kept.

    STORE/paribus.db                        the tables of schema.sql
    STORE/runs/RUN/weights.safetensors      a finished run's parameters and running statistics
    STORE/runs/RUN/probabilities.npy        float32 (N, K): every class for every test image
    STORE/locks/RUN.lock                    held by the process that trains the run

Everything is written whole or not at all, so a process can be killed at any moment. Several
processes may work with one store at once: a run is trained by the one that holds its lock, and
the operating system lets go of a lock when its process ends, however it ends.
"""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import safetensors.numpy
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from paribus.errors import ParibusError, UserError
from paribus.spec.experiment import Experiment
from paribus.store.atomic import write_atomically

SCHEMA_VERSION = 1

PREVIEW_MARK = " --preview"
"""Ends the name of a study that an experiment is only a preview of."""

Status = Literal["running", "finished", "diverged", "failed"]
Arrays = Mapping[str, NDArray[np.generic]]

EPOCH_COLUMNS = (
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "validation_loss",
    "validation_accuracy",
    "train_seconds",
    "test_seconds",
)


@dataclass(frozen=True)
class StoredRun:
    """A row of the table of runs."""

    id: str
    experiment: str
    """The experiment's hash."""
    seed: int
    engine: str
    fingerprint: str
    status: Status
    reason: str

    def check_data(self, fingerprint: str) -> None:
        """Raise `UserError` unless it was trained on the data that has this fingerprint."""
        if self.fingerprint != fingerprint:
            raise UserError(
                f"run {self.id} was trained on other data: the data set has changed since; "
                "put the old data back, or use another store with --store"
            )


class Store:
    """An open store. Use it as a context manager, or `close` it."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._db = connection

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Self:
        """The store in a folder; made if `create` and there is none.

        Raises `UserError` if there is none, if a newer Paribus made it, or if the folder cannot
        be written to.
        """
        path = folder / "paribus.db"
        if not create and not path.is_file():
            raise UserError(
                f"{folder}: there is no store here; `paribus run` makes one, "
                "and --store names another folder"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "locks").mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{folder}: cannot be used as a store: {error.strerror}; "
                "name another folder with --store"
            ) from None
        with _told(folder):
            connection = sqlite3.connect(path, timeout=60, isolation_level=None)
            try:
                _prepare(connection, folder)
            except BaseException:
                connection.close()
                raise
        return cls(folder, connection)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Writing

    @contextmanager
    def claim(self, run: str) -> Iterator[bool]:
        """Whether this process may train a run, true until the end of the `with` block."""
        lock = FileLock(self.folder / "locks" / f"{run}.lock")
        try:
            # One who only looks whether it is claimed holds it for a moment (reading.is_claimed).
            lock.acquire(timeout=0.2, poll_interval=0.02)
        except Timeout:
            yield False
            return
        except OSError as error:
            raise _disk_error(self.folder, error) from None
        try:
            yield True
        finally:
            lock.release()

    def is_claimed(self, run: str) -> bool:
        """Whether some process, this one included, trains a run at this moment."""
        path = self.folder / "locks" / f"{run}.lock"
        if not path.exists():
            return False
        with self.claim(run) as free:
            return not free

    def name_experiment(self, name: str, study: str, experiment: Experiment) -> None:
        """Keep an experiment, and what a study calls it."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO experiments VALUES (?, ?)",
                (experiment.hash, json.dumps(experiment.canonical())),
            )
            db.execute(
                "INSERT OR IGNORE INTO names VALUES (?, ?, ?)", (name, study, experiment.hash)
            )

    def begin(
        self,
        experiment: str,
        seed: int,
        engine: str,
        fingerprint: str,
        environment: Mapping[str, str],
    ) -> StoredRun:
        """A run that is trained from now on: a new one, or one taken up where it was left.

        Raises `UserError` if it was begun on data that has changed since.
        """
        run = run_id(experiment, seed, engine)
        if (before := self.run(run)) is not None:
            before.check_data(fingerprint)
        with self._transaction() as db:
            db.execute(
                "INSERT INTO runs (id, experiment, seed, engine, fingerprint, status) "
                "VALUES (?, ?, ?, ?, ?, 'running') "
                "ON CONFLICT (id) DO UPDATE SET status = 'running', reason = '' "
                "WHERE status = 'failed'",
                (run, experiment, seed, engine, fingerprint),
            )
            done = db.execute("SELECT coalesce(max(epoch), 0) FROM epochs WHERE run = ?", (run,))
            db.execute(
                "INSERT OR REPLACE INTO environments VALUES (?, ?, ?)",
                (run, done.fetchone()[0] + 1, json.dumps(dict(environment))),
            )
        stored = self.run(run)
        assert stored is not None
        return stored

    def add_epoch(self, run: str, epoch: int, values: Mapping[str, float], state: Arrays) -> None:
        """Keep what an epoch came to together with the state after it.

        values: one for each of `EPOCH_COLUMNS`; NaN where there is none.
        """
        blob = safetensors.numpy.save(_contiguous(state))
        with self._transaction() as db:
            _insert_epoch(db, run, epoch, values)
            db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", (run, epoch, blob))

    def finish(self, run: str, tensors: Arrays, probabilities: NDArray[np.float32]) -> None:
        """Keep what a run ended with, and mark it finished."""
        folder = self.folder / "runs" / run
        with _told(self.folder):
            folder.mkdir(parents=True, exist_ok=True)
            for half_written in folder.glob(".*"):  # by a process that was killed
                half_written.unlink()
            weights = safetensors.numpy.save(_contiguous(tensors))
            write_atomically(folder / "weights.safetensors", weights)
            write_atomically(folder / "probabilities.npy", probabilities)
        with self._transaction() as db:
            _end(db, run, "finished", "")

    def diverge(self, run: str, epoch: int, values: Mapping[str, float], reason: str) -> None:
        """Keep a run's last epoch, and mark it diverged: a result, never trained again."""
        with self._transaction() as db:
            _insert_epoch(db, run, epoch, values)
            _end(db, run, "diverged", reason)

    def fail(self, run: str, reason: str) -> None:
        """Mark a run as failed. Its state is kept: it is taken up again when asked for again."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET status = 'failed', reason = ? WHERE id = ?", (reason, run))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _told(self.folder):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    # Reading

    def run(self, run: str) -> StoredRun | None:
        rows = self._select("SELECT * FROM runs WHERE id = ?", run)
        return StoredRun(*rows[0]) if rows else None

    def runs(self, experiment: str) -> list[StoredRun]:
        """All runs of an experiment, by engine and seed."""
        rows = self._select(
            "SELECT * FROM runs WHERE experiment = ? ORDER BY engine, seed", experiment
        )
        return [StoredRun(*row) for row in rows]

    def find_runs(self, text: str) -> list[StoredRun]:
        """Runs whose id begins with a text, or that it names as EXPERIMENT/SEED."""
        name, _, seed = text.partition("/")
        rows = self._select(
            "SELECT DISTINCT runs.* FROM runs LEFT JOIN names USING (experiment) "
            "WHERE substr(runs.id, 1, length(?1)) = ?1 OR (name = ?2 AND seed = ?3) "
            "ORDER BY runs.id",
            text,
            name,
            int(seed) if seed.isdecimal() and len(seed) < 10 else None,
        )
        return [StoredRun(*row) for row in rows]

    def names(self, experiment: str) -> list[str]:
        """What studies call an experiment, without repetition."""
        query = "SELECT DISTINCT name FROM names WHERE experiment = ? ORDER BY name"
        return [row[0] for row in self._select(query, experiment)]

    def find_experiments(self, text: str) -> dict[str, list[str]]:
        """The studies of each experiment that some study calls so, or whose hash begins so."""
        rows = self._select(
            "SELECT DISTINCT experiment, study FROM names "
            "WHERE name = ?1 OR substr(experiment, 1, max(6, length(?1))) = ?1 "
            "ORDER BY experiment, study",
            text,
        )
        found: dict[str, list[str]] = {}
        for hash_, study in rows:
            found.setdefault(hash_, []).append(study)
        return found

    def experiment_names(self) -> list[str]:
        """All that studies call experiments."""
        return [row[0] for row in self._select("SELECT DISTINCT name FROM names ORDER BY name")]

    def studies(self, experiment: str) -> list[str]:
        """The studies that have an experiment, as they were typed, without repetition."""
        query = "SELECT DISTINCT study FROM names WHERE experiment = ? ORDER BY study"
        return [row[0] for row in self._select(query, experiment)]

    def studies_with_names(self) -> dict[str, dict[str, str]]:
        """What each study calls experiments, with their hashes; the study trained last first. Of
        experiments that a study has called the same, the latest."""
        named: dict[str, dict[str, str]] = {}
        for study, name, hash_ in self._select(
            "SELECT study, name, experiment FROM names ORDER BY rowid"
        ):
            named.setdefault(study, {})[name] = hash_
        latest = self._select(
            "SELECT study FROM names LEFT JOIN runs USING (experiment) "
            "GROUP BY study ORDER BY max(runs.rowid) DESC, max(names.rowid) DESC"
        )
        return {study: named[study] for (study,) in latest}

    def experiment(self, hash_: str) -> Experiment:
        rows = self._select("SELECT canonical FROM experiments WHERE hash = ?", hash_)
        settings = json.loads(rows[0][0])
        del settings["format"]
        return Experiment.model_validate(settings)

    def epochs(self, run: str) -> dict[str, NDArray[np.float64]]:
        """Every epoch of a run so far: (E,) for each of `EPOCH_COLUMNS`."""
        rows = self._select(
            f"SELECT {', '.join(EPOCH_COLUMNS)} FROM epochs WHERE run = ? ORDER BY epoch", run
        )
        table = np.array(rows, dtype=np.float64).reshape(len(rows), len(EPOCH_COLUMNS))
        return dict(zip(EPOCH_COLUMNS, table.T, strict=True))

    def checkpoint(self, run: str) -> dict[str, NDArray[np.generic]] | None:
        """The state after a run's last epoch, None if it has none or has ended."""
        rows = self._select("SELECT state FROM checkpoints WHERE run = ?", run)
        return safetensors.numpy.load(rows[0][0]) if rows else None

    def environments(self, run: str) -> list[dict[str, str]]:
        """Where a run was trained, in order; more than one if it was resumed."""
        query = "SELECT environment FROM environments WHERE run = ? ORDER BY first_epoch"
        return [json.loads(row[0]) for row in self._select(query, run)]

    def weights(self, run: str) -> dict[str, NDArray[np.generic]] | None:
        path = self.folder / "runs" / run / "weights.safetensors"
        return safetensors.numpy.load_file(path) if path.exists() else None

    def probabilities(self, run: str) -> NDArray[np.float32] | None:
        """(N, K) for every test image; None if the run has not finished.

        Raises `ParibusError` if the file is damaged.
        """
        path = self.folder / "runs" / run / "probabilities.npy"
        if not path.exists():
            return None
        try:
            values: NDArray[np.float32] = np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise ParibusError(
                f"{path}: cannot be read: {error}; the file is damaged, restore it from a copy"
            ) from None
        return values

    def _select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with _told(self.folder):
            return self._db.execute(query, values).fetchall()


def run_id(experiment: str, seed: int, engine: str) -> str:
    """The id of a run: the start of its experiment's hash, its engine and its seed."""
    return f"{experiment[:12]}-{engine}-{seed}"


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


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    """Make the tables if there are none; refuse what a newer version made."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    # A killed process loses nothing; a power cut may lose the last epochs but no consistency.
    connection.execute("PRAGMA synchronous = NORMAL")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise UserError(
            f"{folder}: this store was made by a newer Paribus (its format is {version}, "
            f"this one knows {SCHEMA_VERSION}); update Paribus, or use another store with --store"
        )
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        # Asked again under the lock: another process may have made them in the meantime.
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            schema = resources.files("paribus.store").joinpath("schema.sql").read_text("utf-8")
            for statement in schema.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turns failures of the disk and of the database into messages."""
    try:
        yield
    except sqlite3.Error as error:
        raise _database_error(folder, error) from None
    except OSError as error:
        raise _disk_error(folder, error) from None


def _database_error(folder: Path, error: sqlite3.Error) -> ParibusError:
    text = str(error)
    if "full" in text:
        return _full(folder)
    if "readonly" in text or "unable to open" in text:
        return UserError(
            f"{folder}: the store cannot be written to; check its permissions, "
            "or name another folder with --store"
        )
    if "locked" in text:
        return ParibusError(
            f"{folder}: another program has kept the store's database locked for a minute; "
            "close it and run the same command again"
        )
    if "not a database" in text or "malformed" in text:
        return UserError(
            f"{folder / 'paribus.db'}: is not a Paribus store or is damaged ({text}); "
            "restore it from a copy, or name another folder with --store"
        )
    return ParibusError(f"{folder / 'paribus.db'}: {text}")


def _disk_error(folder: Path, error: OSError) -> ParibusError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(folder)
    return UserError(
        f"{error.filename or folder}: {error.strerror}; check the folder's permissions, "
        "or name another one with --store"
    )


def _full(folder: Path) -> ParibusError:
    return ParibusError(
        f"{folder}: the disk is full; nothing that was finished is lost: "
        "make room and run the same command again"
    )


def _contiguous(arrays: Arrays) -> dict[str, NDArray[np.generic]]:
    return {name: np.asarray(array, order="C") for name, array in arrays.items()}
