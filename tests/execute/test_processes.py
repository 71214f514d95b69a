"""Processes end with the one that started them, and are refused where none may be started."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from paribus import Study

PARENT = """
import time
from paribus.execute.processes import answers_of
from tests.support.waiting import pid_and_wait
if __name__ == "__main__":
    for pid in answers_of(pid_and_wait, None):
        print(pid, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="of other systems no signal is known")
def test_a_stopped_process_ends_with_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, "utf-8")
    root = str(Path(__file__).parent.parent.parent)
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(child, signal.SIGSTOP)
        parent.kill()
        parent.wait()
        end = monotonic() + 30
        while (
            Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes()
        ):
            assert monotonic() < end, "the stopped process is still there"
            sleep(0.05)


def train(folder: str) -> str:
    """Train a study in a process of a pool; return what is said."""
    one = {
        "network": ["flatten", "linear 10"],
        "optimizer": {"name": "sgd", "lr": 0.1},
        "epochs": 1,
        "data": "digits",
    }
    study = Study.model_validate({"title": "In a pool", "seeds": 1, "experiments": {"one": one}})
    try:
        study.run(store=folder, quiet=True)
    except Exception as error:
        return str(error)
    return ""


@pytest.mark.slow
def test_a_worker_of_a_pool_is_told_what_to_do(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (said,) = pool.map(train, [str(tmp_path / "runs")])
    assert "use concurrent.futures.ProcessPoolExecutor" in said
