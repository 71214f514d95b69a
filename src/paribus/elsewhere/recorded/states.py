"""What a column of states says of runs: that they ended, failed, or have not ended."""

from __future__ import annotations

from paribus.elsewhere.cells import plain

_RUNNING = {
    "running", "scheduled", "pending", "queued", "preempting", "waiting", "paused", "suspended",
    "starting", "started", "in_progress",
}  # fmt: skip
_LOST = {
    "diverged", "failed", "fail", "failure", "crashed", "crash", "killed", "error", "aborted",
    "nan", "cancelled", "canceled", "timeout", "timed_out", "preempted", "oom", "out_of_memory",
    "node_fail", "boot_fail", "deadline", "interrupted",
}  # fmt: skip
_FINISHED = {
    "finished", "completed", "complete", "done", "success", "succeeded", "ok", "terminated",
    "early_stopped", "",
}  # fmt: skip
"""As W&B, MLflow, Ray, Optuna and Slurm have them, plain; of the first two the first word tells, as
in "CANCELLED by 1000"."""


def is_running(state: str) -> bool:
    """Return whether a run of this state has not ended."""
    return _says(state, _RUNNING)


def is_lost(state: str) -> bool:
    """Return whether a run of this state failed.

    >>> is_lost("CANCELLED by 1000"), is_lost("Out of memory"), is_lost("early_stopped")
    (True, True, False)
    """
    return _says(state, _LOST)


def is_unknown(state: str) -> bool:
    """Return whether a state is none that is known, so that nobody knows how the run ended.

    >>> is_unknown("weird"), is_unknown("COMPLETED")
    (True, False)
    """
    return not (is_running(state) or is_lost(state) or plain(state) in _FINISHED)


def _says(state: str, known: set[str]) -> bool:
    words = plain(state)
    return words in known or words.split("_")[0] in known
