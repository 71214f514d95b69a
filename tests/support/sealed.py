"""Stores that say something else than they did, with digests that are right all the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from paribus.store.seals import run_digests, seal_run, seal_study, study_digests


def change(store: Path, *statements: str) -> None:
    """Change the database of a store, and seal what it says then."""
    with closing(sqlite3.connect(store / "paribus.db")) as db, db:
        for statement in statements:
            db.execute(statement)
        for run in run_digests(db):
            seal_run(db, run)
        for study in study_digests(db):
            seal_study(db, study)
