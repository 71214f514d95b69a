"""Format 2: identities of version 2, studies as rows, run ids that say nothing.

Format 1 knew data by the text that was typed and kept a fingerprint with each run. Now the
fingerprint is part of what an experiment is. Experiments that were the same on the same images
under two names become one; of two such runs with one seed and engine, the one that got further is
kept. An experiment that was never begun, of a study without runs, has no known data and goes.

Runs keep their ids, and with them their folders. The code of custom modules was not recorded: it
stays unknown ("") until a command that knows the study adopts the present one (`known.identify`).
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from typing import Any

from paribus.spec.identity import Identity, from_format_1

_PREVIEW_MARK = " --preview"

_TABLES = """
-- All that one training needs but its seed, as canonical JSON under its SHA-256.
CREATE TABLE new_experiments (
    hash      TEXT PRIMARY KEY,
    canonical TEXT NOT NULL,
    data      TEXT NOT NULL,  -- fingerprint of the data
    code      TEXT NOT NULL,  -- digest of a custom module's source; '' for layers, or unknown
    recipe    TEXT NOT NULL   -- what experiments that differ in data or code alone have in common
) STRICT;
CREATE INDEX experiments_of_recipe ON new_experiments (recipe);

CREATE TABLE studies (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,  -- as typed: a built-in name or a path; a title if made in Python
    folder  TEXT,           -- that its paths start from, from the store's; NULL if not known
    preview INTEGER NOT NULL CHECK (preview IN (0, 1)),
    plan    TEXT            -- what was meant to be trained (JSON)
) STRICT;
CREATE UNIQUE INDEX studies_by_name ON studies (name, coalesce(folder, ''), preview);

-- What a study calls an experiment, and its data as typed.
CREATE TABLE new_names (
    study      INTEGER NOT NULL REFERENCES studies (id),
    name       TEXT NOT NULL,
    experiment TEXT NOT NULL REFERENCES experiments (hash),
    data       TEXT NOT NULL,
    PRIMARY KEY (study, name, experiment)
) STRICT;

CREATE TABLE new_runs (
    id         TEXT PRIMARY KEY,  -- says nothing: look runs up by experiment, engine and seed
    experiment TEXT NOT NULL REFERENCES experiments (hash),
    seed       INTEGER NOT NULL,
    engine     TEXT NOT NULL,
    bits       TEXT NOT NULL,     -- what decides the engine's bits beside its name; mostly ''
    status     TEXT NOT NULL CHECK (status IN ('running', 'finished', 'diverged', 'failed')),
    reason     TEXT NOT NULL DEFAULT '',
    UNIQUE (experiment, seed, engine)
) STRICT;
"""


def migrate(db: sqlite3.Connection) -> None:
    """Rewrite the tables of format 1."""
    for statement in _TABLES.split(";\n"):
        db.execute(statement)
    forms = {hash_: json.loads(text) for hash_, text in db.execute("SELECT * FROM experiments")}
    data = _data(db, forms)
    identities: dict[tuple[str, str], Identity] = {}
    for old, fingerprints in data.items():
        for fingerprint in fingerprints:
            made = Identity.of(from_format_1(forms[old], fingerprint))
            identities[old, fingerprint] = made
            db.execute(
                "INSERT OR IGNORE INTO new_experiments VALUES (?, ?, ?, ?, ?)",
                (made.hash, made.canonical, made.data, made.code, made.recipe),
            )
    _name(db, forms, data, identities)
    _keep_runs(db, identities)
    for table in ("experiments", "names", "runs"):
        db.execute(f"DROP TABLE {table}")
        db.execute(f"ALTER TABLE new_{table} RENAME TO {table}")


def _data(db: sqlite3.Connection, forms: dict[str, Any]) -> dict[str, list[str]]:
    """The fingerprints of the data of each experiment: those of its runs, or, where it has none,
    those of experiments on data of the same name in the same study."""
    found: dict[str, list[str]] = defaultdict(list)
    runs = "SELECT DISTINCT experiment, fingerprint FROM runs ORDER BY rowid"
    for experiment, fingerprint in db.execute(runs):
        found[experiment].append(fingerprint)
    named = db.execute("SELECT study, experiment FROM names ORDER BY rowid").fetchall()
    of_study: dict[tuple[str, str], list[str]] = defaultdict(list)
    for study, experiment in named:
        of_study[study, forms[experiment]["data"]] += found.get(experiment, [])
    for study, experiment in named:
        if experiment not in found and (known := of_study[study, forms[experiment]["data"]]):
            found[experiment] = [known[-1]]
    return dict(found)


def _name(
    db: sqlite3.Connection,
    forms: dict[str, Any],
    data: dict[str, list[str]],
    identities: dict[tuple[str, str], Identity],
) -> None:
    studies: dict[str, int] = {}
    names = db.execute("SELECT name, study, experiment FROM names ORDER BY rowid").fetchall()
    for name, study, old in names:
        for fingerprint in data.get(old, []):
            if study not in studies:
                preview = study.endswith(_PREVIEW_MARK)
                cursor = db.execute(
                    "INSERT INTO studies (name, preview) VALUES (?, ?)",
                    (study.removesuffix(_PREVIEW_MARK), int(preview)),
                )
                assert cursor.lastrowid is not None
                studies[study] = cursor.lastrowid
            db.execute(
                "INSERT OR IGNORE INTO new_names VALUES (?, ?, ?, ?)",
                (studies[study], name, identities[old, fingerprint].hash, forms[old]["data"]),
            )


def _keep_runs(db: sqlite3.Connection, identities: dict[tuple[str, str], Identity]) -> None:
    """Copy the runs; of runs that have become the same, the one that got furthest."""
    epochs = dict(db.execute("SELECT run, max(epoch) FROM epochs GROUP BY run").fetchall())
    rows = db.execute(
        "SELECT id, experiment, seed, engine, fingerprint, status, reason FROM runs ORDER BY rowid"
    ).fetchall()
    best: dict[tuple[str, int, str], tuple[tuple[bool, int], tuple[str, ...]]] = {}
    for id_, old, seed, engine, fingerprint, status, reason in rows:
        key = (identities[old, fingerprint].hash, seed, engine)
        rank = (status in ("finished", "diverged"), epochs.get(id_, 0))
        if key not in best or rank > best[key][0]:
            best[key] = rank, (id_, status, reason)
    for (hash_, seed, engine), (_, (id_, status, reason)) in best.items():
        db.execute(
            "INSERT INTO new_runs VALUES (?, ?, ?, ?, '', ?, ?)",
            (id_, hash_, seed, engine, status, reason),
        )
    for table in ("epochs", "checkpoints", "environments"):
        db.execute(f"DELETE FROM {table} WHERE run NOT IN (SELECT id FROM new_runs)")
