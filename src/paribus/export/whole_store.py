"""Exports all runs of a store for a tool that people already have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paribus.errors import UserError
from paribus.export.formats import StoreFormat
from paribus.export.tables import store_rows
from paribus.export.writing import written
from paribus.store.reader import Reader
from paribus.text import command


@dataclass(frozen=True)
class ExportedStore:
    """A store as it was written to a folder."""

    runs: int
    read_with: str
    """Command that reads the folder."""


def export_store(store: Reader, form: StoreFormat, target: Path) -> ExportedStore:
    """Write every run to a folder `target`.

    Raises `UserError` if there is something at `target`, if the store is empty, or if the format's
    package is not installed.
    """
    rows = store_rows(store)
    if not rows:
        train = command("run", "STUDY", store=store.folder)
        raise UserError(f"{store.folder}: has no runs yet; `{train}` trains some")
    with written(target) as path:
        form.write(rows, path, target)
    return ExportedStore(len(rows), form.read_with.format(target=target))
