"""Format 3: seals, digests of what a store keeps, and the digests of the files of finished runs.

What is there is sealed as it is. The digests of files stay unknown until a command that writes
takes them (`Writer.adopt_files`): to read all files would take long here.
"""

from __future__ import annotations

import sqlite3

from paribus.store.seals import run_digests, seal_run, seal_study, study_digests

_TABLES = """
-- SHA-256 of the files of a finished run, in hex; none if an older Paribus wrote them.
CREATE TABLE files (
    run    TEXT NOT NULL REFERENCES runs (id),
    name   TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run, name)
) STRICT;

-- What is kept, and its digest: a seal without a row, or of another digest, is damage.
CREATE TABLE seals (
    kind   TEXT NOT NULL CHECK (kind IN ('run', 'study', 'timing')),
    id     TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
"""


def migrate(db: sqlite3.Connection) -> None:
    """Make the tables, and seal runs and studies."""
    for statement in _TABLES.split(";\n"):
        db.execute(statement)
    for run in run_digests(db):
        seal_run(db, run)
    for study in study_digests(db):
        seal_study(db, study)
