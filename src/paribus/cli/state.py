"""Where a run stands, for the commands that tell it."""

from __future__ import annotations

from typing import Any

from paribus.store.reader import Reader
from paribus.store.rows import StoredRun


def state(run: StoredRun, store: Reader) -> dict[str, Any]:
    """What is kept of it, and whether some process trains it at this moment."""
    return {
        "status": run.status,
        "reason": run.reason,
        "training_now": run.status == "running" and store.is_claimed(run.id),
    }


def in_words(facts: dict[str, Any]) -> str:
    """What `state` has given, in a word or two: a run that was begun may have been stopped."""
    if facts["status"] == "running":
        return "training now" if facts["training_now"] else "stopped"
    return str(facts["reason"] or facts["status"])
