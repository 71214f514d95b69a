"""Output that cannot show a character, is closed, as by `head`, or is full."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.cli import main

CHECK = [sys.executable, "-m", "paribus", "check", "mnist"]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_character_that_cannot_be_shown_is_replaced(encoding: str, tmp_path: Path) -> None:
    done = subprocess.run(
        CHECK,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"conv 8         ? 8" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_output_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            CHECK, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "Error: the output cannot be written: No space left on device\n"


def test_a_closed_output_ends_a_command_as_it_does_others(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        CHECK, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == ""


STATUS = [sys.executable, "-m", "paribus", "status", "mnist"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no current folder is removed")
def test_a_current_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir ../gone; exec "$@"', "sh", *STATUS],
        cwd=gone, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "Error: the current folder has been removed; change to another one, e.g. cd ~\n"
    )


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (MemoryError(), "Error: there is not enough memory; close other programs, or call"),
        (OSError(errno.EMFILE, "Too many"), "Error: too many files are open at once; allow more"),
    ],
)
def test_what_the_machine_lacks_is_one_line(
    raised: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(**_: object) -> None:
        raise raised

    monkeypatch.setattr(main, "paribus", fail)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(said)
