"""An export format: a line for each run of a store."""

from __future__ import annotations

from pathlib import Path

from paribus.export.formats import StoreFormat
from paribus.export.tables import ExportedRun


def _write(runs: list[ExportedRun], path: Path, target: Path) -> None:
    path.mkdir()
    lines = [f"{run.name}, seed {run.seed}, {run.engine}: {run.status}\n" for run in runs]
    (path / "runs.txt").write_text("".join(lines), "utf-8")


LINES = StoreFormat("less {target}/runs.txt", _write)
