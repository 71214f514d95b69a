"""Reading a store that nobody writes to: what is said where that changes, and what is left."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paribus.errors import UserError
from paribus.store.migrate import SCHEMA_VERSION
from paribus.store.open import open_store, open_to_look
from paribus.store.rest import connect_at_rest, in_memory
from tests.support.rights import with_common_rights
from tests.support.stored import killed_store


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A store with the log of a process that was killed as it wrote, which may not be written."""
    return killed_store(tmp_path)


def refusal(folder: Path) -> str:
    """What is said to a user who cannot read a store."""

    def look() -> str:
        with pytest.raises(UserError) as caught:
            open_to_look(folder)
        return str(caught.value)

    return with_common_rights(look)


def test_the_copy_is_a_file_and_goes_with_its_connection(killed: Path, copies: Path) -> None:
    def look() -> None:
        with open_to_look(killed) as reading:
            (copy,) = copies.iterdir()
            assert (copy / "paribus.db").is_file()
            assert reading.study_id("study.toml", Path(), False) is not None

    with_common_rights(look)
    assert list(copies.iterdir()) == []


def test_no_copy_is_left_of_a_store_that_is_refused(killed: Path, copies: Path) -> None:
    killed.chmod(0o700)
    with open_store(killed, "write") as store:
        store._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        for name in ("paribus.db", "paribus.db-wal"):
            shutil.copy(killed / name, killed / f"{name}.old")
    for name in ("paribus.db", "paribus.db-wal"):
        shutil.move(killed / f"{name}.old", killed / name)
    killed.chmod(0o500)
    assert "made by a newer Paribus" in refusal(killed)
    assert list(copies.iterdir()) == []


def test_a_place_without_room_for_the_copy_is_named(killed: Path, copies: Path) -> None:
    copies.chmod(0o500)
    assert refusal(killed).startswith(f"{copies}/paribus-")


def test_a_full_disk_is_that_of_the_copy(
    killed: Path, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)

    def look() -> str:
        with pytest.raises(Exception, match="the disk is full") as caught:
            open_to_look(killed)
        return str(caught.value)

    assert with_common_rights(look).startswith(f"{copies}/paribus-")
    assert list(copies.iterdir()) == []


def test_a_log_that_changes_as_it_is_copied(
    killed: Path, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copyfile

    def copied(source: Path, target: Path) -> None:
        copy(source, target)
        source.write_bytes(source.read_bytes() * 2)

    monkeypatch.setattr("shutil.copyfile", copied)
    assert "another process has begun to write to the store while it was read" in refusal(killed)
    assert list(copies.iterdir()) == []


def test_a_database_that_is_written_to_as_it_goes_to_memory(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    open_store(folder, "create").close()
    db = connect_at_rest(folder / "paribus.db")
    with open_store(folder, "write") as store:
        store.keep_study("study.toml", {}, data="mnist")
    with pytest.raises(UserError, match="begun to write to the store while it was read"):
        in_memory(db)


def test_a_store_that_is_removed_while_it_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    open_store(folder, "create").close()
    with open_store(folder, "read") as reading:
        shutil.rmtree(folder)
        with pytest.raises(UserError, match="begun to write to the store while it was read"):
            reading.all_runs()
