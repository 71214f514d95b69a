"""A study trained once for all tests of commands."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small study, all of it trained, and its report."""
    folder = tmp_path_factory.mktemp("trained")
    fixture: Any = import_module("tests.conftest").small
    study = fixture.__wrapped__(folder)()
    done = subprocess.run(
        [sys.executable, "-m", "paribus", "run", study.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "Report: report/index.html"
    return folder
