"""Reads a store: the folder in which experiments, runs and epochs are kept.

STORE/paribus.db                        the tables that store/migrations make
STORE/runs/RUN/weights.safetensors      a finished run's parameters and running statistics
STORE/runs/RUN/probabilities.npy        float32 (N, K): every class for every test image
STORE/runs/RUN/predictions.safetensors  in place of both, of a run that was unpacked
STORE/locks/RUN.lock                    held by the process that trains the run
STORE/timings/*.json                    timings of training steps
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import safetensors.numpy
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from paribus.errors import ParibusError
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity, read_canonical
from paribus.spec.study_plan import StudyPlan
from paribus.store.errors import told
from paribus.store.predictions import PREDICTIONS, digests_of, read_predictions
from paribus.store.rows import (
    EPOCH_COLUMNS,
    Checkpoint,
    EndedRun,
    Environment,
    KeptPredictions,
    NamedExperiment,
    NamedStudy,
    Place,
    StoredRun,
    StoredStudy,
    StudyRecord,
    Version,
)

try:
    import fcntl
except ImportError:  # Windows has none.
    fcntl = None  # type: ignore[assignment]


class Reader:
    """An open store that is only read. Use it as a context manager, or `close` it.

    `open.open_store` opens one.
    """

    writable: ClassVar[bool] = False

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._db = connection

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Runs

    def run(self, run: str) -> StoredRun | None:
        """Return the run of an id."""
        rows = self._select("SELECT * FROM runs WHERE id = ?", run)
        return StoredRun(*rows[0]) if rows else None

    def find(self, experiment: str, engine: str, seed: int) -> StoredRun | None:
        """Return the run of an experiment, by its hash, with an engine and a seed."""
        rows = self._select(
            "SELECT * FROM runs WHERE experiment = ? AND engine = ? AND seed = ?",
            experiment, engine, seed,
        )  # fmt: skip
        return StoredRun(*rows[0]) if rows else None

    def run_id(self, experiment: str, engine: str, seed: int) -> str:
        """Return the id that a run has, or that it would get."""
        found = self.find(experiment, engine, seed)
        return f"{experiment[:12]}-{engine}-{seed}" if found is None else found.id

    def runs(self, experiment: str) -> list[StoredRun]:
        """Return all runs of an experiment, by engine and seed."""
        rows = self._select(
            "SELECT * FROM runs WHERE experiment = ? ORDER BY engine, seed", experiment
        )
        return [StoredRun(*row) for row in rows]

    def find_runs(self, text: str) -> list[StoredRun]:
        """Return the runs whose id begins with a text, or that it names as EXPERIMENT/SEED."""
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

    def is_claimed(self, run: str) -> bool:
        """Return whether some process, this one included, trains a run at this moment.

        It is seen without claiming the run, so nobody is in the way of another.
        """
        path = self.folder / "locks" / f"{run}.lock"
        if fcntl is None:
            return _is_locked(path)
        try:
            with open(path, "rb") as file:
                # Shared, so that others who look are not in the way; released at once.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                fcntl.flock(file, fcntl.LOCK_UN)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def epochs(self, run: str) -> dict[str, NDArray[np.float64]]:
        """Return every epoch of a run so far: (E,) for each of `EPOCH_COLUMNS`."""
        rows = self._select(
            f"SELECT {', '.join(EPOCH_COLUMNS)} FROM epochs WHERE run = ? ORDER BY epoch", run
        )
        table = np.array(rows, dtype=np.float64).reshape(len(rows), len(EPOCH_COLUMNS))
        return dict(zip(EPOCH_COLUMNS, table.T, strict=True))

    def checkpoint(self, run: str) -> Checkpoint | None:
        """Return what a run resumes from, None if it has trained no epoch or has ended."""
        rows = self._select("SELECT epoch, state FROM checkpoints WHERE run = ?", run)
        return Checkpoint(rows[0][0], safetensors.numpy.load(rows[0][1])) if rows else None

    def environments(self, run: str) -> list[dict[str, str]]:
        """Return where a run was trained, in order; more than one if it was resumed."""
        return [dict(found.where) for found in self._environments(run)]

    def weights(self, run: str) -> dict[str, NDArray[np.generic]] | None:
        """Return the tensors of a finished run by name, None if it has not finished."""
        path = self.folder / "runs" / run / "weights.safetensors"
        return safetensors.numpy.load_file(path) if path.exists() else None

    def probabilities(self, run: str) -> NDArray[np.float32] | None:
        """Return (N, K) for every test image; None if the run has not finished.

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

    def predictions(self, run: str) -> KeptPredictions | None:
        """Return the predictions of a run that was unpacked; None of any other.

        Raises `ParibusError` if the file is damaged.
        """
        found = read_predictions(self.folder / "runs" / run)
        return None if found is None else found.predictions

    def is_unpacked(self, run: str) -> bool:
        """Return whether a run was unpacked: then it has no weights here."""
        return (self.folder / "runs" / run / PREDICTIONS).is_file()

    def all_runs(self) -> list[StoredRun]:
        """Return every run, in the order in which they were begun."""
        return [StoredRun(*row) for row in self._select("SELECT * FROM runs ORDER BY rowid")]

    def ended(self, run: StoredRun) -> EndedRun:
        """Return all that there is of a run that has ended, but its files.

        Raises `ParibusError` if one of them is missing or damaged.
        """
        digests: dict[str, str] = {}
        if run.status == "finished":
            folder = self.folder / "runs" / run.id
            unpacked = read_predictions(folder)
            digests = digests_of(folder) if unpacked is None else unpacked.digests
        return EndedRun(run, tuple(self._environments(run.id)), self.epochs(run.id), digests)

    def _environments(self, run: str) -> list[Environment]:
        query = (
            "SELECT first_epoch, environment FROM environments WHERE run = ? ORDER BY first_epoch"
        )
        return [Environment(first, json.loads(text)) for first, text in self._select(query, run)]

    # Experiments

    def identities(self) -> list[Identity]:
        """Return the identities of all experiments, in the order in which they came."""
        rows = self._select("SELECT canonical, hash FROM experiments ORDER BY rowid")
        return [Identity(*row) for row in rows]

    def identity(self, hash_: str) -> Identity:
        """Return the identity of an experiment of the store."""
        (canonical,) = self._select("SELECT canonical FROM experiments WHERE hash = ?", hash_)[0]
        return Identity(canonical, hash_)

    def experiment(self, hash_: str) -> Experiment:
        """Return an experiment of the store; its data are called as they were typed last."""
        query = "SELECT data FROM names WHERE experiment = ? ORDER BY rowid DESC LIMIT 1"
        typed = self._select(query, hash_)
        identity = self.identity(hash_)
        return read_canonical(identity.canonical, typed[0][0] if typed else identity.data)

    def tuned_experiment(self, hash_: str) -> Experiment | None:
        """Return an experiment by its hash if it is tuned, None if it is not or is not here."""
        rows = self._select("SELECT canonical FROM experiments WHERE hash = ?", hash_)
        if not rows or not json.loads(rows[0][0]).get("tune"):
            return None
        return self.experiment(hash_)

    def places(self, hash_: str) -> list[Place]:
        """Return where the data of an experiment may be found, the likeliest first."""
        rows = self._select(
            "SELECT names.data, studies.id, studies.name, folder, preview FROM names "
            "JOIN studies ON studies.id = study WHERE experiment = ? ORDER BY names.rowid DESC",
            hash_,
        )
        found = [
            Place(data, folder)
            for data, *study in rows
            for folder in _study(*study).folders(self.folder)
        ]
        return list(dict.fromkeys(found))

    def data_names(self, hash_: str) -> list[str]:
        """Return all that the data of an experiment have been called."""
        query = "SELECT DISTINCT data FROM names WHERE experiment = ?"
        return [row[0] for row in self._select(query, hash_)]

    def versions(self, identity: Identity) -> list[Version]:
        """Return the experiments of the store that differ from one in data or code alone, itself
        included, the one that was run last at the end."""
        rows = self._select(
            "SELECT hash, data, code, count(runs.id), "
            "coalesce(sum(status IN ('running', 'failed')), 0) "
            "FROM experiments LEFT JOIN runs ON experiment = hash WHERE recipe = ? GROUP BY hash "
            # A study names its experiments anew each time that it is run.
            "ORDER BY (SELECT max(names.rowid) FROM names WHERE names.experiment = hash), "
            "experiments.rowid",
            identity.recipe,
        )
        return [Version(*row) for row in rows]

    def names(self, experiment: str) -> list[str]:
        """Return what studies call an experiment, without repetition."""
        query = "SELECT DISTINCT name FROM names WHERE experiment = ? ORDER BY name"
        return [row[0] for row in self._select(query, experiment)]

    def names_in(self, study: StoredStudy, experiment: str) -> list[str]:
        """Return what a study calls an experiment."""
        query = "SELECT name FROM names WHERE study = ? AND experiment = ?"
        return [row[0] for row in self._select(query, study.id, experiment)]

    def find_experiments(self, text: str) -> dict[str, list[StoredStudy]]:
        """Return the studies of each experiment that some study calls so, or whose hash begins
        so. A run of an older Paribus keeps the id that it had: its beginning is found too."""
        rows = self._select(
            "SELECT DISTINCT experiment, studies.id, studies.name, folder, preview "
            "FROM names JOIN studies ON studies.id = study WHERE names.name = ?1 "
            "OR substr(experiment, 1, max(6, length(?1))) = ?1 OR experiment IN "
            "(SELECT experiment FROM runs WHERE substr(id, 1, max(6, length(?1))) = ?1) "
            "ORDER BY experiment, studies.name, preview, studies.id",
            text,
        )
        found: dict[str, list[StoredStudy]] = {}
        for hash_, *study in rows:
            found.setdefault(hash_, []).append(_study(*study))
        return found

    def experiment_names(self) -> list[str]:
        """Return all that studies call experiments."""
        return [row[0] for row in self._select("SELECT DISTINCT name FROM names ORDER BY name")]

    # Studies

    def all_studies(self) -> list[StudyRecord]:
        """Return all that is kept of every study, in the order in which they came."""
        names: dict[int, list[NamedExperiment]] = {}
        query = "SELECT study, name, experiment, data FROM names ORDER BY rowid"
        for study, *named in self._select(query):
            names.setdefault(study, []).append(NamedExperiment(*named))
        rows = self._select("SELECT id, name, folder, preview, plan FROM studies ORDER BY id")
        return [
            StudyRecord(
                _study(*row),
                tuple(names.get(row[0], [])),
                {
                    key: StudyPlan.from_json(designs)
                    for key, designs in json.loads(plan or "{}").items()
                },
            )
            for *row, plan in rows
        ]

    def same_study(self, study: StoredStudy) -> StudyRecord | None:
        """Return what is kept of a study of another store, whose folder is absolute."""
        for record in self.all_studies():
            if record.study.placed(self.folder).is_same(study):
                return record
        return None

    def studies(self, experiment: str) -> list[StoredStudy]:
        """Return the studies that have an experiment."""
        rows = self._select(
            "SELECT DISTINCT studies.id, studies.name, folder, preview "
            "FROM names JOIN studies ON studies.id = study WHERE experiment = ? "
            "ORDER BY studies.name, preview, studies.id",
            experiment,
        )
        return [_study(*row) for row in rows]

    def named_studies(self) -> list[NamedStudy]:
        """Return all studies and what each calls experiments; the study trained last first."""
        rows = self._select(
            "SELECT studies.id, studies.name, folder, preview FROM studies "
            "JOIN names ON studies.id = study LEFT JOIN runs USING (experiment) "
            "GROUP BY studies.id ORDER BY max(runs.rowid) DESC, max(names.rowid) DESC"
        )
        named: dict[int, dict[str, tuple[str, ...]]] = {}
        query = "SELECT study, name, experiment FROM names ORDER BY rowid"
        for study, name, hash_ in self._select(query):
            called = named.setdefault(study, {})
            called[name] = (*called.get(name, ()), hash_)
        return [NamedStudy(_study(*row), named[row[0]]) for row in rows]

    def study_id(self, name: str, folder: Path, preview: bool) -> int | None:
        """Return the id of a study by its name as typed and the folder that its paths start from;
        None if no run has kept it."""
        # Where the folder is not known, a study that is known by it comes first.
        rows = self._select(
            "SELECT id, name, folder, preview FROM studies WHERE preview = ? "
            "ORDER BY folder IS NULL, name <> ?, id DESC",
            int(preview),
            name,
        )
        found = (_study(*row) for row in rows)
        return next((s.id for s in found if s.is_called(name, folder, self.folder)), None)

    def plan(self, study: int, variant: str = "") -> StudyPlan | None:
        """Return the plan of a study by its id; None if none was recorded.

        variant: the options that make another study of it, as typed.
        """
        rows = self._select("SELECT plan FROM studies WHERE id = ?", study)
        kept = json.loads(rows[0][0]) if rows and rows[0][0] else {}
        return StudyPlan.from_json(kept[variant]) if variant in kept else None

    def _select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with told(self.folder):
            return self._db.execute(query, values).fetchall()


def _study(id_: int, name: str, folder: str | None, preview: int) -> StoredStudy:
    return StoredStudy(id_, name, folder, bool(preview))


def _is_locked(path: Path) -> bool:
    """Where there are no shared locks: by taking it for a moment."""
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0.2, poll_interval=0.02)
    except (Timeout, OSError):
        return True
    lock.release()
    return False
