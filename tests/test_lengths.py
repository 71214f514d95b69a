"""No file of ours is longer than one reads in one go."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES = 400
KINDS = {".py", ".cpp", ".h", ".js", ".mjs", ".css", ".j2", ".sql", ".toml", ".md"}
OTHERS = {"axe.min.js", "uPlot.iife.min.js", "uPlot.min.css"}
"""Files that others wrote, whatever their length."""
REFERENCE = "study-files.md"
"""Made from the specification: it grows with each layer and metric."""

FILES = [
    path
    for folder in ("src", "tests", "docs", "benchmarks", ".")
    for path in ((ROOT / folder).rglob("*") if folder != "." else ROOT.glob("*"))
    if path.suffix in KINDS
    and path.name not in {*OTHERS, REFERENCE}
    and "node_modules" not in path.parts
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_long(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= MOST_LINES
