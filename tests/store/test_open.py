"""Opening a store: what is made, what is refused, and what is said."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from paribus.errors import UserError
from paribus.store.migrate import SCHEMA_VERSION, migrations
from paribus.store.open import open_store, open_to_look, signature
from paribus.store.reader import Reader
from paribus.store.writer import Writer
from tests.support.rights import with_common_rights
from tests.support.stored import killed_store


def test_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no store found; create one with `paribus run`"):
        open_store(tmp_path, "write")
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_a_newer_version(tmp_path: Path) -> None:
    open_store(tmp_path, "create").close()
    with sqlite3.connect(tmp_path / "paribus.db") as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(UserError, match="made by a newer Paribus"):
        open_store(tmp_path, "write")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "paribus.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(UserError, match="is not a Paribus store or is damaged"):
        open_store(tmp_path, "write")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(UserError, match="runs: is a file, and a store is a folder"):
        open_store(tmp_path / "runs", "create")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")
def test_a_folder_that_nobody_may_write_to() -> None:
    # Root may write wherever permissions forbid it, but not here.
    with pytest.raises(UserError, match="/proc/self/runs: cannot be used as a store"):
        open_store(Path("/proc/self/runs"), "create")


def test_migrations_are_numbered_without_a_gap() -> None:
    assert list(migrations()) == list(range(1, SCHEMA_VERSION + 1))


def test_who_reads_can_only_read(tmp_path: Path) -> None:
    with open_store(tmp_path, "create") as store:
        assert isinstance(store, Writer)
        assert store.writable
    before = sorted(path.name for path in tmp_path.iterdir())
    with open_store(tmp_path, "read") as reading:
        assert type(reading) is Reader
        assert not reading.writable
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_command_that_only_looks_needs_no_right_to_write(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    open_store(folder, "create").close()
    with open_to_look(folder) as store:
        assert isinstance(store, Writer)
    folder.chmod(0o500)

    def look() -> type[Reader]:
        with open_to_look(folder) as store:
            return type(store)

    assert with_common_rights(look) is Reader
    with pytest.raises(UserError, match="no store found"):
        open_to_look(tmp_path / "nowhere")


def test_the_signature_changes_with_what_is_written(tmp_path: Path) -> None:
    assert signature(tmp_path) == ()
    with open_store(tmp_path, "create") as store:
        first = signature(tmp_path)
        assert signature(tmp_path) == first != ()
        store.keep_study("study.toml", {}, data="mnist")
        assert signature(tmp_path) != first


def test_what_a_killed_process_had_half_written_is_left_out(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    with open_store(tmp_path / "runs", "create") as store:
        store.keep_study("study.toml", {}, data="mnist")
        store._db.execute("PRAGMA journal_mode = DELETE")
        store._db.execute("PRAGMA cache_size = 5")  # What is written soon is in the file.
        store._db.execute("BEGIN IMMEDIATE")
        store._db.executemany(
            "INSERT INTO experiments VALUES (?, ?, '', '', '')",
            [(str(number), "x" * 2000) for number in range(50)],
        )
        for name in ("paribus.db", "paribus.db-journal"):
            shutil.copy(tmp_path / "runs" / name, killed)
    before = {path.name: path.read_bytes() for path in killed.iterdir()}
    with open_store(killed, "read") as reading:
        assert reading.identities() == []
        assert reading.study_id("study.toml", Path(), False) is not None
    assert {path.name: path.read_bytes() for path in killed.iterdir()} == before


def test_the_log_of_a_killed_process_is_read_where_nothing_may_be_written(tmp_path: Path) -> None:
    killed = killed_store(tmp_path)

    def look() -> int | None:
        with open_to_look(killed) as reading:
            return reading.study_id("study.toml", Path(), False)

    assert with_common_rights(look) is not None


def test_a_store_at_rest_that_is_written_to_is_read_no_further(tmp_path: Path) -> None:
    open_store(tmp_path, "create").close()
    with open_store(tmp_path, "read") as reading, open_store(tmp_path, "write") as store:
        store.keep_study("study.toml", {}, data="mnist")
        assert reading.all_runs() == []  # That is in the log, and changes no page that is read.
        store._db.execute("PRAGMA wal_checkpoint")
        with pytest.raises(UserError, match="begun to write to the store while it was read"):
            reading.all_runs()
