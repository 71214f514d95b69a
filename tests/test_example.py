"""The example notebook runs, and shows what is stored in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from docs.run_example import NOTEBOOK, execute


def kinds(page: Any) -> list[list[list[str]]]:
    """What each output of each cell is: the types of its data, or the name of its stream."""
    return [
        [sorted(output.get("data", {output.get("name"): ""})) for output in cell.outputs]
        for cell in page.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.thorough
def test_the_example_runs_and_its_outputs_are_stored(tmp_path: Path) -> None:
    stored = nbformat.read(NOTEBOOK, as_version=4)
    page = execute(NOTEBOOK, tmp_path)
    assert kinds(page) == kinds(stored)
    assert sum("image/png" in kind for cell in kinds(stored) for kind in cell) >= 4
    words = [output["text"] for cell in page.cells for output in cell.get("outputs", [])
             if output.output_type == "stream"]  # fmt: skip
    assert [text.split(":")[0] for text in words] == ["wide minus cnn", "tanh minus cnn"]
    assert all(output.get("name") != "stderr" for cell in stored.cells
               for output in cell.get("outputs", []))  # fmt: skip
