"""Runs docs/example.ipynb from top to bottom and keeps what it shows: `make docs`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).with_name("example.ipynb")


def execute(notebook: Path, folder: Path) -> Any:
    """The notebook with its outputs, run in a folder. Raises `CellExecutionError` where it fails.

    Times are not recorded: they would make every run of it a change.
    """
    page = nbformat.read(notebook, as_version=4)
    NotebookClient(
        page,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    page.metadata["language_info"] = {"name": "python"}
    return page


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(execute(NOTEBOOK, Path(folder)), NOTEBOOK)
    sys.stdout.write(f"{NOTEBOOK} is as it runs now.\n")
