"""Paribus as it is called: in this process, or in one of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from paribus import Results, load_study
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


def train_here(
    study: Path,
    store: str = "runs",
    *,
    seeds: int | None = None,
    only: tuple[str, ...] = (),
    jobs: int | None = None,
) -> Results:
    """Train a study in a file as `paribus run` does, into a store beside it; without the report,
    which takes longer than a small study."""
    asked, folder = load_study(str(study))
    asked = asked.with_seeds(seeds or asked.seeds)
    asked = asked.only(only) if only else asked
    results = asked.run(store=folder / store, relative_to=folder, jobs=jobs, quiet=True)
    assert results.failed == {}
    return results


def epochs_in(store: Path) -> int:
    """How many epochs of all runs a store has, while others write to it."""
    if not (store / "paribus.db").exists():
        return 0
    with closing(sqlite3.connect(store / "paribus.db", timeout=60)) as db:
        try:
            (count,) = db.execute("SELECT count(*) FROM epochs").fetchone()
        except sqlite3.OperationalError:  # Its tables are being made.
            return 0
        return int(count)
