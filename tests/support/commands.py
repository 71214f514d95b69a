"""Paribus as it is called: in this process, or in one of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from paribus.cli.main import paribus


def call(*arguments: str | Path) -> Result:
    """What a command says and how it ends, without a process of its own."""
    return CliRunner().invoke(paribus, list(map(str, arguments)), catch_exceptions=True)


def read_json(*arguments: str | Path) -> Any:
    """What a command that succeeds writes with --json."""
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def call_apart(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, once it has ended."""
    return subprocess.run(
        [sys.executable, "-m", "paribus", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


def train(folder: Path, study: str, *options: str) -> str:
    """`paribus run`, which must succeed; return what it printed."""
    done = call_apart("run", study, *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout
