"""Exports all runs of a store for a tool that people already have."""

from __future__ import annotations

from pathlib import Path

from paribus.errors import UserError
from paribus.export.formats import StoreFormat
from paribus.export.tables import store_rows
from paribus.export.writing import written
from paribus.store.reader import Reader


def export_store(store: Reader, form: StoreFormat, target: Path) -> tuple[int, str]:
    """Write every run to a folder `target`; gives the number of
    runs, and what reads the folder.

    Raises `UserError` if there is something at `target`, if the store is empty, or if the format's
    package is not installed.
    """
    rows = store_rows(store)
    if not rows:
        raise UserError(f"{store.folder}: has no runs yet; `paribus run STUDY` trains some")
    with written(target) as path:
        form.write(rows, path, target)
    return len(rows), form.read_with.format(target=target)
