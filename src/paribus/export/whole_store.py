"""Exports all runs of a store for a tool that people already have."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from paribus.errors import UserError
from paribus.export.tables import store_rows
from paribus.export.writing import written
from paribus.store.reader import Reader

STORE_FORMATS = ("csv", "tensorboard", "mlflow")


def export_store(store: Reader, form: str, target: Path) -> tuple[int, str]:
    """Write every run to a folder `target` in a format of `STORE_FORMATS`; gives the number of
    runs, and what reads the folder.

    Raises `UserError` if there is something at `target`, if the store is empty, or if the format's
    package is not installed.
    """
    rows = store_rows(store)
    if not rows:
        raise UserError(f"{store.folder}: has no runs yet; `paribus run STUDY` trains some")
    module = import_module(f"paribus.export.{form}")
    with written(target) as path:
        module.write(rows, path, target)
    return len(rows), str(module.READ_WITH).format(target=target)
