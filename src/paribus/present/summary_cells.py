"""Numbers as text, each with the number of seeds that it comes from."""

from __future__ import annotations

import numpy as np

from paribus.measure.runs import ExperimentResult
from paribus.text import Spread, duration, extent, loss_spread, spread


def accuracy(result: ExperimentResult, curve: str) -> Spread:
    """The final accuracy in percent, over the finished runs."""
    return spread(result.final(curve), ".2f", 100)


def loss(result: ExperimentResult, curve: str) -> Spread:
    """The final cross entropy in nats, over the finished runs."""
    return loss_spread(result.final(curve))


def train_time(result: ExperimentResult) -> str:
    """The mean time of a finished run, evaluation left out."""
    times = [run.train_seconds for run in result.finished]
    return duration(float(np.mean(times))) if times else "–"


def seeds(result: ExperimentResult) -> str:
    """How many runs the numbers of an experiment come from, and what became of the others."""
    parts = [f"n = {len(result.finished)}"]
    if result.diverged:
        parts.append(f"{len(result.diverged)} diverged")
    failed = sum(run.status == "failed" for run in result.runs)
    if failed:
        parts.append(f"{failed} failed")
    return ", ".join(parts)


def epochs(result: ExperimentResult) -> str:
    """The epochs that a run is to train; of runs that stopped before, those that they trained."""
    planned, trained = result.experiment.epochs, [run.epochs for run in result.finished]
    if not trained or min(trained) == planned:
        return f"{planned:,}"
    return f"{extent(min(trained), max(trained))} of {planned:,}"


def kept_epochs(result: ExperimentResult) -> str:
    """The epochs whose networks the finished runs keep; as `epochs` where that is the last."""
    if not result.chooses_epochs:
        return epochs(result)
    kept = [run.kept_epoch for run in result.finished]
    return extent(min(kept), max(kept)) if kept else "–"


def engines(result: ExperimentResult) -> str:
    return ", ".join(dict.fromkeys(run.engine for run in result.runs)) or "–"
