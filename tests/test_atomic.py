"""Files are written whole or not at all, and are there after a power cut."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paribus.atomic import half_written_of, part_folder, sweep_folder, write_atomically


def test_bytes_and_arrays(tmp_path: Path) -> None:
    write_atomically(tmp_path / "text", b"old")
    write_atomically(tmp_path / "text", b"new")
    write_atomically(tmp_path / "array.npy", np.arange(3))
    assert (tmp_path / "text").read_bytes() == b"new"
    assert np.load(tmp_path / "array.npy").tolist() == [0, 1, 2]
    assert {path.name for path in tmp_path.iterdir()} == {"text", "array.npy"}


def test_the_file_and_its_folder_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda number: synced.append(stat.S_ISDIR(os.fstat(number).st_mode))
    )
    write_atomically(tmp_path / "file", b"content")
    assert synced == [False, True]


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomically(tmp_path / "file", b"old")

    def fail(number: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


_KILLED = """
import os, sys
from pathlib import Path
from paribus import atomic

path = Path(sys.argv[1])
if sys.argv[2] == "file":
    os.replace = lambda *_: os._exit(9)
    atomic.write_atomically(path, b"half")
with atomic.part_folder(path) as folder:
    (folder / "x").touch()
    os._exit(9)
"""


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_a_killed_process_left_is_swept_by_the_next(what: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    subprocess.run([sys.executable, "-c", _KILLED, str(path), what], check=False)
    assert len(half_written_of(path)) == 1
    with part_folder(path) as under_way:
        assert half_written_of(path) == [under_way]
        # What another is writing at this moment stays.
        write_atomically(path, b"whole")
        assert half_written_of(path) == [under_way]
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_of_many_files_is_swept_once_for_all(tmp_path: Path) -> None:
    left, others = (tmp_path / f".{name}-{'0' * 32}" for name in ("a.run", "cache"))
    left.touch()
    others.mkdir()
    write_atomically(tmp_path / "a.run", b"1", sweeps=False)
    assert left.exists()
    sweep_folder(tmp_path, "*.run")
    assert {found.name for found in tmp_path.iterdir()} == {"a.run", others.name}
