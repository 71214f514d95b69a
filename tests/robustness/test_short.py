"""A short part of `make robustness`: broken inputs end in a message, losses cost nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.ray import NEEDS_RAY

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("study_files", 100),
        ("data_files", 200),
        pytest.param("packs", 40, marks=pytest.mark.thorough),
        pytest.param("stores", 10, marks=pytest.mark.thorough),
        pytest.param("requests", 100, marks=pytest.mark.thorough),
    ],
)
def test_mutated_files_end_in_a_message(name: str, count: int, tmp_path: Path) -> None:
    _passes(name, count, tmp_path)


@pytest.mark.slow
@pytest.mark.thorough
def test_killed_commands_end_with_the_same_bytes(tmp_path: Path) -> None:
    _passes("kills", 2, tmp_path)


@pytest.mark.parametrize("name", [pytest.param("ray_kills", marks=NEEDS_RAY)])
def test_a_cluster_that_loses_processes_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    _passes(name, 3, tmp_path)


def _passes(name: str, count: int, folder: Path) -> None:
    seed = os.environ.get("PARIBUS_ROBUSTNESS_SEED", "0")
    options = ["--count", str(count), "--seed", seed, "--folder", str(folder)]
    places = [str(HERE.parent.parent), os.environ.get("PYTHONPATH")]
    done = subprocess.run(
        [sys.executable, str(HERE / f"{name}.py"), *options],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in places if path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
