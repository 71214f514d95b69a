"""The contents of a store that must not depend on how it was trained."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from paribus.store.open import open_store


def killed_store(folder: Path) -> Path:
    """Return a store below a folder that has the log of a process that was killed as it wrote, and
    which may not be written."""
    killed = folder / "killed"
    killed.mkdir()
    with open_store(folder / "runs", "create") as store:
        store.keep_study("study.toml", {}, data="mnist")
        for name in ("paribus.db", "paribus.db-wal"):
            shutil.copy(folder / "runs" / name, killed)
    killed.chmod(0o500)
    return killed


def content(store: Path) -> dict[str, Any]:
    """Everything in a store that must not depend on circumstances, down to the bytes."""
    kept: dict[str, Any] = {}
    with open_store(store, "write") as opened:
        for stored in opened.find_runs(""):
            epochs = opened.epochs(stored.id)
            kept[stored.id] = (
                stored.status,
                {key: column.tobytes() for key, column in epochs.items() if "seconds" not in key},
                *(
                    file.read_bytes()
                    for file in sorted((store / "runs" / stored.id).glob("*"))
                    if stored.status == "finished"
                ),
            )
    return kept
