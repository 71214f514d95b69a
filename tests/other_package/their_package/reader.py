"""Results in lines of three words: experiment, seed, accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paribus.elsewhere.frame import Frame
from paribus.elsewhere.readers import ResultReader


def recognises(path: Path) -> bool:
    return path.suffix == ".lines"


def read(paths: Sequence[Path]) -> Frame:
    rows = [line.split() for path in paths for line in path.read_text("utf-8").splitlines()]
    names = ("experiment", "seed", "accuracy")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return Frame(str(paths[0]), columns, [f"row {row}" for row in range(len(rows))])


LINES = ResultReader("a file of lines", recognises, read)
