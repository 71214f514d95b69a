from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paribus.data.reading import entries, read_bytes
from paribus.errors import UserError


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Root may read everything, so it becomes somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user may enter, as pytest's own is not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_reads(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    assert read_bytes(tmp_path / "a") == b"content"


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_bytes(tmp_path / "a")
    assert str(caught.value) == f"{tmp_path}/a: there is no such file or folder."


def test_folder_where_a_file_is_expected(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_bytes(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a folder where a file is expected."


def test_file_where_a_folder_is_expected(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(UserError) as caught:
        entries(tmp_path / "a")
    assert str(caught.value) == f"{tmp_path}/a: is a file where a folder is expected."


def test_other_failures_name_the_reason(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(UserError) as caught:
        read_bytes(tmp_path / "round")
    assert str(caught.value) == (
        f"{tmp_path}/round: cannot be read (Too many levels of symbolic links)."
    )


def test_permission_denied(public_folder: Path) -> None:
    file, folder = public_folder / "file", public_folder / "folder"
    file.touch()
    folder.mkdir()
    file.chmod(0)
    folder.chmod(0)
    with as_ordinary_user():
        with pytest.raises(UserError) as of_file:
            read_bytes(file)
        with pytest.raises(UserError) as of_folder:
            entries(folder)
    folder.chmod(0o700)
    denied = "may not be read (permission denied); allow it, e.g. with chmod a+rX."
    assert str(of_file.value) == f"{file}: {denied}"
    assert str(of_folder.value) == f"{folder}: {denied}"


def test_entries_are_sorted_and_leave_out_hidden_files(tmp_path: Path) -> None:
    for name in ("b", "a", ".DS_Store", "Thumbs.db"):
        (tmp_path / name).touch()
    assert [entry.name for entry in entries(tmp_path)] == ["a", "b"]
