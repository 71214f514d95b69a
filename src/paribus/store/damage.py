"""What is damaged in a store: what has changed in it, or gone from it, outside of Paribus.

Nothing in a store is believed before it is checked here: it may come from a stranger.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from paribus.spec import identity as identities
from paribus.spec.bounds import LONGEST_NAME
from paribus.spec.identity import Identity, read_canonical, upgraded
from paribus.spec.study import NAME as EXPERIMENT_NAME
from paribus.spec.study_plan import StudyPlan
from paribus.store.errors import broken, damaged_study, database_error, no_store
from paribus.store.files import ID, digest_of, read_plain
from paribus.store.places import TIMINGS
from paribus.store.rows import TRIAL_MARK
from paribus.store.seals import run_digests, seals, study_digests
from paribus.text import count, shown

_SMALLEST = 512
"""Bytes of a page: SQLite takes a smaller file for an empty database."""

Kind = Literal["run", "experiment", "study", "timing"]


@dataclass(frozen=True)
class Damage:
    """Something of a store that is not as it was stored."""

    kind: Kind
    id: str
    reason: str
    """Description of the damage, as a clause."""
    seal: str | None = None
    """The digest that was kept of it; None if none was."""

    @property
    def name(self) -> str:
        return shown(self.id, 100)

    @property
    def sentence(self) -> str:
        """Description of the damage, in a line."""
        return f"{self.kind} {self.name}: {self.reason}"


def is_stored_name(text: str) -> bool:
    """Return whether a store may have an experiment of this name: one of a study, or a trial of
    it, such as "adam~3.7"."""
    name, _, trial = text.partition(TRIAL_MARK)
    whole = trial == "" or re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", trial) is not None
    return whole and re.search(EXPERIMENT_NAME, name) is not None and len(name) <= LONGEST_NAME


def refuse_empty(folder: Path, *, made: bool) -> None:
    """Raise `UserError` if a database is an empty file, which SQLite would make a store of.

    made: whether the store may be one that a killed process has just begun to make.
    """
    database = folder / "paribus.db"
    if (
        not database.is_file()
        or database.stat().st_size >= _SMALLEST
        or (folder / "paribus.db-wal").exists()
    ):
        return
    if (folder / "runs").exists():
        raise broken(folder, "it is empty")
    if not made:
        raise no_store(folder)


def refuse_broken(db: sqlite3.Connection, folder: Path) -> None:
    """Raise `UserError` if SQLite finds a database damaged."""
    try:
        (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise database_error(folder, error) from None
    if verdict != "ok":
        last = str(verdict).strip().splitlines()[-1]
        raise broken(folder, shown(last, 200))


def check(db: sqlite3.Connection, folder: Path) -> tuple[Damage, ...]:
    """Return all damage that shows without reading the files of runs.

    The database must be in a transaction, so that all that is compared is of one moment.
    """
    experiments = tuple(_experiments(db))
    gone = {damage.id for damage in experiments}
    return (
        *experiments,
        *_studies(db),
        *_runs(db, gone),
        *_timings(db, folder),
    )


def _experiments(db: sqlite3.Connection) -> Iterator[Damage]:
    for row in db.execute("SELECT hash, canonical, data, code, recipe FROM experiments"):
        if reason := _experiment_fault(row):
            yield Damage("experiment", str(row[0]), reason)


@cache
def _experiment_fault(row: tuple[Any, ...]) -> str:
    """Description of an experiment's damage, "" if it has none."""
    hash_, canonical, *columns = row
    try:
        if hash_ != hashlib.sha256(canonical.encode()).hexdigest():
            return "its settings are not those of its hash"
        known = Identity(canonical, hash_)
        if known.form["version"] > identities.VERSION:
            return "its settings are of a newer Paribus; update Paribus"
        if columns != [known.data, known.code, known.recipe]:
            return "its data, code or recipe are not those of its settings"
        read_canonical(Identity.of(upgraded(known.form)).canonical, "")
    except Exception as error:  # What is no experiment may fail in any way.
        return f"its settings cannot be read ({_line(error)})"
    return ""


def _studies(db: sqlite3.Connection) -> Iterator[Damage]:
    kept = seals(db, "study")
    now = {str(id_): digest for id_, digest in study_digests(db).items()}
    for id_, digest in now.items():
        if kept.get(id_) != digest:
            reason = "its name, plan or experiments have changed since they were stored"
            yield Damage("study", id_, reason, kept.get(id_))
    for id_ in sorted(kept.keys() - now.keys()):
        yield Damage("study", id_, "is gone from the database", kept[id_])
    names = db.execute("SELECT study, name, data FROM names").fetchall()
    for study, name, data in names:
        if not is_stored_name(name) or "\0" in data:
            yield Damage("study", str(study), f"no experiment can be called {shown(name, 40)}")
    for study, name, where in db.execute("SELECT id, name, folder FROM studies"):
        if "\0" in f"{name}{where}":
            yield Damage("study", str(study), "its name is none")


def plans_of(folder: Path, study: int, text: str | None) -> Mapping[str, StudyPlan]:
    """Return the plans of a study by variant, as its row has them.

    Raises `UserError` if what is there is none. That is seen where plans are asked for, since it
    takes loading what questions are made of.
    """
    try:
        return _plans(text or "{}")
    except Exception as error:  # What is no plan may fail in any way.
        raise damaged_study(
            folder, f"study {study}: its plan cannot be read ({_line(error)})"
        ) from None


@cache
def _plans(text: str) -> Mapping[str, StudyPlan]:
    plans = {variant: StudyPlan.from_json(designs) for variant, designs in json.loads(text).items()}
    for plan in plans.values():
        # What commands ask of a plan is worked out once, to see that it can be.
        plan.amendments()
        for question in (asked for design in plan.designs for asked in design.questions):
            question.question  # noqa: B018
            for term in question.table:
                question.term(term)
    return plans


def _runs(db: sqlite3.Connection, gone: set[str]) -> Iterator[Damage]:
    kept, now = seals(db, "run"), run_digests(db)
    known = {hash_ for (hash_,) in db.execute("SELECT hash FROM experiments")}
    where = db.execute("SELECT run, environment FROM environments")
    strange = {run for run, text in where if not _is_environment(text)}
    for id_, experiment, engine, seed in db.execute(
        "SELECT id, experiment, engine, seed FROM runs"
    ):
        reason = ""
        if now[id_] != kept.get(id_):
            reason = "its results have changed since they were stored"
        elif not (ID.fullmatch(id_) and ID.fullmatch(engine) and seed >= 0):
            reason = "its id, engine or seed is none that Paribus gives"
        elif id_ in strange:
            reason = "what is kept of where it was trained cannot be read"
        elif experiment in gone or experiment not in known:
            reason = "its experiment is damaged"
        if reason:
            yield Damage("run", id_, reason, kept.get(id_))
    for id_ in sorted(kept.keys() - now.keys()):
        yield Damage("run", id_, "is gone from the database", kept[id_])


def _is_environment(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(isinstance(value, str) for value in found.values())


def _timings(db: sqlite3.Connection, folder: Path) -> Iterator[Damage]:
    for name, digest in seals(db, "timing").items():
        path = folder / TIMINGS / name
        content = read_plain(path) if ID.fullmatch(name) else None
        if content is None:
            yield Damage("timing", name, "its file is missing", digest)
        elif digest_of(content) != digest:
            yield Damage("timing", name, "its file has changed since it was stored", digest)


def _line(error: Exception) -> str:
    return shown(f"{type(error).__name__}: {error}".splitlines()[0], 200)


def left_out(folder: Path, damage: tuple[Damage, ...]) -> str:
    """Warning about damaged parts that a command leaves out; "" if there are none."""
    if not damage:
        return ""
    of_runs = [one for one in damage if one.kind == "run"]
    others = [one for one in damage if one.kind != "run"]
    first = (of_runs or others)[0]
    number = count(len(of_runs), "run") if of_runs else count(len(others), f"damaged {first.kind}")
    more = "" if len(damage) == 1 else f" and {count(len(damage) - 1, 'more fault')}"
    verb = "is" if len(of_runs or others) == 1 else "are"
    return (
        f"Warning: {folder}: {number} {verb} damaged and left out ({first.sentence}{more}). "
        f"`paribus verify {folder}` lists all and says what to do."
    )
