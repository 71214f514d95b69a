"""Files are written whole or not at all, and are there after a power cut."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from paribus.atomic import write_atomically


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
