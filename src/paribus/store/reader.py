"""Reads a store: the folder in which experiments, runs and epochs are kept.

STORE/paribus.db                        the tables that store/migrations make
STORE/runs/RUN/weights.safetensors      a finished run's parameters and running statistics
STORE/runs/RUN/probabilities.npy        float32 (N, K): every class for every test image
STORE/runs/RUN/predictions.safetensors  in place of both, of a run that was unpacked
STORE/locks/RUN.lock                    held by the process that trains the run
STORE/timings/*.json                    timings of training steps
"""

from __future__ import annotations

from pathlib import Path

from paribus.errors import UserError
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity, read_canonical
from paribus.spec.study_plan import StudyPlan
from paribus.store.damage import plans_of
from paribus.store.rows import (
    TRIAL_MARK,
    NamedExperiment,
    NamedStudy,
    Place,
    StoredStudy,
    StudyRecord,
    Version,
)
from paribus.store.run_reader import RunReader


class Reader(RunReader):
    """An open store that is only read. Use it as a context manager, or `close` it.

    `open.open_store` opens one.
    """

    # Experiments

    def identities(self) -> list[Identity]:
        """Return the identities of all experiments, in the order in which they came."""
        rows = self._select("SELECT canonical, hash FROM experiments ORDER BY rowid")
        return [Identity(*row) for row in rows if ("experiment", row[1]) not in self._damage]

    def identity(self, hash_: str) -> Identity:
        """Return the identity of an experiment. Raises `UserError` if it is damaged."""
        rows = self._select("SELECT canonical FROM experiments WHERE hash = ?", hash_)
        damage = self._damage.get(("experiment", hash_))
        if not rows or damage is not None:
            why = "is gone from the database" if damage is None else damage.reason
            raise UserError(
                f"{self.folder}: experiment {hash_[:12]}: {why}; `paribus verify {self.folder}` "
                "lists all damage and says what to do"
            )
        return Identity(rows[0][0], hash_)

    def experiment(self, hash_: str) -> Experiment:
        """Return an experiment of the store; its data are called as they were typed last."""
        query = "SELECT data FROM names WHERE experiment = ? ORDER BY rowid DESC LIMIT 1"
        typed = self._select(query, hash_)
        identity = self.identity(hash_)
        return read_canonical(identity.canonical, typed[0][0] if typed else identity.data)

    def tuned_experiment(self, hash_: str) -> Experiment | None:
        """Return an experiment by its hash if it is tuned, None if it is not or is not here.

        Raises `UserError` if it is damaged."""
        rows = self._select("SELECT canonical FROM experiments WHERE hash = ?", hash_)
        if not rows or not self.identity(hash_).form.get("tune"):
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
        """Return the names that studies give an experiment, each once."""
        query = "SELECT DISTINCT name FROM names WHERE experiment = ? ORDER BY name"
        return [row[0] for row in self._select(query, experiment)]

    def names_in(self, study: StoredStudy, experiment: str) -> list[str]:
        """Return the name of an experiment in a study."""
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
        """Return all that studies call experiments, without trials of tuned ones."""
        rows = self._select("SELECT DISTINCT name FROM names ORDER BY name")
        return [row[0] for row in rows if TRIAL_MARK not in row[0]]

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
                plans_of(self.folder, row[0], plan),
            )
            for *row, plan in rows
            if ("study", str(row[0])) not in self._damage
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
        """Return all studies and what each calls experiments, without trials of tuned ones; the
        study trained last first."""
        rows = self._select(
            "SELECT studies.id, studies.name, folder, preview FROM studies "
            "JOIN names ON studies.id = study LEFT JOIN runs USING (experiment) "
            "GROUP BY studies.id ORDER BY max(runs.rowid) DESC, max(names.rowid) DESC"
        )
        named: dict[int, dict[str, tuple[str, ...]]] = {}
        query = "SELECT study, name, experiment FROM names ORDER BY rowid"
        for study, name, hash_ in self._select(query):
            if TRIAL_MARK in name:
                continue
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
        return plans_of(self.folder, study, rows[0][0]).get(variant) if rows else None


def _study(id_: int, name: str, folder: str | None, preview: int) -> StoredStudy:
    return StoredStudy(id_, name, folder, bool(preview))
