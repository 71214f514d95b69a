"""Ctrl-C, whenever it comes: one message, status 130, nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.small import SMALL_STUDY, Small

LONG = SMALL_STUDY.replace("epochs = 4", "epochs = 100000")
RUN_STOPPED = (
    "Stopped. Every finished epoch is kept: the same command goes on from here, and "
    "`paribus report` shows what there is."
)


# Before Paribus is the first to hear of it, Ctrl-C is Python's own affair, and may even be lost.
PARIBUS = """
import sys
class Ready:
    def find_spec(self, name, *_):
        if name == "paribus.cli.main":
            print("ready", flush=True)
sys.meta_path.insert(0, Ready())
from paribus.__main__ import main
main()
"""


@contextmanager
def paribus(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield the command `paribus` as soon as Ctrl-C is its own."""
    with begun("-c", PARIBUS, *arguments, cwd=cwd) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


@contextmanager
def begun(*command: str | Path, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A command under way, in a process group of its own as a terminal gives it."""
    with subprocess.Popen(
        [sys.executable, *command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def ctrl_c(process: subprocess.Popen[str]) -> str:
    """Send it as a terminal does, to the whole group; gives what has been said."""
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    return said


def left_running(group: int) -> list[str]:
    """Processes of a group that have not ended; a minute is theirs to do so."""
    found, end = list[str](), time.monotonic() + 60
    while time.monotonic() < end:
        listed = subprocess.run(
            ["ps", "-o", "stat=,args=", "-s", str(group)], capture_output=True, text=True,
            check=False,
        ).stdout.splitlines()  # fmt: skip
        # Z: ended, only not yet taken note of by its parent.
        found = [line for line in listed if not line.startswith("Z")]
        if not found:
            break
        time.sleep(0.1)
    return found


# Until both workers train.
@pytest.mark.parametrize("moment", [0, 0.5, 1, 1.3, 1.6, 2, 3])
def test_a_run_is_stopped_at_any_moment(small: Small, moment: float) -> None:
    study = small(LONG)
    with paribus("run", study.name, "--jobs", "2", cwd=study.parent) as process:
        time.sleep(moment)
        said = ctrl_c(process)
        assert process.returncode == 130, said
        assert said.splitlines()[-1] == RUN_STOPPED
        assert "Traceback" not in said
        assert left_running(process.pid) == []


# Where it used to end with "Aborted!" and status 1, before and after the training itself.
@pytest.mark.parametrize(
    "interrupted",
    ["paribus.data.sources.load", "paribus.store.writer.Writer.claim",
     "paribus.execute.local.LocalExecutor._start", "paribus.present.write.write_report"],
)  # fmt: skip
def test_a_run_is_stopped_in_each_of_its_parts(small: Small, interrupted: str) -> None:
    script = f"""
import os, signal, sys
from unittest.mock import patch
def stop(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)
    while True: pass
with patch({interrupted!r}, stop):
    from paribus.__main__ import main
    sys.argv = ["paribus", "run", "small.toml", "--epochs", "1"]
    main()
"""
    study = small()
    with begun("-c", script, cwd=study.parent) as process:
        said, _ = process.communicate(timeout=60)
        assert (process.returncode, said.splitlines()[-1]) == (130, RUN_STOPPED)
        assert "Traceback" not in said
        assert left_running(process.pid) == []


def test_other_commands_are_stopped(tmp_path: Path) -> None:
    with paribus("report", "mnist", cwd=tmp_path) as process:
        said = ctrl_c(process)
        assert (process.returncode, said.strip()) == (130, "Stopped.")
